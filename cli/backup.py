"""`densemark backup` and `densemark restore`: all that was made in a data folder as one file."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from cli.common import DEFAULT_DATA, DataDir, console, counted, progress_bar, settings_for

FORM = 1
_DATABASE = "densemark.db"
_ABOUT = "densemark-backup.json"

_File = Annotated[Path, typer.Argument(help="The backup, a tar file.")]


def backup(
    file: _File,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Write database, photos and bodies to one file, consistent even while a server is running."""
    settings = settings_for(data)
    if settings.database_url or settings.blob_url:
        raise ValueError(
            "database or photos are kept elsewhere (DENSEMARK_DATABASE_URL, DENSEMARK_BLOB_URL): back them up there, "
            "with pg_dump first and the photos after it"
        )
    if not (data / _DATABASE).exists():
        raise ValueError(f"no DenseMark data in {data.absolute()}")
    if file.exists():
        raise ValueError(f"{file} exists already; choose another name")
    part = file.with_name(f".{file.name}.part")
    try:
        with TemporaryDirectory(dir=file.parent, prefix=".densemark-") as folder, part.open("wb") as out:
            copy = Path(folder) / _DATABASE
            # The database first: a photo is kept before its row is written, so all that the copy names are there.
            revision = _copy_database(data / _DATABASE, copy)
            with tarfile.open(fileobj=out, mode="w") as tar, progress_bar() as bar:
                _add_json(tar, Path(folder), {"form": FORM, "revision": revision})
                tar.add(copy, _DATABASE)
                files = list(_files(data))
                for path in bar.track(list(files), description="photos and bodies"):
                    try:
                        tar.add(path, path.relative_to(data).as_posix(), recursive=False)
                    except FileNotFoundError:
                        files.remove(path)
            _require_blobs(copy, files)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    console.print(f"wrote {file}: the database and {counted(len(files), 'file')}, {file.stat().st_size / 1e6:,.1f} MB")


