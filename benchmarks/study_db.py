"""The whole way of a large study's report: marks from the database and truth from files, figures, and the files made.

`densemark benchmark study_db`, or `python -m benchmarks.study_db --help` for other sizes. The study is made up: 64
views of the undressed body stand for the renders, each file at a distance of its own; annotators are simulated. A fifth
of the persons is marked by four annotators, a quarter of the points each.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert

from annotation.simulated import place
from annotation.words import PersonSource, PersonState, Role, StudyMasks, StudyState
from annotation_db import models, utc_now
from annotation_db.repositories import studies
from benchmarks.report import generated, peak
from evaluation import pdf
from evaluation.study import heat, report
from server import startup
from server.settings import Settings
from server.state import State
from server.studies import report_job
from server.studies.collect import collect
from surface.body import Body
from surface.raster import rasterize
from synthesis import truth
from synthesis.truth import Truth

T = TypeVar("T")


def _insert(table: str, *columns: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"


_POINTS = _insert("points", "id", "person_id", "part", "x", "y", '"order"', "mask_revision", "created_at")
_MARKS = _insert("marks", "id", "point_id", "annotator_id", "revision")
_REVISIONS = _insert(
    "mark_revisions", "mark_id", "revision", "write_id", "kind", "flag", "face", "bary_0", "bary_1", "bary_2",
    "body_hash", "annotator_id", "seconds", "created_at",
)  # fmt: skip

VIEWS = 64
_BATCH = 500  # persons
_LIMIT = {"s": 60, "MB": 2000}


@dataclasses.dataclass(frozen=True)
class Size:
    """How large a study: `files` of truth that the persons share, of images of so many `pixels` a side."""

    persons: int = 10_000
    points: int = 100
    annotators: int = 16
    files: int = 10_000
    pixels: int = 256


def measure() -> dict[str, Any]:
    """Figures by name, of a study made for it in a temporary folder (some minutes and 5 GB, not counted)."""
    with tempfile.TemporaryDirectory() as folder:
        return _figures(Path(folder), Size(), cold=False)


def main() -> None:
    """Make a study unless the folder has one, then measure in a process of its own; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for field in dataclasses.fields(Size):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)
    parser.add_argument("--data", type=Path, help="keep the study here, and use it when it is there")
    parser.add_argument("--cold", action="store_true", help="have the system forget the files first")
    parser.add_argument("--only-measure", action="store_true", help="do not look whether the study is there")
    options = vars(parser.parse_args())
    if options["only_measure"]:
        print(json.dumps(measured(options["data"])))
        return
    size = Size(**{field.name: options[field.name] for field in dataclasses.fields(Size)})
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_figures(options["data"] or Path(folder), size, options["cold"]), indent=1))


def _figures(data: Path, size: Size, cold: bool) -> dict[str, Any]:
    """Make the study if need be, and measure it in a process that has not made it."""
    begin = perf_counter()
    settings = Settings(data=data)
    startup.prepare(settings)
    state = startup.open_lazily(settings)
    with state.database.read() as session:
        known = bool(studies.everything(session))
    if not known:
        fill(state, size)
    state.database.close()
    made = perf_counter() - begin
    if cold:
        for path in data.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    order = [sys.executable, "-m", "benchmarks.study_db", "--only-measure", "--data", str(data)]
    told = subprocess.run(order, check=True, stdout=subprocess.PIPE).stdout
    return {"study made in, s": round(made), **json.loads(told)}


