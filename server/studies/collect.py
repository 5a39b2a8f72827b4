"""From the database to what a report rests on: every mark with its truth, streamed and as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from annotation.words import PersonState, StudyMasks, StudyState
from annotation_db import models
from annotation_db.repositories import projects, studies
from annotation_db.repositories import study_marks as rows_of
from evaluation.marks import FLAGGED, MARKED, OUTSIDE, Marks, Predictions, Study
from server.bodies.registry import LoadedBody
from server.problems import RefusedError
from server.state import State
from server.studies import networks
from server.studies.copies import open_source
from server.studies.overlaps import overlaps
from server.studies.service import existing
from server.studies.truths import expect
from synthesis.truth import Truth

Progress = Callable[[int, int], None]
Ints = NDArray[np.int64]

_AHEAD = 16  # so many files of truth are being read from disk while one is used

_KEPT = np.dtype(
    [
        ("row", "i8"), ("point", "i8"), ("order", "i4"), ("part", "u1"), ("revision", "i4"), ("kind", "u1"),
        ("face", "i4"), ("x", "f8"), ("y", "f8"), ("bary", "f8", 3), ("seconds", "f8"), ("at", "f8"),
    ]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Roll:
    """Who and what is in the report, and the copies that count, by their places in it."""

    study: models.Study
    users: list[models.User]
    sources: list[rows_of.Rendered]
    copies: dict[str, int]
    annotator: Ints
    person: Ints
    again: Ints


@dataclass(eq=False)
class Columns:
    """Points with a mark or a flag, K of them, as the database has them; ``row`` is that of a copy."""

    row: Ints
    point: Ints
    part: Ints
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    surface: NDArray[np.bool_]
    face: Ints
    bary: NDArray[np.float64]
    seconds: NDArray[np.float64]
    first: NDArray[np.float64]
    place: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


def collect(state: State, study_id: UUID, progress: Progress | None = None) -> Study:
    """All that is measured: the persons that are done, and once the study is closed those that were begun, too.

    Practice is left out, and so are points that nothing was said of.

    :param progress: called with the rendered persons looked at and their number.
    :raises NotFoundError: no such study.
    :raises RefusedError: the truth of a person cannot be read.
    """
    with state.database.read() as session:
        study = existing(session, study_id)
        project = projects.by_id(session, study.project_id)
        assert project is not None
        loaded = state.bodies.by_hash(project.body_hash)
        roll = _roll(session, study)
        names = _image_names(session, roll.sources)
        columns = _columns(session, roll)
        drawn = rows_of.masks(session, study_id) if study.masks == StudyMasks.drawn else []
        predicted = [(row.name, networks.read(state, row.blob)) for row in studies.networks(session, study_id)]
    marks, seen, angles, masks = _with_truth(state, loaded, roll, columns, drawn, progress)
    return Study(
        title=study.name,
        body=loaded.body,
        annotators=_distinct([user.name for user in roll.users], [user.username for user in roll.users]),
        persons=names,
        marks=marks,
        seen=seen,
        cosines=angles,
        masks=masks,
        networks=tuple(_predictions(name, marks, *found) for name, found in predicted),
        simulated=frozenset(
            name
            for name, user in zip(
                _distinct([user.name for user in roll.users], [user.username for user in roll.users]),
                roll.users,
                strict=True,
            )
            if user.simulated
        ),
        most_points=len(study.parts or range(loaded.parts)) * study.points_per_part,
    )


def people(session: Session, study: models.Study) -> dict[str, UUID]:
    """The ids of the annotators of what `collect` gives, by the names that they have there."""
    users = _roll(session, study).users
    names = _distinct([user.name for user in users], [user.username for user in users])
    return {name: user.id for name, user in zip(names, users, strict=True)}


def _roll(session: Session, study: models.Study) -> Roll:
    begun = study.state == StudyState.closed
    counted = [
        copy
        for copy in rows_of.copies(session, study.id)
        if copy.state == PersonState.done or (begun and copy.state != PersonState.new)
    ]
    there = {copy.assigned_to for copy in counted}
    users = [user for user in studies.annotators(session, [study.id])[study.id] if user.id in there]
    shown = {copy.source_person_id for copy in counted}
    sources = [source for source in rows_of.rendered(session, study.id) if source.id in shown]
    by_user = {user.id: n for n, user in enumerate(users)}
    by_source = {source.id: n for n, source in enumerate(sources)}
    return Roll(
        study=study,
        users=users,
        sources=sources,
        copies={copy.id.hex: n for n, copy in enumerate(counted)},
        annotator=np.array([by_user[copy.assigned_to] for copy in counted], np.int64),
        person=np.array([by_source[copy.source_person_id] for copy in counted], np.int64),
        again=np.array([copy.again for copy in counted], np.int64),
    )


def _columns(session: Session, roll: Roll) -> Columns:
    """The present marks: of each point the last revision's place, all revisions' seconds, the first one's time."""
    ids = roll.study.masks == StudyMasks.drawn
    chunks = [_chunk(rows, roll.copies, ids) for rows in rows_of.revisions(session, roll.study.id, ids)]
    found = np.concatenate([np.zeros(0, _KEPT), *chunks])
    chunks.clear()
    key = found["row"] * networks.POINTS + found["order"]
    by = np.lexsort((found["revision"], key))
    key, found = key[by], found[by]
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else np.zeros(0, np.int64)
    first = np.append(0, last[:-1] + 1) if len(last) else last
    seconds = np.add.reduceat(found["seconds"], first) if len(first) else np.zeros(0)
    kept = found["kind"][last] < 2
    last, first, seconds = last[kept], first[kept], seconds[kept]
    numbers = np.array([source.number for source in roll.sources], np.int64)
    row = found["row"][last]
    point = found["point"][last] if ids else numbers[roll.person[row]] * networks.POINTS + found["order"][last]
    return Columns(
        row=row,
        point=point,
        part=found["part"][last],
        x=found["x"][last],
        y=found["y"][last],
        surface=found["kind"][last] == 0,
        face=found["face"][last],
        bary=found["bary"][last],
        seconds=seconds,
        first=found["at"][first],
        place=found["order"][last],
    )


