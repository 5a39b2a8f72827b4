"""The steps of `densemark benchmark datasets`, each to be run in a process of its own.

FOLDER/first and FOLDER/second are data folders, FOLDER/out holds what is exported of the first, FOLDER/again of the
second.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from sqlalchemy import func, select

from annotation_db import models
from annotation_db.repositories import projects, snapshots
from benchmarks import evaluation
from benchmarks.datasets.compare import differences
from benchmarks.datasets.generated import Tell, fill
from benchmarks.datasets.size import Size
from export.check import check
from export.read import Dataset
from server import startup
from server.images.coco import import_coco_file
from server.jobs.here import do
from server.settings import Settings
from server.snapshots import exports, service
from server.snapshots.schemas import SnapshotCreate, SnapshotSettings
from server.state import State

DENSEPOSE, CSE = "densepose-coco", "densepose-cse"
SPLITS = {"train": 0.9, "val": 0.1}
_SHOWN = 5  # differences
_READ = 500  # persons
_PROJECT = "Generated"

Figures = dict[str, Any]
Step = Callable[[Path, Size, Tell], Figures]


def generate(folder: Path, size: Size, tell: Tell) -> Figures:
    """The first database."""
    state = _new(folder / "first")
    fill(state, size.persons, size.points, size.images, size.annotators, tell)
    return {**_counts(state), "database, MB": _megabytes(folder / "first" / "densemark.db")}


def snapshot(folder: Path, _size: Size, tell: Tell) -> Figures:
    """A snapshot with splits; photos are looked at for near-duplicates."""
    return _snapshot(folder / "first", "one", tell)


def snapshot_again(folder: Path, _size: Size, tell: Tell) -> Figures:
    """The same again, which must have the same bytes."""
    return _snapshot(folder / "first", "two", tell)


def export_densepose(folder: Path, _size: Size, tell: Tell) -> Figures:
    """DensePose-COCO files of the snapshot, with the photos."""
    return _export(folder / "first", folder / "out", DENSEPOSE, True, tell)


def export_cse(folder: Path, _size: Size, tell: Tell) -> Figures:
    """CSE files of it."""
    return _export(folder / "first", folder / "out", CSE, False, tell)


def check_files(folder: Path, _size: Size, tell: Tell) -> Figures:
    """The DensePose-COCO files as the reference code reads them, and whether the photos are as stated."""
    counts: Counter[str] = Counter()
    problems = []
    for path in _files(folder / "out", DENSEPOSE):
        report = check(path, folder / "out" / "images", None, _SHOWN, lambda end: tell(f"checked {end >> 20:,} MB"))
        counts.update(report.counts)
        problems += [f"{path.name}: {problem}" for problem in report.problems if not report.ok]
    return {**counts, "problems": problems}


def read(folder: Path, _size: Size, tell: Tell) -> Figures:
    """Persons of the training file in Python, in random order, with and without their photos."""
    tell("reading")
    path, photos = _files(folder / "out", DENSEPOSE)[0], folder / "out" / "images"
    begin = process_time()
    people = Dataset(path, photos)
    opened = process_time()
    chosen = np.random.default_rng(0).integers(0, len(people), _READ).tolist()
    points = sum(len(people[n].xy) for n in chosen)
    with_photos = process_time()
    people = Dataset(path)
    again = process_time()
    assert points == sum(len(people[n].xy) for n in chosen)
    return {
        "opening, processor s": round(opened - begin, 2),
        "a person with its photo, processor ms": round(1e3 * (with_photos - opened) / _READ, 2),
        "a person without, processor ms": round(1e3 * (process_time() - again) / _READ, 2),
    }


def import_(folder: Path, _size: Size, tell: Tell) -> Figures:
    """The files and photos into a new project of the second database."""
    state = _new(folder / "second")
    body = state.bodies.keep("anny")
    with state.database.write() as session:
        project = models.Project(name=_PROJECT, body_name=body.name, body_hash=body.hash)
        session.add(project)
        session.flush()
        project_id = project.id
    done: Counter[str] = Counter()
    problems: list[str] = []
    photos = [folder / "out" / "images"]
    for path in _files(folder / "out", DENSEPOSE):
        result = import_coco_file(
            state, project_id, None, path, photos,
            progress=lambda what, done, all_: tell(f"{what}: {done:,} of {all_:,}"),
        )  # fmt: skip
        done.update(images=len(result.stored), persons=result.persons, annotated=result.dense, points=result.points)
        problems += [f"{item.file}: {item.reason}" for item in result.refused[:_SHOWN]]
        problems += [f"{item.id}: {item.reason}" for item in result.refused_persons[:_SHOWN]]
        photos = []
    return {**done, "database, MB": _megabytes(folder / "second" / "densemark.db"), "problems": problems}


def snapshot_imported(folder: Path, _size: Size, tell: Tell) -> Figures:
    """A snapshot of the second database."""
    return _snapshot(folder / "second", "one", tell)


def export_imported(folder: Path, _size: Size, tell: Tell) -> Figures:
    """DensePose-COCO files of it."""
    return _export(folder / "second", folder / "again", DENSEPOSE, False, tell)


def compare(folder: Path, _size: Size, tell: Tell) -> Figures:
    """The files of the second database beside those of the first."""
    tell("comparing")
    pairs = [(path, folder / "again" / path.name) for path in _files(folder / "out", DENSEPOSE)]
    return {"problems": [told for pair in pairs for told in islice(differences(*pair), _SHOWN)]}


def evaluate(folder: Path, size: Size, tell: Tell) -> Figures:
    """The evaluator on as many persons as DensePose-COCO's minival has, with distances of the reference's size."""
    place = folder / "evaluation"
    place.mkdir()
    tell("generating ground truth, results and a table of distances")
    evaluation.surface(place, size.vertices)
    evaluation.dataset(place, size.evaluated, size.points, round(1.2 * size.evaluated))
    tell("evaluating")
    command = [sys.executable, "-m", "benchmarks.evaluation", str(place)]
    found: Figures = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return {key: value for key, value in found.items() if "reference" not in key}


STEPS: dict[str, Step] = {
    "generate": generate,
    "snapshot": snapshot,
    "snapshot again": snapshot_again,
    "export densepose-coco": export_densepose,
    "export densepose-cse": export_cse,
    "check": check_files,
    "read": read,
    "import": import_,
    "snapshot imported": snapshot_imported,
    "export imported": export_imported,
    "compare": compare,
    "evaluate": evaluate,
}
"""In their order."""


def _new(data: Path) -> State:
    settings = Settings(data=data)
    startup.prepare(settings)
    return startup.open_lazily(settings)


def _snapshot(data: Path, name: str, tell: Tell) -> Figures:
    state = startup.open_lazily(Settings(data=data))
    with state.database.read() as session:
        (project,) = projects.page(session, None, None, 2)
    asked = SnapshotCreate(name=name, settings=SnapshotSettings(splits=SPLITS))
    made = service.create(state, project.id, asked, None)
    assert made.job is not None
    do(state, made.job.id, lambda done, all_, what: tell(f"{what}: {done:,} of {all_:,}"))
    with state.database.read() as session:
        shown = service.get(session, made.id)
    assert shown.counts is not None
    return {**shown.counts.model_dump(), "MB": (shown.bytes or 0) >> 20, "hash": shown.hash}


def _export(data: Path, out: Path, format_: str, images: bool, tell: Tell) -> Figures:
    state = startup.open_lazily(Settings(data=data))
    with state.database.read() as session:
        (project,) = projects.page(session, None, None, 2)
        made = snapshots.by_name(session, project.id, "one")
    assert made is not None
    tell(f"exporting {format_}")
    done = exports.export(state, made.id, out, format_, images)
    return {**done.counts, "MB": sum(map(_megabytes, done.files))}


def _files(folder: Path, format_: str) -> list[Path]:
    return [folder / f"{format_}-{split}.json" for split in sorted(SPLITS)]


def _counts(state: State) -> Figures:
    """What the database holds."""
    tables = {"images": models.Image, "persons": models.Person, "points": models.Point, "marks": models.Mark}
    with state.database.read() as session:
        counts = {name: session.scalar(select(func.count()).select_from(table)) for name, table in tables.items()}
        return counts | {"masks": session.scalar(select(func.sum(models.Person.parts)))}


def _megabytes(path: Path) -> int:
    return path.stat().st_size >> 20
