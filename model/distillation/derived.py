"""A dataset with a teacher's labels beside it: the base's files as they are, ``dense/`` and ``derived.json``.

    train.json    the dataset file, unchanged
    test.json     the file that was held out, unchanged, where its photos lie in the same folder
    images/       their photos, linked where the file system can
    dense/        labels of the training file's persons; ``model.data.dense`` has their form
    derived.json  what the labels were made from, and how good they are
    README.md     the same in words

The folder gets its name when all of it is there. Until then it is ``.NAME.distilling``, and the same command goes on
in it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from export.files import replacing
from export.snapshots import digest
from model.data.dense import ABOUT, FOLDER, FORMAT
from model.data.records import Images
from model.distillation import card
from model.distillation.figures import Figures, figures
from model.distillation.teacher import label, people, require_teacher
from model.prediction.load import Loaded
from model.prediction.measure import surface_of
from model.training.folder import RUN

TRAIN, TEST, IMAGES = "train.json", "test.json", "images"
_BEGUN, _HELD, _LOCK = "begun.json", "held-out", ".lock"

Progress = Callable[[str, int, int], None]
"""Told what is going on, and how many persons of how many are done."""


def _silent(what: str, done: int, of: int) -> None:
    """Progress that nobody is told."""
    del what, done, of


@dataclass(frozen=True)
class Base:
    """What is labelled.

    :param train: from which students learn.
    :param test: held out; None without.
    """

    train: Images
    test: Images | None


def derive(loaded: Loaded, base: Base, out: Path, batch: int = 8, progress: Progress | None = None) -> dict[str, Any]:
    """Label a dataset's persons by a teacher and write the derived dataset, or go on where that was interrupted.

    :param base: both on the teacher's body.
    :param out: a folder that is not there yet.
    :param batch: persons at a time.
    :return: what derived.json says.
    :raises ValueError: ``out`` is there; the network is no teacher, or on another body; a photo or an annotation cannot
        be used; the message names it.
    """
    require_teacher(loaded)
    if out.exists():
        raise ValueError(f"{out} is there already: choose another folder")
    if base.train.persons.path.is_dir():
        raise ValueError(f"{base.train.name}: is a snapshot's folder; files of it are written by densemark export")
    if base.train.body is None or base.train.body.hash != loaded.body.hash:
        raise ValueError(
            f"{loaded.source}: the teacher is on body {loaded.body.name}, {base.train.name} on another one"
        )
    tell = progress or _silent
    about = _about(loaded, base)
    with _staged(out, about) as staged:
        found = _labelled(loaded, base.train, staged / FOLDER, batch, "labelling", tell)
        if not found.persons:
            raise ValueError(f"{base.train.name}: holds no person with points and an outline to label")
        said = {
            **about,
            "persons": found.persons,
            "without_outline": found.unlabelled,
            "coverage": found.coverage(),
            "confidence": found.confidence(),
            "agreement": _agreement(loaded, base, found, staged, batch, tell),
        }
        _copy(base, staged, tell)
        with replacing(staged / "README.md") as file:
            file.write(card.text(said))
        with replacing(staged / ABOUT) as file:
            json.dump(said, file, indent=1)
            file.write("\n")
    return said


def _about(loaded: Loaded, base: Base) -> dict[str, Any]:
    """What the labels depend on."""
    file = base.train.persons.path
    return {
        "format": FORMAT,
        "version": 1,
        "file": TRAIN,
        "base": {"name": file.name, "hash": digest(file), "images": len(base.train)},
        "held_out": None if base.test is None else {"name": base.test.name, "hash": digest(base.test.persons.path)},
        "teacher": {
            "name": loaded.source.parent.name,
            "hash": digest(loaded.source),
            "step": loaded.step,
            "trunk": loaded.recipe.network.trunk.name,
            "blank": loaded.recipe.data.blank,
            "crops": loaded.recipe.data.crops,
        },
        "body": {"name": loaded.body.name, "hash": loaded.body.hash},
    }


@contextmanager
def _staged(out: Path, about: dict[str, Any]) -> Iterator[Path]:
    """The folder in which the work goes on; it takes the place of ``out`` when the block ends well.

    What lies there of other labels than those described is thrown away.
    """
    staged = out.parent / f".{out.name}.distilling"
    staged.mkdir(parents=True, exist_ok=True)
    lock = FileLock(staged / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"{out}: is being made by another process") from None
    try:
        begun = staged / _BEGUN
        if not begun.exists() or json.loads(begun.read_bytes()) != about:
            _empty(staged)
            with replacing(begun) as file:
                json.dump(about, file)
        (staged / FOLDER).mkdir(exist_ok=True)
        yield staged
        begun.unlink()
        shutil.rmtree(staged / _HELD, ignore_errors=True)
        (staged / _LOCK).unlink()
        staged.replace(out)
    finally:
        lock.release()


def _empty(staged: Path) -> None:
    for path in staged.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()


def _labelled(loaded: Loaded, images: Images, folder: Path, batch: int, what: str, tell: Progress) -> Figures:
    """Label the persons that have no labels yet; figures of all of them."""
    folder.mkdir(exist_ok=True)
    everyone = people(images)
    missing = [place for place in everyone if not (folder / f"{place[2]}.png").exists()]
    before = len(everyone) - len(missing)
    for done in label(loaded, images, missing, folder, batch):
        tell(what, before + done, len(everyone))
    return figures(images, everyone, folder, surface_of(loaded.body))


def _agreement(loaded: Loaded, base: Base, found: Figures, staged: Path, batch: int, tell: Progress) -> dict[str, Any]:
    """Errors on the points held out from the teacher; where there are none, on those that were labelled."""
    learned = _learned(loaded)
    if base.test is not None and digest(base.test.persons.path) != learned and people(base.test):
        held = _labelled(loaded, base.test, staged / _HELD, batch, "measuring", tell)
        return {"on": "held out", **held.agreement()}
    return {"on": "labelled", **found.agreement()}


def _learned(loaded: Loaded) -> str | None:
    """The hash of the dataset that the teacher learned from, where its run says so."""
    try:
        said = json.loads((loaded.source.parent / RUN).read_bytes())
        return str(said["dataset"]["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _copy(base: Base, staged: Path, tell: Progress) -> None:
    """The base's files, and the photos that they list, as far as there are any."""
    shutil.copyfile(base.train.persons.path, staged / TRAIN)
    names = {image.file_name for image in base.train.persons.images.values()}
    folder = base.train.persons.folder
    assert folder is not None
    if base.test is not None and base.test.persons.folder == folder and base.test.persons.path.is_file():
        shutil.copyfile(base.test.persons.path, staged / TEST)
        names |= {image.file_name for image in base.test.persons.images.values()}
    for done, name in enumerate(sorted(names), start=1):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ValueError(f"{base.train.name}: the photo {name!r} lies outside of the folder of images")
        source, place = folder / name, staged / IMAGES / name
        if source.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(source, place)
        tell("photos", done, len(names))


def _link(source: Path, place: Path) -> None:
    """A photo under another name; a copy where the file system cannot link it."""
    try:
        os.link(source.resolve(), place)
    except OSError:
        partial = place.with_name(f".{place.name}.tmp")
        shutil.copyfile(source, partial)
        partial.replace(place)
