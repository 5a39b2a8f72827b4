"""The job that makes a snapshot: photos are compared, persons written shard by shard, and put together at the end.

Everything goes by the moment that the snapshot is of, so that shards that are made later, or made again, hold the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from PIL import Image, UnidentifiedImageError

from annotation.words import PersonSource
from annotation_db import models
from annotation_db.models import SnapshotState
from annotation_db.repositories import dataset_rows, images, projects, snapshots
from export.gather import Gathering, Notes, person_records
from export.near import phash
from export.on_body import transferred
from export.records import PersonRecord
from export.snapshots import write_shard
from export.wanted import Wanted, plan
from server.jobs.kinds import Kind
from server.jobs.steps import say
from server.problems import NotFoundError, RefusedError
from server.snapshots import assemble, gold, places, plans
from server.snapshots.asked import wanted
from server.snapshots.bodies import make_transfer, transfer_of
from server.snapshots.schemas import SnapshotSettingsUsed
from server.state import State
from server.studies.report_job import Say, table_of
from surface.transfer import Transfer

_FEWEST, _MOST = 20, 400  # persons or photos of a shard; at most a few seconds of work
_SHARDS = 16  # so many at least, where there is enough to do: progress that moves, and work for several workers
_SPREAD_DIGITS = 6  # of metres: what the table of distances resolves

Shard = tuple[str, str, int, int]
"""What it is ("photos" or "persons"), the plan's name, and a range in its list of photos or its file of persons."""


def make_plan(state: State, args: dict[str, Any], tell: Say = say) -> list[Shard]:
    """Cut a snapshot into shards; raises RefusedError when nothing is in it."""
    row, project, settings, what = _asked(state, args)
    with state.database.read() as session:
        planned = plan(session, project.id, what)
        several = what.measures and dataset_rows.several_marks(session, project.id)
    if not any(person.taken for person in planned.persons):
        raise RefusedError("nothing is in it: no person fits these settings")
    if several or planned.gold:
        table_of(state, state.bodies.by_hash(project.body_hash).body, tell)
    make_transfer(state, project.body_hash, settings.body, tell)
    photos = [image.id for image in planned.everything if image.phash is None] if settings.splits else []
    size = _size(len(planned.persons))
    name, ranges = plans.write(places.working(state.settings, row.id), planned, photos, size)
    size = _size(len(photos))
    looks = [("photos", name, n, min(n + size, len(photos))) for n in range(0, len(photos), size)]
    return [*looks, *(("persons", name, start, end) for start, end in ranges)]


