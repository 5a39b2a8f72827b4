"""The user's own poses, backgrounds and textures: taken in, listed, removed."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.blobs import digest_of
from annotation_db.models import RenderFileKind
from annotation_db.repositories import jobs, render_files, withdrawals
from server.images import names
from server.images.upload import Upload
from server.problems import ConflictError, NotFoundError, RefusedError
from server.renders.schemas import MOST_FILES, RefusedRenderFile, RenderFile, RenderFilesResult
from server.state import State
from synthesis.fabrics import PHOTOS, open_image
from synthesis.pose_files import kept, read_pose_file

_MIB = 2**20
NameAndBlob = list[str]


def take(
    state: State, project_id: UUID, user_id: UUID, uploads: Iterable[tuple[RenderFileKind, Upload]]
) -> RenderFilesResult:
    """Keep files that can be rendered with; each has its own result and the others go through."""
    result = RenderFilesResult(stored=[], duplicates=[], refused=[])
    for kind, upload in uploads:
        name = names.clean(upload.name)
        if names.is_litter(upload.name):
            continue
        try:
            row, new = _take_one(state, project_id, user_id, kind, name, upload)
        except ValueError as error:
            result.refused.append(RefusedRenderFile(kind=kind, file=name, reason=str(error)))
        else:
            (result.stored if new else result.duplicates).append(out(row))
    return result


def list_files(session: Session, project_id: UUID) -> list[RenderFile]:
    """All files of a project, by kind and name."""
    return [out(row) for row in render_files.of_project(session, project_id)]


def remove(session: Session, project_id: UUID, file_id: UUID) -> None:
    """Forget a file; raises NotFoundError, or ConflictError while a job that has not ended renders with it."""
    row = render_files.by_id(session, project_id, file_id)
    if row is None:
        raise NotFoundError("no such file")
    for args in jobs.open_args(session, project_id):
        if [row.name, row.blob] in args.get("files", {}).get(row.kind, []):
            raise ConflictError("a job that has not ended renders with this file; cancel it or wait for its end")
    render_files.remove(session, row)


def chosen(
    session: Session, project_id: UUID, wanted: dict[RenderFileKind, tuple[UUID, ...]]
) -> dict[str, list[NameAndBlob]]:
    """[name, blob] of the files with these ids by kind, in the order in which `densemark render` takes the files of
    a folder; raises RefusedError for an id that is none of the project's of that kind."""
    there = {row.id: row for row in render_files.of_project(session, project_id)}
    found: dict[str, list[NameAndBlob]] = {}
    for kind, ids in wanted.items():
        for id_ in ids:
            if id_ not in there or there[id_].kind != kind:
                raise RefusedError(f"{kind}: the project has no such file, {id_}")
        rows = sorted((there[id_] for id_ in set(ids)), key=lambda row: (PurePosixPath(row.name), row.blob))
        found[kind.value] = [[row.name, row.blob] for row in rows]
    return found


def out(row: models.RenderFile) -> RenderFile:
    """A file as the API shows it."""
    return RenderFile(
        id=row.id,
        kind=row.kind,
        name=row.name,
        bytes=row.bytes,
        frames=row.frames,
        poses=row.poses,
        note=None if row.frames is None or row.poses is None else kept(row.poses, row.frames),
        created_at=row.created_at,
    )


def _take_one(
    state: State, project_id: UUID, user_id: UUID, kind: RenderFileKind, name: str, upload: Upload
) -> tuple[models.RenderFile, bool]:
    """The file's row and whether it is new; raises ValueError for a file that cannot be taken, and says why."""
    blob = digest_of(upload.file)
    with state.database.read() as session:
        if withdrawals.is_withdrawn(session, {blob}):
            raise ValueError("its subject withdrew this photo; it cannot be used again")
        found = render_files.same(session, project_id, kind, blob)
        if found is None and render_files.count(session, project_id, kind) >= MOST_FILES:
            raise ValueError(f"the most that a project can have of {kind} are {MOST_FILES:,} files; delete some")
    if found is not None:
        return found, False
    with TemporaryDirectory(prefix="densemark-") as folder:
        path = Path(folder) / PurePosixPath(name).name
        with path.open("wb") as copy:
            shutil.copyfileobj(upload.file, copy)
        size = path.stat().st_size
        frames, poses = _read(state, kind, path, size)
    row = models.RenderFile(
        id=uuid4(),
        project_id=project_id,
        kind=kind,
        name=name,
        blob=state.blobs.put(upload.file),
        bytes=size,
        frames=frames,
        poses=poses,
        created_by=user_id,
        created_at=utc_now(),
    )
    try:
        with state.database.write() as session:
            render_files.add(session, row)
    except IntegrityError:  # somebody else sent the same in this moment
        with state.database.read() as session:
            found = render_files.same(session, project_id, kind, blob)
        if found is None:
            raise
        return found, False
    return row, True


def _read(state: State, kind: RenderFileKind, path: Path, size: int) -> tuple[int | None, int | None]:
    """Frames and kept poses, or None of a picture; raises ValueError unless the renderer can read the file."""
    limit = state.settings.max_file_bytes
    if size > limit:
        raise ValueError(f"it has {size / _MIB:.0f} MiB, more than the limit of {limit / _MIB:.0f}")
    try:
        if kind != RenderFileKind.poses:
            _look_at(path, state.settings.max_pixels)
            return None, None
        if path.suffix.lower() == ".npz":
            _weigh(path, limit)
        read = read_pose_file(path)
        return read.frames, len(read.poses)
    except ValueError as error:  # the loaders name the file by where it lay
        raise ValueError(str(error).replace(f"{path}: ", "").replace(str(path), path.name)) from None


def _look_at(path: Path, max_pixels: int) -> None:
    """Raise ValueError unless the file is a picture that the renderer can read."""
    if path.suffix.lower() not in PHOTOS:
        raise ValueError(f"pictures are read from {', '.join(PHOTOS)}, not {path.suffix or 'this'}")
    try:
        with Image.open(path) as image:
            pixels = image.width * image.height
    except (OSError, ValueError, SyntaxError) as error:
        raise ValueError("cannot be read as an image") from error
    if pixels > max_pixels:
        raise ValueError(f"it has {pixels / 1e6:.0f} million pixels, more than the limit of {max_pixels / 1e6:.0f}")
    open_image(path)


def _weigh(path: Path, limit: int) -> None:
    """Raise ValueError for an .npz whose arrays are larger than files may be: it would be read into memory whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # the loader says what it is
    if total > limit:
        raise ValueError(f"it unpacks to {total / _MIB:.0f} MiB, more than the limit of {limit / _MIB:.0f}")
