"""Persons of dataset files, with the work that comes with them, as rows: many at once, each whole or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sqlalchemy.exc import IntegrityError

from annotation.masks import Region, region_of, to_coco_rle
from annotation.words import PersonSource, PersonState, Role, TaskKind, TaskState
from annotation_db import models, utc_now
from annotation_db.models.base import Base
from annotation_db.repositories import imports, users
from export.coco_in import CocoPerson
from export.dense_in import Dense, draw, has_parts
from server.images import added_work
from server.persons.service import clip_box
from server.schemas import Box
from server.state import State
from server.users.service import hash_password
from surface.body import Body

ANNOTATOR = UUID("6d61726b-7300-8000-8000-696d706f7274")
"""Id of the account that imported masks and marks are by; nobody can sign in to it."""


@dataclass(frozen=True, slots=True)
class Place:
    """An image of the project, and its size in pixels."""

    id: UUID
    width: int
    height: int


@dataclass(frozen=True)
class Target:
    """Where persons go: project, its body, and who imports them. `body` is None where no person has points."""

    project_id: UUID
    body: Body | None
    user_id: UUID | None

    def on_body(self, dense: Dense) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
        """Face (N,), barycentrics (N, 3) and I, U, V (N, 3) of points on the project's body.

        Charts are kept as they came, even where the chart's image does not reach them. Raises ValueError for vertices
        that the body does not have.
        """
        assert self.body is not None
        if dense.iuv is not None:
            return *self.body.from_iuv(*dense.iuv.T), dense.iuv
        assert dense.vertex is not None
        if dense.vertex.max() >= len(self.body.vertices):
            has = f"the body {self.body.name} has {len(self.body.vertices)} vertices"
            raise ValueError(f"vertex: dp_vertex holds {dense.vertex.max()}, but {has}")
        corner = self._corners[dense.vertex]
        if corner.min() < 0:
            raise ValueError(f"vertex: vertex {dense.vertex[corner.argmin()]} of {self.body.name} is in no triangle")
        face, bary = (corner // 3).astype(np.int32), np.eye(3)[corner % 3]
        return face, bary, np.stack(self.body.to_iuv(face, bary), axis=1)

    def part(self, dense: Dense, face: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Part (N,) that each point belongs to: its chart's; a vertex belongs to the mask under it, if there is one."""
        assert self.body is not None
        if dense.iuv is not None:
            return self.body.chart_part[dense.iuv[:, 0].astype(np.int64) - 1].astype(np.uint8)
        if not has_parts(self.body):
            return self.body.part(face)
        return np.where(dense.label > 0, dense.label, self.body.part(face)).astype(np.uint8)

    def labels(self, dense: Dense, region: Region) -> NDArray[np.uint8]:
        """Part labels (h, w) of a region of the image. On a body with other parts than the format's 14 the masks say
        only where the person is; each of its pixels takes the part of the nearest point."""
        assert self.body is not None
        drawn = draw(dense, region)
        if has_parts(self.body):
            return drawn
        rows, columns = np.nonzero(drawn)
        centres = np.stack([columns + (region[0] + 0.5), rows + (region[1] + 0.5)], axis=1)
        nearest = cKDTree(dense.xy).query(centres)[1]
        drawn[rows, columns] = self.part(dense, self.on_body(dense)[0])[nearest]
        return drawn

    @cached_property
    def _corners(self) -> NDArray[np.int64]:
        """For each vertex the first corner of a face (3 * face + corner) that it is; -1 for none."""
        assert self.body is not None
        corners = np.full(len(self.body.vertices), -1, np.int64)
        found, first = np.unique(self.body.faces, return_index=True)
        corners[found] = first
        return corners


def ensure_annotator(state: State) -> None:
    """Make the account of imported work where there is none."""
    with state.database.read() as session:
        if users.by_id(session, ANNOTATOR):
            return
        taken = users.by_login(session, "imported") is not None
    name = f"imported-{secrets.token_hex(4)}" if taken else "imported"
    hashed = hash_password(secrets.token_urlsafe())
    account = models.User(
        id=ANNOTATOR,
        username=name,
        login=name,
        name="Imported from a file",
        password_hash=hashed,
        role=Role.annotator,
        active=False,
    )
    try:
        with state.database.write() as session:
            users.add(session, account)
    except IntegrityError:  # another import made it in this moment
        ensure_annotator(state)


