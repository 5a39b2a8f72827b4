"""How fast a study's marks are read from the database, with their truth: `python -m benchmarks.study_db --help`.

The marks are made up: ellipses of faces for persons, annotators that mark the truth of another pixel.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import defaultdict
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from annotation.words import PersonSource, PersonState, Role, StudyMasks, StudyState
from annotation_db import models, utc_now
from annotation_db.repositories import studies
from server import startup
from server.settings import Settings
from server.state import State
from server.studies.collect import collect
from server.studies.truths import open_truth
from surface.body import Body
from synthesis import truth

SIZE = 512


def _insert(table: str, *columns: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"


_POINTS = _insert("points", "id", "person_id", "part", "x", "y", '"order"', "mask_revision", "created_at")
_MARKS = _insert("marks", "id", "point_id", "annotator_id", "revision")
_REVISIONS = _insert(
    "mark_revisions", "mark_id", "revision", "write_id", "kind", "face", "bary_0", "bary_1", "bary_2", "body_hash",
    "annotator_id", "seconds", "created_at",
)  # fmt: skip


def main() -> None:
    """Fill a database, collect, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1250, help="rendered persons")
    parser.add_argument("--annotators", type=int, default=8)
    parser.add_argument("--points", type=int, default=100, help="of a person")
    parser.add_argument("--data", type=Path, help="keep the database here, and use it when it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=options.data or Path(folder))
        startup.prepare(settings)
        state = startup.open_state(settings)
        with state.database.read() as session:
            known = studies.everything(session)
        begin = time.perf_counter()
        study = known[0].id if known else fill(state, options.persons, options.annotators, options.points)
        print(f"database made in {time.perf_counter() - begin:.1f} s")
        before = _peak()
        begin, spent = time.perf_counter(), time.process_time()
        found = collect(state, study)
        seconds = time.perf_counter() - begin
        figures = {
            "marks": len(found.marks), "persons": len(found.persons), "annotators": len(found.annotators),
            "seconds": round(seconds, 2), "processor_seconds": round(time.process_time() - spent, 2),
            "peak_mb": round(_peak()), "peak_before_mb": round(before),
        }  # fmt: skip
        print(json.dumps(figures))


def fill(state: State, persons: int, annotators: int, points: int) -> UUID:
    """A closed study in which everybody marked every point of every person."""
    body = state.bodies.keep("anny").body
    rng = np.random.default_rng(0)
    blobs = [_truth(state, body, rng) for _ in range(min(persons, 64))]  # the files that persons share are 64
    now = utc_now()
    with state.database.write() as session:
        users = [
            models.User(username=f"u{n}", login=f"u{n}", name=f"Annotator {n}", role=Role.annotator, password_hash="")
            for n in range(annotators)
        ]
        project = models.Project(name="p", body_name=body.name, body_hash=body.hash)
        session.add_all([*users, project])
        session.flush()
        study = models.Study(
            project_id=project.id, name="s", masks=StudyMasks.given, points_per_part=14, persons=persons, practice=0,
            again=0, seed=0, state=StudyState.closed,
        )  # fmt: skip
        studies.add(session, study, [])
        for user in users:
            studies.add_annotator(session, study.id, user.id)
        wanted: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for number in range(persons):
            blob = blobs[number % len(blobs)]
            shown = open_truth(state.blobs, blob)
            image = models.Image(
                project_id=project.id, file_name=f"{number}.png", sha256=uuid4().hex * 2, blob=blob,
                media_type="image/png", width=SIZE, height=SIZE,
            )  # fmt: skip
            session.add(image)
            session.flush()
            common = {
                "project_id": project.id, "image_id": image.id, "x": 0.0, "y": 0.0, "w": float(SIZE), "h": float(SIZE),
                "area": 1.0, "source": PersonSource.rendered, "created_at": now,
            }  # fmt: skip
            source = models.Person(**common, truth=blob)
            session.add(source)
            session.flush()
            session.add(models.StudyPerson(study_id=study.id, person_id=source.id, number=number, bbox=source.bbox))
            at = rng.choice(len(shown.pixel), points, replace=False)
            rows, columns = (axis.tolist() for axis in np.divmod(shown.pixel[at].astype(int), SIZE))
            part, face, bary = shown.part[at].tolist(), shown.face[at].tolist(), shown.bary[at].tolist()
            moment = utc_now().strftime("%Y-%m-%d %H:%M:%S.%f")
            for place, user in enumerate(users):
                copy = models.Person(
                    **common, study_id=study.id, source_person_id=source.id, assigned_to=user.id, study_order=number,
                    state=PersonState.done, points=points, marks=points,
                )  # fmt: skip
                session.add(copy)
                session.flush()
                ids = [(uuid4().hex, uuid4().hex) for _ in range(points)]
                marked = np.roll(np.arange(points), place + 1).tolist()
                wanted[_POINTS] += [
                    (ids[n][0], copy.id.hex, part[n], columns[n] + 0.5, rows[n] + 0.5, n, 1, moment)
                    for n in range(points)
                ]
                wanted[_MARKS] += [(mark, point, user.id.hex, 1) for point, mark in ids]
                wanted[_REVISIONS] += [
                    (ids[n][1], 1, uuid4().hex, "surface", face[m], *bary[m], body.hash, user.id.hex, 8.0, moment)
                    for n, m in enumerate(marked)
                ]
            if number % 50 == 49 or number == persons - 1:
                for statement, made in wanted.items():
                    session.connection().exec_driver_sql(statement, made)
                wanted.clear()
        return study.id


def _truth(state: State, body: Body, rng: np.random.Generator) -> str:
    """An ellipse of 60,000 pixels."""
    y, x = np.mgrid[:SIZE, :SIZE]
    there = ((x - 256) / 100) ** 2 + ((y - 256) / 191) ** 2 < 1
    face = np.where(there, rng.integers(0, len(body.faces), there.shape), -1)
    bary = rng.dirichlet([1, 1, 1], there.shape)
    file = BytesIO()
    truth.write(file, truth.Truth.of(body, face, bary, np.ones(there.shape), rng.random(there.shape)))
    return state.blobs.put(file)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
