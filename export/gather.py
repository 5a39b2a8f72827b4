"""Records of a project's persons, gathered from the database in batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from annotation.consensus import Chosen, Distances, SurfacePoints, consensus, single
from annotation.words import PersonSource
from annotation_db.repositories import dataset_rows
from annotation_db.repositories.dataset_rows import SURFACE, BoxRow, ImageRow, MarkRow, MaskRow, PersonRow, PointRow
from export.densepose_coco import BORDER
from export.on_body import transferred
from export.records import ImageRecord, PersonRecord, Points
from export.wanted import PlannedPerson, Wanted, batches
from surface.transfer import Transfer

_BATCH = 100  # persons whose masks, points and marks are fetched at once


@dataclass
class Notes:
    """What was seen of a person: `taken` when it fits, points left out by reason, chosen marks by annotator, and how
    many points came to lie in another part by a transfer. `persons` are left out by these reasons as a whole."""

    taken: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    persons: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)
    other_part: int = 0
    truth: str | None = None


@dataclass(frozen=True)
class Gathering:
    """How persons of a project are made into records.

    :param body_hash: the project's body.
    :param sizes: width and height of the images.
    :param distances: geodesic distances on that body; needed where ``wanted.measures``.
    :param transfer: from that body to the one that points are to be on.
    """

    body_hash: str
    wanted: Wanted
    sizes: Mapping[UUID, tuple[int, int]]
    distances: Distances | None = None
    transfer: Transfer | None = None


def image_record(number: int, row: ImageRow, split: str = "") -> ImageRecord:
    """The record of an image."""
    return ImageRecord(
        id=number,
        file_name=row.file_name,
        width=row.width,
        height=row.height,
        sha256=row.blob,
        split=split,
        licence=row.licence,
        licence_url=row.licence_url,
        attribution=row.attribution,
        source_url=row.source_url,
        tags=tuple(sorted(row.tags or ())),
    )


def person_records(
    session: Session, how: Gathering, persons: Sequence[PlannedPerson]
) -> Iterator[tuple[PersonRecord, Notes]]:
    """The persons as records, in their order, with what is to be said of each. Persons that are gone are passed over.

    Points that are flagged, not marked, marked on another body, too far outside of the box, or that do not fit by
    their marks, are left out and counted.
    """
    for group in batches(persons, _BATCH):
        yield from _records(session, how, group)


def _records(session: Session, how: Gathering, group: Sequence[PlannedPerson]) -> Iterator[tuple[PersonRecord, Notes]]:
    as_of = how.wanted.as_of
    rows = dataset_rows.person_rows(session, [person.id for person in group])
    boxes = dataset_rows.boxes(session, [person.id for person in group], as_of)
    taken = [person.id for person in group if person.taken]
    masks = dataset_rows.masks(session, taken, as_of)
    marked = _Marked(session, how, taken, masks)
    for person in group:
        row, box = rows.get(person.id), boxes.get(person.id)
        if row is None or (box is not None and box.deleted and as_of is not None):
            continue
        box = box or BoxRow(0, row.box, False)
        notes = Notes(taken=person.taken, truth=row.truth)
        mask = masks.get(person.id)
        record = _bare(person, row, box, mask)
        if person.taken and mask is not None and (mask.counts or record.square is not None):
            record = _with_work(record, mask, box, how.sizes[person.image_id], marked, person.id, notes)
        yield record, notes


def _bare(person: PlannedPerson, row: PersonRow, box: BoxRow, mask: MaskRow | None) -> PersonRecord:
    """The person without masks and points; as it was imported, while its box is that one."""
    entry = row.entry if row.entry is not None and row.entry_person_revision == box.revision else None
    values: dict[str, Any] = {
        "bbox": box.box,
        "area": box.box[2] * box.box[3] if box.box != row.box and row.source == PersonSource.drawn else row.area,
        "segmentation": row.segmentation,
        "keypoints": row.keypoints,
    }
    if entry is not None:
        values |= {key: entry[key] for key in values if entry.get(key) is not None}
        values["bbox"] = tuple(values["bbox"])
        if mask is not None and person.taken and mask.revision == row.entry_mask_revision:
            values["square"] = entry.get("dp_masks")
    return PersonRecord(id=person.number, image_id=person.image, source=row.source.value, **values)


def _with_work(
    record: PersonRecord,
    mask: MaskRow,
    box: BoxRow,
    size: tuple[int, int],
    marked: _Marked,
    person_id: UUID,
    notes: Notes,
) -> PersonRecord:
    """The person with its masks, and with its points where the box has a painted pixel."""
    values = vars(record) | {"masks": {int(label): counts for label, counts in mask.counts.items()}}
    painted = PersonRecord(**values)
    if box.revision > 1 and painted.label_map(ImageRecord(1, "", *size))[0] is None:  # the box was moved off its mask
        return painted
    points = marked.points(person_id, record.bbox, notes)
    if points is None:
        notes.taken = False
        return PersonRecord(**vars(record) | {"square": None})
    return PersonRecord(**values | {"points": points})


class _Marked:
    """The points of a batch of persons, with the mark that counts on each."""

    def __init__(
        self, session: Session, how: Gathering, person_ids: Sequence[UUID], masks: Mapping[UUID, MaskRow]
    ) -> None:
        self._how = how
        self._points: dict[str, list[PointRow]] = defaultdict(list)
        for point in _present(session, how.wanted, person_ids, masks):
            self._points[_hex(point.person_id)].append(point)
        self._reason: dict[Any, str] = {}
        self._chosen: dict[Any, tuple[MarkRow, int, float]] = {}
        self._choose(dataset_rows.marks(session, person_ids, how.wanted.as_of))

    def _choose(self, rows: Sequence[MarkRow]) -> None:
        """Find the mark that counts on each point, or the reason why there is none."""
        by_point: dict[Any, list[MarkRow]] = defaultdict(list)
        for row in rows:
            by_point[row.point_id].append(row)
        ids: list[Any] = []
        owner: list[int] = []
        candidates: list[MarkRow] = []
        for point_id, own in by_point.items():
            fitting = self._fitting(point_id, own)
            if fitting:
                owner += [len(ids)] * len(fitting)
                ids.append(point_id)
                candidates += fitting
        chosen = self._picked(np.array(owner, np.int64), candidates)
        wanted = self._how.wanted
        few = chosen.marks < wanted.min_marks
        far = chosen.spread > (np.inf if wanted.max_spread is None else wanted.max_spread)
        for n, point_id in enumerate(ids):
            if few[n]:
                self._reason[point_id] = "marked by too few"
            elif far[n]:
                self._reason[point_id] = "marks too far apart"
            else:
                self._chosen[point_id] = candidates[chosen.row[n]], int(chosen.marks[n]), float(chosen.spread[n])

    def _fitting(self, point_id: Any, rows: list[MarkRow]) -> list[MarkRow]:
        """The marks among which one is chosen, the oldest first; with none, the reason is kept."""
        wanted = self._how.wanted
        if wanted.annotators is not None:
            rows = [row for row in rows if _hex(row.annotator_id) in wanted.annotators]
            if not rows:
                self._reason[point_id] = "marked by others"
                return []
        surface = [row for row in rows if row.kind == SURFACE]
        # By consensus a point is to be seen when more say so than not, else when the latest mark says so.
        seen = 2 * len(surface) > len(rows) if wanted.consensus else rows[-1].kind == SURFACE
        if not seen:
            self._reason[point_id] = "flagged"
            return []
        here = [row for row in surface if row.body_hash == self._how.body_hash]
        if not here or (not wanted.consensus and rows[-1].body_hash != self._how.body_hash):
            self._reason[point_id] = "marked on another body"
            return []
        return here

    def _picked(self, owner: NDArray[np.int64], candidates: Sequence[MarkRow]) -> Chosen:
        face = np.array([row.face for row in candidates], np.int32)
        bary = np.array([(row.bary_0, row.bary_1, row.bary_2) for row in candidates], np.float64).reshape(-1, 3)
        wanted, distances = self._how.wanted, self._how.distances or _unmeasured
        if wanted.consensus:
            return consensus(owner, face, bary, distances)
        return single(owner, face, bary, distances if wanted.measures else None)

    def points(self, person_id: UUID, box: tuple[float, float, float, float], notes: Notes) -> Points | None:
        """A person's points; None when too many of them are flagged."""
        x, y, w, h = box
        found: list[tuple[PointRow, MarkRow, int, float]] = []
        left_out: Counter[str] = Counter()
        own = self._points[person_id.hex]
        for point in own:
            chosen = self._chosen.get(point.id)
            if chosen is None:
                left_out[self._reason.get(point.id, "unmarked")] += 1
            elif max(x - point.x, point.x - x - w, y - point.y, point.y - y - h) > BORDER:
                left_out["outside the box"] += 1
            else:
                found.append((point, *chosen))
        most = self._how.wanted.max_flagged
        if most is not None and left_out["flagged"] > most * len(own):
            notes.persons["too many points flagged"] += 1
            return None
        notes.left_out.update(left_out)
        notes.annotators.update(_hex(mark.annotator_id) for _, mark, _, _ in found)
        return self._array(found, notes)

    def _array(self, found: Sequence[tuple[PointRow, MarkRow, int, float]], notes: Notes) -> Points:
        face = np.array([mark.face for _, mark, _, _ in found], np.int32)
        bary = np.array([(m.bary_0, m.bary_1, m.bary_2) for _, m, _, _ in found], np.float64).reshape(-1, 3)
        iuv = np.array([(mark.i, mark.u, mark.v) for _, mark, _, _ in found], np.float64).reshape(-1, 3)
        points = Points(
            xy=np.array([(point.x, point.y) for point, _, _, _ in found], np.float64).reshape(-1, 2),
            part=np.array([point.part for point, _, _, _ in found], np.uint8),
            face=face,
            bary=bary,
            iuv=iuv,
            marks=np.array([count for _, _, count, _ in found], np.int32),
            spread=np.array([spread for _, _, _, spread in found], np.float64),
            seconds=np.array([mark.seconds for _, mark, _, _ in found], np.float64),
        )
        if self._how.transfer is None:
            return points
        points, changed = transferred(points, self._how.transfer)
        notes.other_part += changed
        return points


