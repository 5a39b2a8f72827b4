"""What a snapshot would hold, before it is made."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from export.wanted import plan
from server.snapshots.asked import wanted
from server.snapshots.schemas import SnapshotPreview, SnapshotSettings, SplitCounts, StudyUsed
from server.snapshots.service import check_body, good_enough
from server.snapshots.sides import Photo, sides_of
from server.state import State


def preview(state: State, project_id: UUID, settings: SnapshotSettings) -> SnapshotPreview:
    """Count persons and their marks; which marks agree is looked at when the snapshot is made. Raises RefusedError."""
    check_body(state, project_id, settings)
    found, good = good_enough(state, project_id, settings)
    with state.database.read() as session:
        planned = plan(session, project_id, wanted(settings, None, good))
    rows = planned.everything
    photos = [Photo(row.id, row.sha256, row.deleted) for row in rows]
    side, _ = sides_of(photos, [row.phash for row in rows], settings)
    counts: dict[str, Counter[str]] = {name: Counter() for name in settings.splits or [""]}
    for image_id in planned.images:
        counts[side.get(image_id, "")]["images"] += 1
    for person in planned.persons:
        own = counts[side.get(person.image_id, "")]
        own["persons"] += 1
        if person.taken and person.marks:
            own["annotated"] += 1
            own["points"] += person.marks
    splits = [_counts(name, own) for name, own in counts.items()]
    total = _counts("", sum(counts.values(), Counter()))
    return SnapshotPreview(
        images=total.images,
        persons=total.persons,
        annotated=total.annotated,
        points=total.points,
        splits=splits,
        left_out=dict(planned.left_out),
        not_hashed=sum(row.phash is None for row in rows) if settings.splits else 0,
        study=None
        if found is None
        else StudyUsed(
            id=UUID(found.study.id),
            name=found.study.name,
            measured=len(found.errors),
            good_enough=None if good is None else len(good),
        ),
        tags=dict(sorted(Counter(tag for row in rows if not row.deleted for tag in row.tags or ()).items())),
    )


def _counts(name: str, own: Counter[str]) -> SplitCounts:
    return SplitCounts(
        name=name, images=own["images"], persons=own["persons"], annotated=own["annotated"], points=own["points"]
    )