@dataclass(frozen=True)
class Stored:
    """What became of a batch.

    :param new: persons added.
    :param present: persons that were there before.
    :param refused: the others, by annotation id with a reason.
    :param filled: persons that were there before without work, and have the file's now.
    :param dense: persons added or filled with masks and points.
    :param points: their points.
    """

    new: int
    present: int
    refused: list[tuple[int, str]]
    filled: int = 0
    dense: int = 0
    points: int = 0


def store(state: State, target: Target, batch: Sequence[tuple[Place, CocoPerson]]) -> Stored:
    """Add those persons that are not there yet, and work to those that have none, in one transaction.

    A person's id follows from image and annotation, so that the same person again is no second one.
    """
    found = {person_id(place, person): (place, person) for place, person in batch}
    with state.database.read() as session:
        there = imports.there_already(session, list(found))
        known = {id_: _Known.of(present, found[id_][1]) for id_, present in there.items()}
    made: dict[UUID, tuple[Rows, imports.Marked | None]] = {}
    refused = [(found[id_][1].id, own.refusal) for id_, own in known.items() if own.refusal]
    for position, (id_, (place, person)) in enumerate(found.items()):
        if id_ not in known or known[id_].wanted:
            try:
                made[id_] = _rows(target, id_, place, person, position)
            except ValueError as error:
                refused.append((person.id, str(error)))
    present = sum(not own.refusal and not own.wanted for own in known.values())
    if not made:
        return Stored(0, present, refused)
    with state.database.write() as session:
        images = imports.images_to_fill(session, {found[id_][0].id for id_ in made})
        gone = {id_ for id_ in made if found[id_][0].id not in images}
        new, marked, filled = [], [], 0
        there = imports.there_already(session, list(made), lock=True)
        for id_, (rows, points) in made.items():
            if id_ in gone:
                continue
            if id_ not in there:
                new.append(rows)
            else:  # it was there before, or came in this moment
                now = _Known.of(there[id_], found[id_][1])
                refused += [(found[id_][1].id, now.refusal)] if now.refusal else []
                present += not now.refusal
                if not now.wanted:
                    continue
                added_work.fill(session, there[id_], rows, ANNOTATOR)
                filled += 1
            if points is not None:
                marked.append(points)
        imports.insert_rows(session, {table: [row for own in new for row in own[table]] for table in imports.TABLES})
        if marked and target.body is not None:
            imports.insert_marked(session, marked, ANNOTATOR, target.body.hash, utc_now())
    refused += [(found[id_][1].id, "its image was taken out in this moment") for id_ in gone]
    return Stored(len(new), present, refused, filled, len(marked), sum(len(points.point) for points in marked))


@dataclass(frozen=True)
class _Known:
    """What a person of a file is to one that is there: refused, or wanted for its work, or the same again."""

    refusal: str | None
    wanted: bool

    @classmethod
    def of(cls, present: imports.Present, person: CocoPerson) -> Self:
        refusal = added_work.refusal(present, person)
        return cls(refusal, refusal is None and added_work.is_wanted(present, person))


def person_id(place: Place, person: CocoPerson) -> UUID:
    """The id of a person of a COCO file in an image."""
    return uuid5(place.id, f"coco:{person.id}")


Rows = dict[type[Base], list[dict[str, Any]]]


