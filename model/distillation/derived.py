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
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.files import replacing
from export.snapshots import digest
from model.data.dense import ABOUT, FOLDER, FORMAT
from model.data.records import Images
from model.distillation import card
from model.distillation.figures import Figures, figures
from model.distillation.staging import linked, staged
from model.distillation.teacher import label, people, require_teacher
from model.prediction.load import Loaded
from model.prediction.measure import surface_of
from model.training.folder import RUN

TRAIN, TEST, IMAGES = "train.json", "test.json", "images"
_HELD = "held-out"

Progress = Callable[[str, int, int], None]
"""Told what is going on, and how many persons of how many are done."""


def silent(what: str, done: int, of: int) -> None:
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
    if base.train.persons.path.is_dir():
        raise ValueError(f"{base.train.name}: is a snapshot's folder; files of it are written by densemark export")
    if base.train.body is None or base.train.body.hash != loaded.body.hash:
        raise ValueError(
            f"{loaded.source}: the teacher is on body {loaded.body.name}, {base.train.name} on another one"
        )
    tell = progress or silent
    about = _about(loaded, base)
    with staged(out, about) as folder:
        found = _labelled(loaded, base.train, folder / FOLDER, batch, "labelling", tell)
        if not found.persons:
            raise ValueError(f"{base.train.name}: holds no person with points and an outline to label")
        said = {
            **about,
            "persons": found.persons,
            "without_outline": found.unlabelled,
            "coverage": found.coverage(),
            "confidence": found.confidence(),
            "agreement": _agreement(loaded, base, found, folder, batch, tell),
        }
        copied(base, folder, tell)
        with replacing(folder / "README.md") as file:
            file.write(card.text(said))
        shutil.rmtree(folder / _HELD, ignore_errors=True)
        with replacing(folder / ABOUT) as file:
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


def _labelled(loaded: Loaded, images: Images, folder: Path, batch: int, what: str, tell: Progress) -> Figures:
    """Label the persons that have no labels yet; figures of all of them."""
    folder.mkdir(exist_ok=True)
    everyone = people(images)
    missing = [place for place in everyone if not (folder / f"{place[2]}.png").exists()]
    before = len(everyone) - len(missing)
    for done in label(loaded, images, missing, folder, batch):
        tell(what, before + done, len(everyone))
    return figures(images, everyone, folder, surface_of(loaded.body))


def _agreement(loaded: Loaded, base: Base, found: Figures, folder: Path, batch: int, tell: Progress) -> dict[str, Any]:
    """Errors on the points held out from the teacher; where there are none, on those that were labelled."""
    learned = _learned(loaded)
    if base.test is not None and digest(base.test.persons.path) != learned and people(base.test):
        held = _labelled(loaded, base.test, folder / _HELD, batch, "measuring", tell)
        return {"on": "held out", **held.agreement()}
    return {"on": "labelled", **found.agreement()}


def _learned(loaded: Loaded) -> str | None:
    """The hash of the dataset that the teacher learned from, where its run says so."""
    try:
        said = json.loads((loaded.source.parent / RUN).read_bytes())
        return str(said["dataset"]["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def copied(base: Base, staged: Path, tell: Progress) -> None:
    """Have the base's files, and the photos that they list as far as there are any, in a folder.

    :raises ValueError: a photo's name leads out of its folder.
    """
    shutil.copyfile(base.train.persons.path, staged / TRAIN)
    names = {image.file_name for image in base.train.persons.images.values()}
    folder = base.train.persons.folder
    assert folder is not None
    if base.test is not None and base.test.persons.folder == folder and base.test.persons.path.is_file():
        shutil.copyfile(base.test.persons.path, staged / TEST)
        names |= {image.file_name for image in base.test.persons.images.values()}
    for done, name in enumerate(sorted(names), start=1):
        try:
            linked(folder / name, staged / IMAGES, name)
        except ValueError as error:
            raise ValueError(f"{base.train.name}: {error}") from error
        tell("photos", done, len(names))