def restore(
    file: _File,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Make a data folder from a backup. The folder must be new or empty; nothing is ever overwritten."""
    from annotation_db import migrate

    if settings_for(data).database_url:
        raise ValueError("DENSEMARK_DATABASE_URL is set: a backup is restored to a data folder; unset it")
    data = data.resolve()
    if data.exists() and any(data.iterdir()):
        raise ValueError(f"{data} is not empty: choose another --data")
    _recognise(file)
    # A folder that is there stays: it may be a mount, or the one this runs in.
    parent = data if data.exists() else data.parent
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=parent, prefix=".densemark-") as folder:
        made = Path(folder) / "data"
        try:
            _unpack(file, made)
            _check_database(made)
        except (tarfile.TarError, sqlite3.Error, KeyError, TypeError, EOFError, json.JSONDecodeError) as error:
            raise ValueError(f"{file} is no whole backup of DenseMark: it is cut off or damaged") from error
        except ValueError as error:
            raise ValueError(f"{file} is no whole backup of DenseMark: {error}") from error
        migrate(f"sqlite:///{made / _DATABASE}")
        for left in made.glob(f"{_DATABASE}.*.backup"):  # of the migration: the backup itself is one
            left.unlink()
        photos = _check_blobs(made)
        _check_snapshots(made)
        if data.exists():  # the database last: with it the folder is one of DenseMark's
            for path in sorted(made.iterdir(), key=lambda path: path.name.startswith(_DATABASE)):
                path.rename(data / path.name)
        else:
            made.rename(data)
    console.print(f"restored {data}: {counted(photos, 'file')} of photos, truths and networks, all whole")


def _recognise(file: Path) -> None:
    """Raises ValueError unless the file begins as a backup does."""
    try:
        with tarfile.open(file) as tar:
            first = tar.next()
    except (tarfile.TarError, EOFError):
        first = None
    if first is None or first.name != _ABOUT or not first.isreg():
        raise ValueError(f"{file} is no backup of DenseMark")


def _unpack(file: Path, made: Path) -> None:
    """Unpack a backup; raises what `restore` calls no whole backup."""
    with tarfile.open(file) as tar:
        members = tar.getmembers()
        with progress_bar() as bar:
            for member in bar.track(members, description="unpacking"):
                tar.extract(member, made, filter="data")
    about = json.loads((made / _ABOUT).read_bytes())
    if about["form"] != FORM:
        raise ValueError(f"form {about['form']} is not {FORM}: use the version of DenseMark that wrote it")
    (made / _ABOUT).unlink()
    if not (made / _DATABASE).is_file():
        raise ValueError("the database is missing")


def _files(data: Path) -> Iterator[Path]:
    """What was made, but for the database: blobs, own bodies, snapshots, networks. The rest can be made again."""
    yield from (path for path in sorted((data / "blobs").glob("??/*")) if path.is_file())
    yield from (path for path in sorted((data / "bodies").glob("*")) if path.is_file())
    yield from (path for path in sorted((data / "snapshots").glob("[0-9a-f]*/*")) if path.is_file())
    # Of runs not the photos, which are among the blobs, nor the checkpoints: a run that is restored begins anew.
    yield from (path for path in sorted((data / "runs").glob("[0-9a-f]*/[!.]*")) if path.is_file())


def _copy_database(source: Path, target: Path) -> str:
    """Copy an SQLite database that may be in use; returns its revision."""
    with closing(sqlite3.connect(source, timeout=30)) as data, closing(sqlite3.connect(target)) as copy:
        data.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file
        return str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _require_blobs(copy: Path, files: list[Path]) -> None:
    """Raises ValueError when the database names photos that are not among the files: `restore` would refuse them."""
    lost = _named_blobs(copy) - {path.name for path in files}
    if lost:
        raise ValueError(
            f"{counted(len(lost), 'file')} of the database went while the backup was made, or before, {min(lost)} for"
            " one: if a photo was withdrawn meanwhile, make the backup again"
        )


def _named_blobs(path: Path) -> set[str]:
    """The keys of all blobs that a database names."""
    from annotation_db import Database
    from annotation_db.repositories import images

    database = Database(f"sqlite:///{path}")
    with closing(database), database.read() as session:
        return images.named_blobs(session)


def _add_json(tar: tarfile.TarFile, folder: Path, about: dict[str, Any]) -> None:
    path = folder / _ABOUT
    path.write_text(json.dumps(about))
    tar.add(path, _ABOUT)


def _check_database(made: Path) -> None:
    """Raises ValueError or sqlite3.Error unless the database is whole."""
    with closing(sqlite3.connect(made / _DATABASE)) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise ValueError("the database in the backup is damaged")
        database.execute("SELECT version_num FROM alembic_version").fetchone()


def _check_snapshots(made: Path) -> None:
    """Raises ValueError unless every snapshot that the database names is whole, or was removed as this was made."""
    from annotation_db import Database
    from annotation_db.repositories import snapshots
    from export.snapshots import damage

    database = Database(f"sqlite:///{made / _DATABASE}")
    with closing(database), database.read() as session:
        hashes = snapshots.hashes(session)
    for hash_ in sorted(hashes):
        folder = made / "snapshots" / hash_
        for problem in damage(folder, hash_) if folder.exists() else ():
            raise ValueError(f"the snapshot {hash_[:12]} in the backup is damaged: {problem}")


def _check_blobs(made: Path) -> int:
    """How many blobs there are; raises ValueError unless they and all that the database names are whole."""
    from annotation_db import LocalBlobs
    from annotation_db.blobs import digest_of

    named = _named_blobs(made / _DATABASE)
    shutil.rmtree(made / "blobs" / "partial", ignore_errors=True)
    blobs = LocalBlobs(made / "blobs")
    found = 0
    for key, _ in blobs.ages():
        with blobs.open(key) as file:
            if digest_of(file) != key:
                raise ValueError(f"the file {key} in the backup is damaged")
        named.discard(key)
        found += 1
    if named:
        raise ValueError(f"{counted(len(named), 'file')} of the database are not in the backup, {min(named)} for one")
    return found
