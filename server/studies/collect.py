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
from server.state import State
from server.studies import networks
from server.studies.copies import open_source
from server.studies.overlaps import overlaps
from server.studies.service import existing

Progress = Callable[[int, int], None]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Roll:
    """Who and what is in the report, and the copies that count, by their places in it."""

    study: models.Study
    users: list[models.User]
    sources: list[tuple[int, models.Person]]
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
        names = _image_names(session, [person for _, person in roll.sources])
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
    )


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
    sources = [(row.number, person) for row, person in studies.persons(session, study.id) if person.id in shown]
    by_user = {user.id: n for n, user in enumerate(users)}
    by_source = {person.id: n for n, (_, person) in enumerate(sources)}
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
    if not chunks:
        chunks = [_chunk([], roll.copies, ids)]
    found = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in chunks[0]}
    found = {key: column[found["row"] >= 0] for key, column in found.items()}
    key = found["row"] * networks.POINTS + found["order"]
    by = np.lexsort((found["revision"], key))
    key, found = key[by], {name: column[by] for name, column in found.items()}
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else np.zeros(0, np.int64)
    first = np.append(0, last[:-1] + 1) if len(last) else last
    seconds = np.add.reduceat(found["seconds"], first) if len(first) else np.zeros(0)
    kept = found["kind"][last] < 2
    last, first, seconds = last[kept], first[kept], seconds[kept]
    numbers = np.array([number for number, _ in roll.sources], np.int64)
    row = found["row"][last]
    point = found["id"][last] if ids else numbers[roll.person[row]] * networks.POINTS + found["order"][last]
    return Columns(
        row=row,
        point=point,
        part=found["part"][last],
        x=found["x"][last],
        y=found["y"][last],
        surface=found["kind"][last] == 0,
        face=found["face"][last],
        bary=np.stack([found[name][last] for name in ("bary_0", "bary_1", "bary_2")], axis=1),
        seconds=seconds,
        first=found["at"][first],
        place=found["order"][last],
    )


def _chunk(rows: Sequence[Any], copies: dict[str, int], ids: bool) -> dict[str, NDArray[Any]]:
    """Some revisions as columns; ``row`` is -1 for those of copies that do not count."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 14
    hexes = [value if isinstance(value, str) else value.hex for value in columns[0]]
    halves = [value if isinstance(value, str) else value.hex for value in columns[1]] if ids else ()
    numbers = [int(value[:16], 16) >> 1 for value in halves] if ids else [0] * len(hexes)
    whole = ("order", "part", "revision", "kind", "face")
    real = ("x", "y", "bary_0", "bary_1", "bary_2", "seconds")
    return {
        "row": np.array([copies.get(value, -1) for value in hexes], np.int64),
        "id": np.array(numbers, np.int64),
        **{name: np.array(column, np.int64) for name, column in zip(whole, columns[2:7], strict=True)},
        **{name: np.array(column, np.float64) for name, column in zip(real, columns[7:13], strict=True)},
        "at": _moments(columns[13]),
    }


def _moments(column: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers of seconds, of such numbers or of text in UTC."""
    if not len(column) or not isinstance(column[0], str):
        return np.array(column, np.float64)
    return np.array(column, "datetime64[us]").astype(np.int64) / 1e6


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
    for n, (_, source) in enumerate(roll.sources):
        rows = by[bounds[n] : bounds[n + 1]]
        truth = open_source(state, source, loaded)
        at = truth.rows(np.stack([columns.x[rows], columns.y[rows]], axis=1))
        inside, at = rows[at >= 0], at[at >= 0]
        true_face[inside], facing[inside] = truth.face[at], truth.facing[at]
        weights = truth.bary[at].astype(np.float64)
        true_bary[inside] = weights / weights.sum(axis=1, keepdims=True)
        seen[n] = np.packbits(truth.seen)
        angles.append(truth.cosines)
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


def _image_names(session: Session, sources: Sequence[models.Person]) -> tuple[str, ...]:
    shown = rows_of.file_names(session, {source.image_id for source in sources})
    return _distinct([shown[source.image_id] for source in sources], [str(source.id)[:8] for source in sources])


def _distinct(names: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The names, those that several have with something more."""
    often = Counter(names)
    return tuple(name if often[name] == 1 else f"{name} ({extra})" for name, extra in zip(names, more, strict=True))
