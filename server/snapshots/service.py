"""Snapshots: ask for them, list them, look at them, remove them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.models import JobState, SnapshotState
from annotation_db.repositories import jobs as job_rows
from annotation_db.repositories import projects, snapshots
from export.card import Card, counted, markdown
from export.diff import Differences, diff
from export.wanted import plan
from server.jobs import service as jobs
from server.paging import page_by_time
from server.problems import ConflictError, NotFoundError, RefusedError
from server.projects.schemas import BodyRef
from server.schemas import Page
from server.snapshots import bodies, places
from server.snapshots.asked import wanted
from server.snapshots.cards import card_of
from server.snapshots.damaged import named
from server.snapshots.measured import Measured, measured
from server.snapshots.schemas import (
    Change,
    Changes,
    Snapshot,
    SnapshotCounts,
    SnapshotCreate,
    SnapshotDetail,
    SnapshotDiff,
    SnapshotSettings,
    SnapshotSettingsUsed,
    SplitCounts,
)
from server.snapshots.unused import drop_unused
from server.state import State

KIND = "snapshot"
_ENDED_EARLY = (JobState.failed, JobState.cancelled)


def create(state: State, project_id: UUID, body: SnapshotCreate, user_id: UUID | None) -> Snapshot:
    """Ask for a snapshot of the work as it is now; a job makes it. The same `id` again changes nothing.

    Raises RefusedError on settings that cannot be met or that nothing fits, ConflictError when the name is taken. A
    snapshot of the name that failed makes room.
    """
    now = utc_now()
    other = check_body(state, project_id, body.settings)
    found, good = good_enough(state, project_id, body.settings)
    with state.database.read() as session:
        asked_before = body.id is not None and snapshots.by_id(session, body.id) is not None
    if not asked_before:
        _check_inside(state, project_id, body.settings, good)
    with state.database.write() as session:
        projects.by_id(session, project_id, lock=True)
        known = snapshots.by_id(session, body.id) if body.id else None
        if known is not None:
            if known.project_id != project_id:
                raise ConflictError("this id belongs to a snapshot of another project")
            return out(session, [known])[0]
        failed = _make_room(session, project_id, body.name)
        row = models.Snapshot(
            id=body.id or uuid4(),
            project_id=project_id,
            name=body.name,
            settings=body.settings.model_dump(mode="json") | {"body": other and other.model_dump()},
            as_of=now,
            state=SnapshotState.making,
            created_by=user_id,
            created_at=now,
        )
        snapshots.add(session, row)
        jobs.start(
            session,
            KIND,
            {
                "snapshot": str(row.id),
                "good_enough": None if good is None else sorted(user.hex for user in good),
                "study": None if found is None else vars(found.study),
            },
            title=f"Snapshot “{body.name}”",
            project_id=project_id,
            subject_id=row.id,
            user_id=user_id,
        )
        made = out(session, [row])[0]
    if failed is not None:
        places.drop_working(state.settings, failed)
    return made


def check_body(state: State, project_id: UUID, settings: SnapshotSettings) -> BodyRef | None:
    """The body that points are to be on; None for the project's own. Raises RefusedError."""
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
    if project is None:
        raise NotFoundError("no such project")
    return bodies.asked_for(state, project.body_hash, settings.body)


def good_enough(state: State, project_id: UUID, settings: SnapshotSettings) -> tuple[Measured | None, set[UUID] | None]:
    """How well people annotate, and who well enough; None where that is not asked for.

    Raises RefusedError when that cannot be told, or nobody does.
    """
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        if project is None:
            raise NotFoundError("no such project")
        found = measured(session, state.settings, project, settings.study_id)
    if settings.max_error_cm is None:
        return found, None
    if found is None:
        raise RefusedError("max_error_cm: nobody was measured yet; make a study and its report first")
    good = found.within(settings.max_error_cm / 100)
    if not good:
        raise RefusedError(
            f"max_error_cm: the study {found.study.name!r} found nobody with a mean error of at most"
            f" {settings.max_error_cm:g} cm"
        )
    return found, good