def _rows(
    target: Target, id_: UUID, place: Place, person: CocoPerson, position: int
) -> tuple[Rows, imports.Marked | None]:
    """All rows of a person, and its points if it has any."""
    now = utc_now() + timedelta(microseconds=position)  # the order of the file is the order of the work
    box = clip_box(person.bbox, place.width, place.height)
    rows: Rows = {table: [] for table in imports.TABLES}
    mask_id = _new_id()
    rows[models.Person] = [_person(target, id_, place, person, box, now)]
    rows[models.PersonRevision] = [_box(id_, box, target.user_id, now)]
    rows[models.PersonSource] = [
        {
            "person_id": id_,
            "entry": person.entry,
            "person_revision": 1,
            "mask_revision": int(person.dense is not None),
            "created_at": now,
        }
    ]
    rows[models.Mask] = [{"id": mask_id, "person_id": id_, "revision": 0, "sampled_revision": 0}]
    if person.dense is None:
        rows[models.Task] = [_task(target, id_, TaskKind.mask, TaskState.open, now)]
        return rows, None
    rows[models.Task] = [
        _task(target, id_, kind, TaskState.submitted, now) for kind in (TaskKind.mask, TaskKind.points)
    ]
    rows[models.Mask][0] |= {"revision": 1, "sampled_revision": 1}
    mask = _mask(target, mask_id, place, box, person.dense, now)
    rows[models.MaskRevision] = [mask]
    rows[models.Person][0] |= {"state": PersonState.done, "parts": mask["parts"]} | dict.fromkeys(
        ("points", "marks"), len(person.dense)
    )
    return rows, _marked(target, id_, person.dense)


def _person(target: Target, id_: UUID, place: Place, person: CocoPerson, box: Box, now: datetime) -> dict[str, Any]:
    x, y, w, h = box
    return {
        "id": id_,
        "project_id": target.project_id,
        "image_id": place.id,
        **{"x": x, "y": y, "w": w, "h": h},
        "area": person.area,
        "keypoints": person.keypoints,
        "segmentation": person.segmentation,
        "source": PersonSource.coco,
        "source_id": f"coco:{person.id}",
        "state": PersonState.new,
        **{"parts": 0, "points": 0, "marks": 0, "revision": 1},
        "created_by": target.user_id,
        "created_at": now,
    }


def _box(id_: UUID, box: Box, user_id: UUID | None, now: datetime) -> dict[str, Any]:
    x, y, w, h = box
    at = {"x": x, "y": y, "w": w, "h": h}
    return {"person_id": id_, "revision": 1, "write_id": id_, **at, "user_id": user_id, "created_at": now}


def _task(target: Target, person: UUID, kind: TaskKind, task_state: TaskState, now: datetime) -> dict[str, Any]:
    submitted = task_state == TaskState.submitted
    return {
        "id": _new_id(),
        "project_id": target.project_id,
        "person_id": person,
        "kind": kind,
        "state": task_state,
        "created_at": now,
        "submitted_at": now if submitted else None,
        "submitted_by": ANNOTATOR if submitted else None,
    }


def _mask(target: Target, mask_id: UUID, place: Place, box: Box, dense: Dense, now: datetime) -> dict[str, Any]:
    region = region_of(box, place.width, place.height)
    labels = target.labels(dense, region)
    rles = to_coco_rle(labels, region[:2], place.width, place.height)
    return {
        "mask_id": mask_id,
        "revision": 1,
        "write_id": mask_id,
        "width": place.width,
        "height": place.height,
        "counts": {str(label): rle["counts"] for label, rle in rles.items()},
        "parts": len(rles),
        "area": int(np.count_nonzero(labels)),
        "user_id": ANNOTATOR,
        "seconds": 0.0,
        "created_at": now,
    }


def _marked(target: Target, person: UUID, dense: Dense) -> imports.Marked:
    """The points of a person, with a mark on each."""
    face, bary, iuv = target.on_body(dense)
    chart, u, v = iuv.T.tolist()
    return imports.Marked(
        person=[person.hex] * len(dense),
        point=_ascending(len(dense)),
        mark=_ascending(len(dense)),
        order=list(range(len(dense))),
        part=target.part(dense, face).tolist(),
        x=dense.xy[:, 0].tolist(),
        y=dense.xy[:, 1].tolist(),
        face=face.tolist(),
        bary_0=bary[:, 0].tolist(),
        bary_1=bary[:, 1].tolist(),
        bary_2=bary[:, 2].tolist(),
        i=list(map(int, chart)),
        u=u,
        v=v,
    )


def _ascending(count: int) -> list[str]:
    """Ids (hex) by the time they were made, so that indexes of millions grow at their end."""
    start, last = time.time_ns(), secrets.token_hex(8)
    return [f"{start + step:016x}{last}" for step in range(count)]


def _new_id() -> UUID:
    return UUID(_ascending(1)[0])