def _size(count: int) -> int:
    """How many of so many a shard does."""
    return min(max(count // _SHARDS, _FEWEST), _MOST)


def make_shard(state: State, args: dict[str, Any], shard: Shard) -> dict[str, Any]:
    """Do a shard."""
    what, name, start, end = shard
    row, project, settings, how = _asked(state, args)
    folder = places.working(state.settings, row.id)
    if what == "photos":
        _look_at(state, plans.read(folder, name).photos[start:end])
        return {"plan": name}
    planned = plans.read_persons(folder, name, start, end)
    kept: set[int] = set()
    transfer = transfer_of(state, project.body_hash, settings.body)
    left_out: dict[str, int] = {}
    with state.database.read() as session:
        found = images.many(session, {person.image_id for person in planned})
        # An image that is gone was withdrawn, with its persons.
        persons = [person for person in planned if person.image_id in found]
        gathering = Gathering(
            body_hash=project.body_hash,
            wanted=how,
            sizes={id_: (image.width, image.height) for id_, image in found.items()},
            distances=_distances(state, project.body_hash),
        )
        records = person_records(session, gathering, persons)
        path = folder / f"{start:012d}.jsonl"
        write_shard(path, _counted(state, gathering, records, kept, left_out, transfer))
    return {"plan": name, "file": path.name, "images": sorted(kept), "left_out": left_out}


def _look_at(state: State, image_ids: list[UUID]) -> None:
    """Keep the perceptual hashes of photos; of those that cannot be read there is none."""
    with state.database.read() as session:
        rows = images.many(session, image_ids)
    found: dict[UUID, str] = {}
    for id_, row in rows.items():
        try:
            with state.blobs.open(row.blob) as file, Image.open(file) as image:
                found[id_] = phash(image)
        except (OSError, UnidentifiedImageError, ValueError):
            continue
    with state.database.write() as session:
        there = images.many(session, list(found))
        dataset_rows.put_phashes(session, {id_: hash_ for id_, hash_ in found.items() if id_ in there})


def _counted(
    state: State,
    how: Gathering,
    records: Iterator[tuple[PersonRecord, Notes]],
    kept: set[int],
    left_out: dict[str, int],
    transfer: Transfer | None,
) -> Iterator[tuple[PersonRecord, Any]]:
    """The records, each with what the card counts of it."""
    for record, notes in records:
        if notes.taken:
            kept.add(record.image_id)
        elif not how.wanted.others:
            _add(left_out, {f"persons: {reason}": n for reason, n in notes.persons.items()})
            continue
        _add(left_out, {f"points: {reason}": n for reason, n in notes.left_out.items()})
        _add(left_out, {f"persons: {reason}": n for reason, n in notes.persons.items()})
        counts = _counts(state, how, record, notes)  # of the marks as they were made
        if transfer is not None and len(record.points):
            points, counts["other_part"] = transferred(record.points, transfer)
            record = replace(record, points=points)
        yield record, counts


def _counts(state: State, how: Gathering, record: PersonRecord, notes: Notes) -> dict[str, Any]:
    points = record.points
    parts: dict[int, int] = {}
    for part in points.part.tolist():
        parts[part] = parts.get(part, 0) + 1
    counts: dict[str, Any] = {"masks": len(record.masks), "parts": parts, "annotators": notes.annotators}
    compared = points.spread[(points.marks > 1) & (points.spread == points.spread)]
    if len(compared):
        counts["spread"] = compared.round(_SPREAD_DIGITS).tolist()
    if notes.truth is not None and len(points) and how.distances is not None:
        counts["gold"] = gold.errors(state, notes.truth, how.body_hash, points, how.distances)
    if record.source == PersonSource.rendered:
        counts["rendered"] = True
    return counts


def _add(to: dict[str, int], more: dict[str, int]) -> None:
    for key, count in more.items():
        to[key] = to.get(key, 0) + count


def _distances(state: State, body_hash: str) -> Any:
    """Distances by the body's table; None where there is none, since the plan found that none are needed."""
    table = state.geodesics.table(state.bodies.by_hash(body_hash))
    return None if table is None else table.distances


def _asked(state: State, args: dict[str, Any]) -> tuple[models.Snapshot, models.Project, SnapshotSettingsUsed, Wanted]:
    with state.database.read() as session:
        row = snapshots.by_id(session, UUID(args["snapshot"]))
        project = projects.by_id(session, row.project_id) if row is not None else None
    if row is None or project is None:
        raise NotFoundError("the snapshot was removed")
    settings = SnapshotSettingsUsed.model_validate(row.settings)
    good = None if args["good_enough"] is None else [UUID(user) for user in args["good_enough"]]
    return row, project, settings, wanted(settings, row.as_of, good)


def finish(state: State, args: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, str | None]:
    """Put the shards together; again, once it is done, changes nothing."""
    row, project, settings, _ = _asked(state, args)
    if row.state != SnapshotState.ready:
        assemble.assemble(state, row, project, settings, args["study"], results)
    places.drop_working(state.settings, row.id)
    with state.database.read() as session:
        made = snapshots.by_id(session, row.id)
    return {"snapshot": str(row.id), "hash": made.hash if made is not None else None}


SNAPSHOT = Kind("snapshot", make_plan, make_shard, finish)