def being_made(state: State, project_id: UUID, body: SnapshotCreate) -> Snapshot | None:
    """The snapshot of this name that is being made with these settings, if there is one: what is asked for once more
    goes on with it."""
    with state.database.read() as session:
        row = snapshots.by_name(session, project_id, body.name)
        if row is None or _state(session, row) != SnapshotState.making:
            return None
        made = out(session, [row])[0]
    asked, own = body.settings.model_dump(mode="json"), dict(row.settings)
    on, other = asked.pop("body", None), own.pop("body", None)
    same_body = other is None if on is None else on in (made.body.name, made.body.hash)
    return made if same_body and asked == own else None


def _check_inside(state: State, project_id: UUID, settings: SnapshotSettings, good: set[UUID] | None) -> None:
    """Raise RefusedError when nothing would be in it."""
    with state.database.read() as session:
        planned = plan(session, project_id, wanted(settings, None, good))
    known = {tag for row in planned.everything if not row.deleted for tag in row.tags or ()}
    for tag in settings.tags:
        if tag not in known:
            raise RefusedError(f"tags: no photo has the tag {tag!r}")
    if not any(person.taken for person in planned.persons):
        raise RefusedError("nothing would be in it: no person fits these settings")


def _make_room(session: Session, project_id: UUID, name: str) -> UUID | None:
    """Raise ConflictError when the name is taken by anything but a snapshot that failed, which goes; returns its id."""
    other = snapshots.by_name(session, project_id, name)
    if other is None:
        return None
    found = _state(session, other)
    if found == SnapshotState.making:
        raise ConflictError(
            f"the snapshot {name!r} is being made: `densemark worker`, a running server, or the same command with the"
            " same settings goes on with it; for another one choose another name, or remove it first"
        )
    if found != SnapshotState.failed:
        raise ConflictError(f"there is a snapshot {name!r} already; choose another name")
    snapshots.remove(session, other)
    return other.id


def list_snapshots(session: Session, project_id: UUID, after: str | None, limit: int) -> Page[Snapshot]:
    """One page of a project's snapshots, the newest first."""
    return page_by_time(
        lambda place, most: snapshots.page(session, project_id, place, most),
        after,
        limit,
        lambda kept: out(session, kept),
    )


def get(session: Session, snapshot_id: UUID) -> SnapshotDetail:
    """One snapshot with its card."""
    row = existing(session, snapshot_id)
    shown = out(session, [row])[0]
    return SnapshotDetail(
        **{name: getattr(shown, name) for name in Snapshot.model_fields},
        card=card_of(row.card) if row.card else None,
        withdrawn_images=list(snapshots.withdrawn_of(session, snapshot_id)),
    )


def card_markdown(session: Session, snapshot_id: UUID) -> str:
    """The card of a snapshot to read, with what was withdrawn since."""
    row = ready(session, snapshot_id)
    gone, persons = snapshots.withdrawn_counts(session, [snapshot_id]).get(snapshot_id, (0, 0))
    assert row.card is not None
    card = card_of(row.card)
    text = markdown(card)
    if gone:
        text += (
            f"\n## Withdrawn since\n\n{gone:,} of {counted(card.counts.images, 'photo')} withdrawn after it was made,"
            f" with {counted(persons, 'person')}. All counts above are those of before. No export of it has them any"
            " more; delete your copies of them.\n"
        )
    return text


def compare(state: State, snapshot_id: UUID, other_id: UUID, limit: int) -> SnapshotDiff:
    """What differs from `other` to this snapshot; raises RefusedError when they are of different projects,
    ConflictError when the files of one are not what they were."""
    with state.database.read() as session:
        row, other = ready(session, snapshot_id), existing(session, other_id, "other: no such snapshot")
        if row.project_id != other.project_id:
            raise RefusedError("other: it is a snapshot of another project")
        other = ready(session, other_id)
    assert row.hash is not None
    assert other.hash is not None
    assert row.card is not None
    assert other.card is not None
    old, new = places.folder_of(state.settings, other.hash), places.folder_of(state.settings, row.hash)
    with named({old: other.name, new: row.name}):
        found = diff(old, new, limit)
    return SnapshotDiff(
        snapshot_id=snapshot_id,
        other_id=other_id,
        same_content=row.hash == other.hash,
        same_body=row.card["body_hash"] == other.card["body_hash"],
        images=_changes(found[0]),
        persons=_changes(found[1]),
    )


