"""What `densemark train` trains on: which files of a dataset are for learning, and which are held out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import counted, errors, open_state, settings_for, stop

if TYPE_CHECKING:
    from annotation_db.models import Snapshot
    from server.state import State

TRAIN = ("train",)
TEST = ("val", "test", "minival", "validation")
"""Names of splits, the first that is there."""
NONE = "none"
_FORMATS = ("densepose-coco", "densepose-cse", "coco")


@dataclass(frozen=True)
class Part:
    """A part of a dataset.

    :param path: a dataset file, or a snapshot's folder.
    :param photos: folder of its images.
    :param split: of a snapshot's folder.
    """

    path: str
    photos: str
    split: str | None = None


@dataclass(frozen=True)
class Source:
    """What is learned from, and what is held out.

    :param symmetry: path of UV_symmetry_transforms.mat, in place of the body's mirror.
    """

    train: Part
    test: Part | None
    symmetry: str | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Source:
        """Of what ``plain`` gave."""
        test = plain["test"]
        return cls(Part(**plain["train"]), None if test is None else Part(**test), plain.get("symmetry"))


def find(dataset: str, images: Path | None, train: str | None, test: str | None, out: Path, data: Path) -> Source:
    """The parts of a dataset; ends the command where they cannot be told.

    :param dataset: a dataset file, a folder with such files, a snapshot's folder, or the name of a snapshot in the
        data folder, as PROJECT/SNAPSHOT where several projects have one of that name. Its files and photos are then
        written to ``out/dataset``.
    :param images: folder of the photos, where they lie elsewhere.
    :param train, test: names of splits or files; for ``test`` also "none".
    """
    path = Path(dataset)
    if path.is_file():
        chosen = path if train is None else Path(train)
        return Source(_file(chosen, images, "--train"), _held_out({}, None, images, test))
    if not path.is_dir():
        path = _written(dataset, out, data)
    if (path / "images.jsonl").is_file():
        return _snapshot(path, images, train, test)
    files = _files(path)
    first = _chosen(files, train, TRAIN)
    if first is None and train is None and len(files) == 1:
        first = next(iter(files))
    if first is None:
        there = ", ".join(file.name for file in files.values()) or "no dataset file"
        stop(f"--dataset: {path} has {there}: name the one to learn from with --train NAME or FILE")
    chosen = files[first] if first in files else Path(first)
    return Source(_file(chosen, images, "--train"), _held_out(files, first, images, test))


def _held_out(files: Mapping[str, Path], train: str | None, images: Path | None, test: str | None) -> Part | None:
    """The part that is held out, by name or file; None without one."""
    if test == NONE:
        return None
    found = _chosen({name: file for name, file in files.items() if name != train}, test, TEST)
    if found is None:
        if test is not None:
            stop(f"--test: no file or split {test!r}{': there are ' + ', '.join(files) if files else ''}")
        return None
    return _file(files.get(found) or Path(found), images, "--test")


def _chosen(files: Mapping[str, Path], wanted: str | None, usual: tuple[str, ...]) -> str | None:
    """The name of a split, or a file's path; None where there is none."""
    if wanted is not None:
        return wanted if wanted in files or Path(wanted).is_file() else None
    return next((name for name in usual if name in files), None)


def _files(folder: Path) -> dict[str, Path]:
    """Dataset files of a folder by their split, "" for one without: those of the first of the formats that is there,
    else whatever JSON files tell their split by a word in their name."""
    for format_ in _FORMATS:
        named = {path.stem[len(format_) :].lstrip("-"): path for path in sorted(folder.glob(f"{format_}*.json"))}
        if named:
            return named
    if (folder / "annotations.json").is_file():
        return {"": folder / "annotations.json"}
    found: dict[str, Path] = {}
    for path in sorted((*folder.glob("*.json"), *folder.glob("annotations/*.json"))):
        for word in {*re.split(r"[-_.\s]", path.stem.lower())} & {*TRAIN, *TEST}:
            if word in found:
                stop(
                    f"--dataset: {found[word].name} and {path.name} are both of {word!r}: name files by --train, --test"
                )
            found[word] = path
    return found


def _file(path: Path, images: Path | None, option: str) -> Part:
    """A dataset file, with the folder in which its first photo is."""
    if not path.is_file():
        stop(f"{option}: no file {path}")
    if images is not None:
        return Part(str(path.absolute()), str(images.absolute()))
    name = _first_image(path)
    near = (path.parent / "images", path.parent, path.parent.parent, path.parent.parent / "images")
    found = next((folder for folder in near if name and (folder / name).is_file()), None)
    if found is None:
        stop(f"{path.name}: its first photo, {name!r}, is not beside it nor in images/: name the folder by --images")
    return Part(str(path.absolute()), str(found.absolute()))


