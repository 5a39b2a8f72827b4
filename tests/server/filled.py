"""Projects full of work, written straight to the database: people would take too long."""

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import insert

from annotation.masks import to_coco_rle
from annotation.words import MarkFlag, MarkKind, PersonSource, PersonState
from annotation_db import models, utc_now
from annotation_db.models import Image, Mark, MarkRevision, Mask, MaskRevision, Person, PersonRevision, Point
from server.state import State
from surface.body import Body
from tests.server.people import png

SIZE = (60, 80)
BOX = (5.0, 5.0, 50.0, 70.0)
TORSO, HEAD = 1, 14


def counts() -> dict[str, str]:
    """A head over a torso, in the box."""
    labels = np.zeros((70, 50), np.uint8)
    labels[2:20, 10:30], labels[20:55, 5:40] = HEAD, TORSO
    return {str(part): rle["counts"] for part, rle in to_coco_rle(labels, (5, 5), *SIZE).items()}


def surface(body: Body, rng: np.random.Generator, part: int, count: int) -> list[dict[str, Any]]:
    """Surface points of a part, as marks have them."""
    face = rng.choice(np.flatnonzero(body.face_part == part), count).astype(np.int32)
    bary = rng.dirichlet([2, 2, 2], count)
    i, u, v = body.to_iuv(face, bary)
    return [
        {
            "kind": MarkKind.surface, "flag": None, "face": int(face[n]), "bary_0": bary[n, 0], "bary_1": bary[n, 1],
            "bary_2": bary[n, 2], "i": int(i[n]), "u": float(u[n]), "v": float(v[n]), "body_hash": body.hash,
        }
        for n in range(count)
    ]  # fmt: skip


class Filling:
    """Adds images, persons and marks to a project, all at one moment unless said otherwise."""

    def __init__(self, state: State, project: str, annotators: Sequence[str], seed: int = 0) -> None:
        self.state, self.project = state, UUID(project)
        self.annotators = [UUID(user) for user in annotators]
        self.body = state.bodies.by_name("anny").body
        self.rng = np.random.default_rng(seed)
        self.at: datetime = utc_now() - timedelta(hours=1)
        self._counts = counts()

    def image(self, name: str, photo: bytes | None = None, **more: Any) -> UUID:
        """An image of noise, or of these bytes."""
        content = photo or png(*SIZE, seed=int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]))
        key = self.state.blobs.put(io.BytesIO(content))
        self.at += timedelta(milliseconds=1)
        row = Image(
            id=uuid4(), project_id=self.project, file_name=name, sha256=key, blob=key, media_type="image/png",
            width=SIZE[0], height=SIZE[1], created_at=self.at, **more,
        )  # fmt: skip
        with self.state.database.write() as session:
            session.add(row)
        return row.id

    def person(
        self, image: UUID, points: int = 4, marks: int = 1, state: PersonState = PersonState.done, **more: Any
    ) -> UUID:
        """A person with a mask, points in its torso, and as many marks on each."""
        return self.persons([image], points, marks, state, **more)[0]

    def persons(
        self,
        images: Sequence[UUID],
        points: int = 4,
        marks: int = 1,
        state: PersonState = PersonState.done,
        **more: Any,
    ) -> list[UUID]:
        """The same, one in each image."""
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (Person, PersonRevision, Mask, MaskRevision, Point, Mark, MarkRevision)
        }
        ids = []
        box = dict(zip("xywh", BOX, strict=True))
        for image in images:
            self.at += timedelta(milliseconds=1)
            at, person, mask = {"created_at": self.at}, uuid4(), uuid4()
            ids.append(person)
            rows[Person].append(
                {"id": person, "project_id": self.project, "image_id": image, "area": 3500.0, "state": state,
                 "source": PersonSource.drawn, "parts": 2, "points": points, "marks": points, "revision": 1, **box,
                 **at, **more}
            )  # fmt: skip
            rows[PersonRevision].append(
                {"person_id": person, "revision": 1, "write_id": uuid4(), "deleted": False, **box, **at}
            )
            rows[Mask].append({"id": mask, "person_id": person, "revision": 1, "sampled_revision": 1})
            rows[MaskRevision].append(
                {"mask_id": mask, "revision": 1, "write_id": uuid4(), "width": SIZE[0], "height": SIZE[1],
                 "counts": self._counts, "parts": 2, "area": 2000, "user_id": self.annotators[0], "seconds": 3.0, **at}
            )  # fmt: skip
            found = iter(surface(self.body, self.rng, TORSO, points * marks))
            for order in range(points):
                point = uuid4()
                x, y = self.rng.integers(12, 40) + 0.5, self.rng.integers(27, 58) + 0.5
                rows[Point].append(
                    {"id": point, "person_id": person, "part": TORSO, "x": x, "y": y, "order": order,
                     "mask_revision": 1, **at}
                )  # fmt: skip
                for user in self.annotators[:marks]:
                    self.at += timedelta(microseconds=1)
                    mark = uuid4()
                    rows[Mark].append({"id": mark, "point_id": point, "annotator_id": user, "revision": 1})
                    rows[MarkRevision].append(
                        {"mark_id": mark, "revision": 1, "write_id": uuid4(), "annotator_id": user, "seconds": 2.0,
                         "view": 0, "x": 0.5, "y": 0.5, "created_at": self.at, **next(found)}
                    )  # fmt: skip
        with self.state.database.write() as session:
            for table, given in rows.items():
                if given:
                    session.execute(insert(table), given)
        return ids

    def marks_of(self, person: UUID) -> list[models.Mark]:
        """The marks on a person's points, by the points' order."""
        from sqlalchemy import select

        query = select(Mark).join(Point, Point.id == Mark.point_id).where(Point.person_id == person)
        with self.state.database.read() as session:
            return list(session.scalars(query.order_by(Point.order)))

    def revise(self, mark: models.Mark, flag: bool = False, **more: Any) -> None:
        """Another revision of a mark, now."""
        (found,) = surface(self.body, self.rng, TORSO, 1)
        if flag:
            found = {"kind": MarkKind.flag, "flag": MarkFlag.occluded}
        with self.state.database.write() as session:
            row = session.get(Mark, mark.id)
            assert row is not None
            row.revision += 1
            session.flush()
            values = {"annotator_id": mark.annotator_id, "seconds": 2.0, "created_at": utc_now(), **found, **more}
            session.add(MarkRevision(mark_id=mark.id, revision=row.revision, write_id=uuid4(), **values))