def delete(state: State, snapshot_id: UUID) -> None:
    """Remove a snapshot and its files, unless another has the same; one that is being made is stopped."""
    with state.database.write() as session:
        row = existing(session, snapshot_id, lock=True)
        job = jobs.latest(session, KIND, snapshot_id)
        if job is not None:
            job_rows.end(session, job.id, JobState.cancelled)
        hash_ = row.hash
        snapshots.remove(session, row)
    places.drop_working(state.settings, snapshot_id)
    places.drop_card(state.settings, snapshot_id)
    if hash_ is not None:
        drop_unused(state, hash_)


def existing(
    session: Session, snapshot_id: UUID, what: str = "no such snapshot", lock: bool = False
) -> models.Snapshot:
    """The row of a snapshot; raises NotFoundError."""
    row = snapshots.by_id(session, snapshot_id, lock)
    if row is None:
        raise NotFoundError(what)
    return row


def ready(session: Session, snapshot_id: UUID) -> models.Snapshot:
    """The row of a snapshot that is there; raises NotFoundError, ConflictError."""
    row = existing(session, snapshot_id)
    if row.state != SnapshotState.ready:
        words = "failed" if _state(session, row) == SnapshotState.failed else "is being made"
        raise ConflictError(f"the snapshot {row.name!r} {words}")
    return row


def out(session: Session, rows: Sequence[models.Snapshot]) -> list[Snapshot]:
    """Snapshots as the API shows them."""
    gone = snapshots.withdrawn_counts(session, [row.id for row in rows])
    return [_out(session, row, *gone.get(row.id, (0, 0))) for row in rows]


def _out(session: Session, row: models.Snapshot, withdrawn: int, withdrawn_persons: int) -> Snapshot:
    job = jobs.latest(session, KIND, row.id)
    card = card_of(row.card) if row.card else None
    project = projects.by_id(session, row.project_id)
    assert project is not None
    settings = SnapshotSettingsUsed.model_validate(row.settings)
    return Snapshot(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        state=_state(session, row),
        error=None if job is None or row.state == SnapshotState.ready else _error(job),
        settings=settings,
        as_of=row.as_of,
        body=settings.body or BodyRef(name=project.body_name, hash=project.body_hash),
        hash=row.hash,
        counts=_counts(card),
        splits=_splits(card),
        bytes=sum(file.bytes for file in card.files) if card else None,
        withdrawn=withdrawn,
        withdrawn_persons=withdrawn_persons,
        job=jobs.out(job) if job else None,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _state(session: Session, row: models.Snapshot) -> SnapshotState:
    """A snapshot that is not ready has failed when its job has ended."""
    job = jobs.latest(session, KIND, row.id) if row.state == SnapshotState.making else None
    return SnapshotState.failed if job is not None and job.state in _ENDED_EARLY else row.state


def _error(job: models.Job) -> str | None:
    return "it was stopped" if job.state == JobState.cancelled else job.error


def _counts(card: Card | None) -> SnapshotCounts | None:
    if card is None:
        return None
    c = card.counts
    return SnapshotCounts(images=c.images, persons=c.persons, annotated=c.annotated, points=c.points)


def _splits(card: Card | None) -> list[SplitCounts]:
    if card is None:
        return []
    named = [(split.name, split.counts) for split in card.splits] or [("", card.counts)]
    return [
        SplitCounts(name=name, images=c.images, persons=c.persons, annotated=c.annotated, points=c.points)
        for name, c in named
    ]


def _changes(found: Differences) -> Changes:
    items = [Change(id=item.id, image=item.image, how=item.how, what=list(item.what)) for item in found.items]
    return Changes(
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        same=found.same,
        what=dict(found.what),
        items=items,
    )