def _chunk(rows: NDArray[np.void], copies: dict[str, int], ids: bool) -> NDArray[np.void]:
    """Those of some revisions that are of copies that count, as an array of ``_KEPT``."""
    person = rows["person"]
    first = np.append(0, np.flatnonzero(person[1:] != person[:-1]) + 1)  # mostly, a person's come together
    row = np.repeat([copies.get(_hex(value), -1) for value in person[first]], np.diff(first, append=len(rows)))
    rows, row = rows[row >= 0], row[row >= 0]
    kept = np.zeros(len(rows), _KEPT)
    kept["row"] = row
    kept["point"] = [int(_hex(value)[:16], 16) >> 1 for value in rows["point"]] if ids else 0
    for name in ("order", "part", "revision", "kind", "face", "x", "y", "seconds"):
        kept[name] = rows[name]
    kept["bary"] = np.stack([rows["bary_0"], rows["bary_1"], rows["bary_2"]], axis=1)
    kept["at"] = rows["at"].astype("datetime64[us]").astype(np.int64) / 1e6
    return kept


def _hex(value: bytes) -> str:
    return value.decode().replace("-", "")


def _with_truth(
    state: State,
    loaded: LoadedBody,
    roll: Roll,
    columns: Columns,
    drawn: Sequence[rows_of.DrawnMask],
    progress: Progress | None,
) -> tuple[Marks, NDArray[np.uint8], NDArray[np.uint8], Any]:
    """The marks with the truth at their points; the faces that each image shows, their cosines; the drawn masks."""
    count, body = len(columns.row), loaded.body
    person, annotator = roll.person[columns.row], roll.annotator[columns.row]
    by = np.argsort(person, kind="stable")
    bounds = np.searchsorted(person[by], np.arange(len(roll.sources) + 1))
    true_face, true_bary = np.full(count, -1, np.int32), np.tile([1.0, 0, 0], (count, 1))
    facing = np.full(count, np.nan, np.float32)
    seen = np.zeros((len(roll.sources), (len(body.faces) + 7) // 8), np.uint8)
    angles = [np.zeros(0, np.uint8)]
    compared = overlaps(roll, drawn, loaded.parts)
    for n, source in enumerate(roll.sources):
        rows = by[bounds[n] : bounds[n + 1]]
        for later in roll.sources[n + _AHEAD : n + _AHEAD + 1]:
            if later.truth:
                expect(state.blobs, later.truth)
        truth = open_source(state, source, loaded)
        at = truth.rows(np.stack([columns.x[rows], columns.y[rows]], axis=1))
        inside, at = rows[at >= 0], at[at >= 0]
        if not _whole(truth, at, len(body.faces)):
            raise RefusedError(f"the truth of the rendered person {source.id} cannot be used: it is damaged")
        true_face[inside], facing[inside] = truth.face[at], truth.facing[at]
        weights = truth.bary[at].astype(np.float64)
        true_bary[inside] = weights / weights.sum(axis=1, keepdims=True)
        seen[n] = np.packbits(truth.seen)
        angles.append(truth.cosines.copy())  # of what is mapped nothing may be held
        compared.look(n, truth)
        if progress is not None:
            progress(n + 1, len(roll.sources))
    kind = np.where(true_face < 0, OUTSIDE, np.where(columns.surface, MARKED, FLAGGED)).astype(np.uint8)
    marked = kind == MARKED
    marks = Marks(
        annotator=annotator.astype(np.int32),
        person=person.astype(np.int32),
        again=roll.again[columns.row].astype(np.uint8),
        point=columns.point,
        part=columns.part.astype(np.uint8),
        kind=kind,
        true_face=true_face,
        true_bary=true_bary,
        face=np.where(marked, columns.face, -1).astype(np.int32),
        bary=np.where(marked[:, None], columns.bary, [1.0, 0, 0]),
        seconds=columns.seconds.astype(np.float32),
        order=_order(annotator, columns),
        facing=facing,
    )
    return marks, seen, np.concatenate(angles), compared.masks(roll) if roll.study.masks == StudyMasks.drawn else None


def _whole(truth: Truth, at: Ints, faces: int) -> bool:
    """Whether what is used of a truth can be right: the body's faces, and such of them that it shows."""
    face = truth.face[at]
    if len(truth.seen) != faces or (len(face) and not 0 <= face.min() <= face.max() < faces):
        return False
    return bool(truth.seen[face].all())


def _order(annotator: Ints, columns: Columns) -> NDArray[np.int32]:
    """How many points each annotator had marked before each of theirs, by the time of first marks."""
    by = np.lexsort((columns.place, columns.row, columns.first, annotator))
    sorted_ = annotator[by]
    starts = np.searchsorted(sorted_, sorted_, side="left")
    out = np.empty(len(by), np.int32)
    out[by] = np.arange(len(by)) - starts
    return out


def _predictions(
    name: str, marks: Marks, point: Ints, face: NDArray[np.int32], bary: NDArray[np.float64]
) -> Predictions:
    """A network's predictions for those of the marked points that it gave, and that show the person."""
    shown, first = np.unique(marks.point, return_index=True)
    at = np.searchsorted(shown, point).clip(0, max(len(shown) - 1, 0))
    good = shown[at] == point if len(shown) else np.zeros(len(point), bool)
    rows = first[at[good]]
    known = marks.true_face[rows] >= 0
    rows = rows[known]
    return Predictions(
        name=name,
        person=marks.person[rows],
        point=marks.point[rows],
        part=marks.part[rows],
        true_face=marks.true_face[rows],
        true_bary=marks.true_bary[rows],
        face=face[good][known],
        bary=bary[good][known],
    )


def _image_names(session: Session, sources: Sequence[rows_of.Rendered]) -> tuple[str, ...]:
    shown = rows_of.file_names(session, {source.image_id for source in sources})
    return _distinct([shown[source.image_id] for source in sources], [str(source.id)[:8] for source in sources])


def _distinct(names: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The names, those that several have with something more."""
    often = Counter(names)
    return tuple(name if often[name] == 1 else f"{name} ({extra})" for name, extra in zip(names, more, strict=True))