def measured(data: Path) -> dict[str, Any]:
    """Seconds and memory of each step; the numerical kernels are compiled and the body's table is made beforehand."""
    state = startup.open_lazily(Settings(data=data))
    with state.database.read() as session:
        study_id = studies.everything(session)[0].id
        project = session.get(models.Project, studies.everything(session)[0].project_id)
        assert project is not None
    body = state.bodies.by_hash(project.body_hash).body
    table = report_job.table_of(state, body, lambda _: None)
    report(generated(body, 12, 20, 3), table)
    before = peak()
    out: dict[str, Any] = {}
    total = [0.0, 0.0]

    def timed(name: str, work: Callable[[], T]) -> T:
        begin = (perf_counter(), process_time())
        found = work()
        spent = (perf_counter() - begin[0], process_time() - begin[1])
        total[0] += spent[0]
        total[1] += spent[1]
        out[f"{name}, s"], out[f"{name}, processor s"] = (round(seconds, 1) for seconds in spent)
        return found

    study = timed("collecting", lambda: collect(state, study_id))
    said = timed("report", lambda: report(study, table))
    found = timed("heat map", lambda: heat(study, table))
    timed("JSON", lambda: json.dumps(dataclasses.asdict(said), allow_nan=False, indent=1))
    out["together, s"], out["together, processor s"] = (round(seconds, 1) for seconds in total)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed("CSV", lambda: report_job.write_tables(folder, study, table, said))
        timed("PDF", lambda: pdf.write(said, body, found, folder / "report.pdf", made="today"))
        timed("pictures", lambda: report_job.write_pictures(folder, body, said, found))
    out["all, s"], out["all, processor s"] = (round(seconds, 1) for seconds in total)
    out |= {"peak memory, MB": round(peak()), "of which before, MB": round(before)}
    shown = {"marks": len(study.marks), "persons": len(study.persons), "annotators": len(study.annotators)}
    failed = [
        f"{name} is {out[name]}, more than {_LIMIT[name.rpartition(' ')[2]]}"
        for name in ("together, s", "peak memory, MB")
        if out[name] > _LIMIT[name.rpartition(" ")[2]]
    ]
    return {**shown, **out} | ({"failed": failed} if failed else {})


def fill(state: State, size: Size) -> UUID:
    """A closed study of which everything is marked; needs SQLite."""
    body, rng = state.bodies.keep("anny").body, np.random.default_rng(0)
    files = _files(state, body, size)
    with state.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA cache_size=-500000")
        users = [
            models.User(username=f"u{n}", login=f"u{n}", name=f"Annotator {n}", role=Role.annotator, password_hash="",
                        simulated=True)
            for n in range(size.annotators)
        ]  # fmt: skip
        project = models.Project(name="p", body_name=body.name, body_hash=body.hash)
        session.add_all([*users, project])
        session.flush()
        study = models.Study(
            project_id=project.id, name="Generated", masks=StudyMasks.given, points_per_part=14, persons=size.persons,
            practice=0, again=0, seed=0, state=StudyState.closed, closed_at=utc_now(),
        )  # fmt: skip
        studies.add(session, study, [])
        for user in users:
            studies.add_annotator(session, study.id, user.id)
        who = [user.id for user in users]
        for start in range(0, size.persons, _BATCH):
            numbers = range(start, min(start + _BATCH, size.persons))
            _marks(connection, body, _persons(connection, study, files, size, numbers, who, rng), who, rng)
        return study.id


class _Copy(NamedTuple):
    """An annotator's copy of a person: its id as SQLite keeps it, the annotator's number, its points' rows."""

    person: str
    user: int
    view: Truth
    at: NDArray[np.int64]


class Filled(NamedTuple):
    """The files of truth by key, and what the ``VIEWS`` show; file n has view n % ``VIEWS``."""

    keys: list[str]
    views: list[Truth]