def _first_image(path: Path) -> str:
    """The file name of a dataset file's first image; "" without one."""
    from export.stream import items

    listed = (item.value for item in items(path) if item.key == "images" and isinstance(item.value, dict))
    return str(next(listed, {}).get("file_name", ""))


def _snapshot(folder: Path, images: Path | None, train: str | None, test: str | None) -> Source:
    """A snapshot's folder; it holds no photos."""
    if images is None:
        stop(f"--dataset: {folder.name} is a snapshot's folder, which holds no photos: name their folder by --images")
    names = {path.stem.removeprefix("persons-"): path for path in sorted(folder.glob("persons-*.jsonl"))}
    splits = [name for name in names if name != "all"]
    first = _chosen(names, train, TRAIN)
    if first is None and train is None and not splits:
        first = "all"
    if first is None or first not in names:
        stop(
            f"--train: the snapshot has {', '.join(splits) or 'no splits'}{'' if train is None else f', not {train!r}'}"
        )
    held = None if test == NONE else _chosen({name: names[name] for name in splits if name != first}, test, TEST)
    photos = str(images.absolute())
    if test not in (None, NONE) and held is None:
        stop(f"--test: no file or split {test!r}: there are {', '.join(splits) or 'no splits'}")
    if held is not None and held not in names:
        return Source(Part(str(folder.absolute()), photos, first), _file(Path(held), images, "--test"))
    tested = None if held is None else Part(str(folder.absolute()), photos, held)
    return Source(Part(str(folder.absolute()), photos, None if first == "all" else first), tested)


def _written(dataset: str, out: Path, data: Path) -> Path:
    """The folder with the files and photos of a snapshot of the data folder, written by one process alone."""
    from filelock import FileLock

    from server.snapshots import exports

    if not settings_for(data).database_url and not (data / "densemark.db").exists():
        stop(f"--dataset: {dataset!r} is no file or folder, and {data.absolute()} has no snapshots (--data)")
    with open_state(data) as state:
        row, format_ = _named(state, dataset)
        folder = out / "dataset" / str(row.hash)[:12]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")), errors.status(f"writing the snapshot {row.name} with its photos"):
            if folder.is_dir():
                return folder
            staged = folder.with_suffix(".tmp")  # what is killed on the way leaves no folder that seems whole
            if staged.is_dir():
                shutil.rmtree(staged)
            done = exports.export(state, row.id, staged, format_, images=True)
            staged.replace(folder)
    left = f" without {counted(done.withdrawn, 'photo')} withdrawn since" if done.withdrawn else ""
    errors.print(f"wrote the snapshot {row.name} to {folder}{left}")
    return folder


def _named(state: State, dataset: str) -> tuple[Snapshot, str]:
    """A snapshot by its name, or as PROJECT/SNAPSHOT, and the format for its body.

    :raises ValueError: there is none, or several projects have one of that name.
    """
    from annotation_db.repositories import projects, snapshots
    from cli.snapshots import find
    from export.formats import require_format
    from server.snapshots.cards import card_of
    from server.snapshots.service import ready

    with state.database.read() as session:
        listed = projects.page(session, None, None, 100_000)
        rows = [(project, row) for project in listed for row in snapshots.page(session, project.id, None, 100_000)]
    named = [(project, row) for project, row in rows if dataset in (row.name, str(row.id), row.hash)]
    if len({row.hash for _, row in named}) > 1:
        several = ", ".join(f"{project.name}/{row.name}" for project, row in named)
        raise ValueError(f"--dataset: {dataset!r} means several snapshots: {several}")
    project_name, slash, name = dataset.rpartition("/")
    if not named and not slash:
        there = ", ".join(f"{project.name}/{row.name}" for project, row in rows[:20]) or "none"
        raise ValueError(f"--dataset: {dataset!r} is no file, no folder and no snapshot; snapshots: {there}")
    found = named[0][1] if named else find(state, project_name, name)
    with state.database.read() as session:
        card = ready(session, found.id).card
    assert card is not None
    body = state.bodies.by_hash(card_of(card).body_hash).body
    try:
        require_format(_FORMATS[0], body)
    except ValueError:
        return found, _FORMATS[1]
    return found, _FORMATS[0]