def _unmeasured(_a: SurfacePoints, _b: SurfacePoints) -> NDArray[np.float64]:
    raise ValueError("points with several marks need distances on the body")


def _present(
    session: Session, wanted: Wanted, person_ids: Sequence[UUID], masks: Mapping[UUID, MaskRow]
) -> Iterator[PointRow]:
    """The points of several persons at the moment.

    A point that was superseded then may have come back since, when its part was drawn again as it had been; so of a
    person whose mask has changed since, the points are told by the mask: of each part those that were sampled from the
    very pixels that it had.
    """
    changed = [id_ for id_ in person_ids if wanted.as_of is not None and id_ in masks and masks[id_].changed]
    yield from dataset_rows.points(session, [id_ for id_ in person_ids if id_ not in changed], wanted.as_of)
    for person_id in changed:
        assert wanted.as_of is not None
        mask = masks[person_id]
        ever = dataset_rows.points_ever(session, person_id, wanted.as_of)
        counts = dataset_rows.mask_counts(session, mask.id, {point.mask_revision for point in ever})
        same = [
            point for point in ever
            if counts.get(point.mask_revision, {}).get(str(point.part)) == mask.counts.get(str(point.part), "")
        ]  # fmt: skip
        newest = {point.part: max(p.mask_revision for p in same if p.part == point.part) for point in same}
        yield from (point for point in same if point.mask_revision == newest[point.part])


def _hex(key: Any) -> str:
    return key if isinstance(key, str) else key.hex