def _files(state: State, body: Body, size: Size) -> Filled:
    """Views of the body from all round and a little from above or below, each file at a distance of its own."""
    a, b, c = np.moveaxis(body.vertices[body.faces], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    views = []
    for angle in np.arange(min(VIEWS, size.files)) * 2.4:  # radians: the golden angle
        right = np.array([np.cos(angle), 0.0, np.sin(angle)])
        forward = np.array([-np.sin(angle), 0.4 * np.sin(7 * angle), np.cos(angle)])
        forward /= np.linalg.norm(forward)
        axes = np.stack([right, np.cross(forward, right), forward])
        local = body.vertices @ axes.T
        scale = 0.85 * size.pixels / np.ptp(local[:, :2], axis=0).max()
        xy = (local[:, :2] - local[:, :2].mean(axis=0)) * scale + size.pixels / 2
        face, bary, depth = rasterize(xy, local[:, 2], body.faces, size.pixels, size.pixels)
        views.append(Truth.of(body, face, bary, depth, np.clip(-normal[face] @ forward, 0, 1)))
    keys = []
    for n in range(size.files):
        file, view = BytesIO(), views[n % len(views)]
        truth.write(file, dataclasses.replace(view, depth=view.depth + np.float32(n)))
        keys.append(_put(state.settings.data / "blobs", file.getbuffer()))
    return Filled(keys, views)


def _put(folder: Path, data: memoryview) -> str:
    """Keep a file as ``LocalBlobs`` does, without waiting for the disk; returns its key."""
    key = sha256(data).hexdigest()
    (folder / key[:2]).mkdir(parents=True, exist_ok=True)
    (folder / key[:2] / key).write_bytes(data)
    return key


def _persons(
    connection: Connection, study: models.Study, files: Filled, size: Size, numbers: range, users: Sequence[UUID],
    rng: np.random.Generator,
) -> list[_Copy]:  # fmt: skip
    """Enter rendered persons with their copies, a fifth of them by four annotators; returns the copies."""
    side = size.pixels
    images, sources, shown, copied, made = [], [], [], [], []
    for number in numbers:
        image, source, key = uuid4(), uuid4(), files.keys[number % len(files.keys)]
        images.append({
            "id": image, "project_id": study.project_id, "file_name": f"{number}.png", "sha256": f"{number:064d}",
            "blob": key, "media_type": "image/png", "width": side, "height": side,
        })  # fmt: skip
        box = {"x": 0.0, "y": 0.0, "w": float(side), "h": float(side)}
        common = {
            "project_id": study.project_id,
            "image_id": image,
            "area": 1.0,
            "source": PersonSource.rendered,
            **box,
        }
        sources.append({**common, "id": source, "truth": key})
        shown.append(
            {"study_id": study.id, "person_id": source, "number": number, "practice": False, "again": False, **box}
        )
        many = min(4, len(users)) if number % 5 == 0 else 1
        points = max(1, size.points // many)
        view = files.views[number % len(files.keys) % len(files.views)]
        at = rng.choice(len(view.pixel), points, replace=False)
        for user in rng.choice(len(users), many, replace=False).tolist():
            copy = uuid4()
            copied.append({
                **common, "id": copy, "study_id": study.id, "source_person_id": source, "assigned_to": users[user],
                "study_order": number, "state": PersonState.done, "points": points, "marks": points,
            })  # fmt: skip
            made.append(_Copy(copy.hex, user, view, at))
    for model, rows in (
        (models.Image, images),
        (models.Person, sources),
        (models.StudyPerson, shown),
        (models.Person, copied),
    ):
        connection.execute(insert(model), rows)
    return made


def _marks(
    connection: Connection, body: Body, copies: Sequence[_Copy], users: Sequence[UUID], rng: np.random.Generator
) -> None:
    """Enter the points of some copies and a mark on each, off by 1 to 6 cm on average, or a flag (one in a hundred)."""
    face, bary, part, pixel = (
        np.concatenate([getattr(copy.view, name)[copy.at] for copy in copies])
        for name in ("face", "bary", "part", "pixel")
    )
    user = np.repeat([copy.user for copy in copies], [len(copy.at) for copy in copies])
    bary = bary / bary.sum(axis=1, keepdims=True, dtype=np.float64)
    marked, placed = place(body, face, bary, (0.01 + 0.05 * user / max(len(users) - 1, 1)) / 1.2533, rng)
    flagged = (rng.random(len(face)) < 0.01).tolist()
    seconds = rng.lognormal(1.5, 0.5, len(face)).tolist()
    point, mark, write = (_ids(rng, len(face)) for _ in range(3))
    y, x = ((axis + 0.5).tolist() for axis in np.divmod(pixel.astype(np.int64), copies[0].view.width))
    order = [n for copy in copies for n in range(len(copy.at))]
    person = [copy.person for copy in copies for _ in copy.at]
    who = [users[n].hex for n in user.tolist()]
    begin = utc_now()
    moment = [f"{begin + timedelta(milliseconds=n):%Y-%m-%d %H:%M:%S.%f}" for n in range(len(face))]
    one = [1] * len(face)
    connection.exec_driver_sql(_POINTS, list(zip(point, person, part.tolist(), x, y, order, one, moment, strict=True)))
    connection.exec_driver_sql(_MARKS, list(zip(mark, point, who, one, strict=True)))
    said = [
        ("flag", "occluded", None, None, None, None) if flag else ("surface", None, f, *weights)
        for flag, f, weights in zip(flagged, marked.tolist(), placed.tolist(), strict=True)
    ]
    rows = [
        (id_, 1, write_id, *what, body.hash, annotator, spent, at)
        for id_, write_id, what, annotator, spent, at in zip(mark, write, said, who, seconds, moment, strict=True)
    ]
    connection.exec_driver_sql(_REVISIONS, rows)


def _ids(rng: np.random.Generator, count: int) -> list[str]:
    """Random ids as SQLite keeps them."""
    text = rng.bytes(16 * count).hex()
    return [text[at : at + 32] for at in range(0, 32 * count, 32)]


if __name__ == "__main__":
    main()
