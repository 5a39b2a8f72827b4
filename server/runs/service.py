"""Runs: ask for them, look at them, stop them, go on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.models import JobState, RunState, SnapshotState
from annotation_db.repositories import jobs as job_rows
from annotation_db.repositories import runs, snapshots
from server.jobs import service as jobs
from server.jobs.kinds import TRAINING_QUEUE
from server.paging import page_by_time
from server.problems import ConflictError, NotFoundError, RefusedError
from server.runs import folder, known
from server.runs.schemas import Evaluation, Latest, Run, RunChange, RunClone, RunCreate, RunResume
from server.schemas import Page
from server.state import State

KIND = "train"
MAY_CHANGE = ("running.", "data.workers=", "schedule.accumulate=")
"""Beginnings of changes that a run may be resumed with: how it is computed, not what is learned."""
_ENDED_EARLY = {JobState.failed: RunState.failed, JobState.cancelled: RunState.stopped}
_PATIENCE = 10.0  # seconds for a trainer that is ending


def create(
    state: State, project_id: UUID, body: RunCreate, user_id: UUID | None, cloned_from: UUID | None = None
) -> Run:
    """Ask for a run; a job trains it. The same `id` again changes nothing.

    Raises RefusedError on a recipe or snapshot that cannot be used, ConflictError when the name is taken.
    """
    with state.database.read() as session:
        known_run = None if body.id is None else runs.by_id(session, body.id)
        if known_run is None:
            _snapshot(session, project_id, body.snapshot_id)
    if known_run is not None:
        return _same(state, known_run, project_id)
    _, steps = known.complete(body.recipe, tuple(body.changes))
    with state.database.write() as session:
        snapshot = _snapshot(session, project_id, body.snapshot_id)
        _free(session, project_id, body.name)
        row = models.Run(
            id=body.id or uuid4(),
            project_id=project_id,
            kind=KIND,
            snapshot_name=snapshot.name,
            snapshot_hash=snapshot.hash,
            state=RunState.queued,
            step=0,
            steps=steps,
            seconds=0.0,
            cloned_from=cloned_from,
            created_by=user_id,
            created_at=utc_now(),
            **body.model_dump(exclude={"id"}),
        )
        runs.add(session, row)
        _start(session, row, user_id)
        return out(session, [row])[0]


def clone(state: State, run_id: UUID, body: RunClone, user_id: UUID | None) -> Run:
    """Ask for another run like this one."""
    with state.database.read() as session:
        row = existing(session, run_id)
    before = {name: getattr(row, name) for name in ("snapshot_id", "recipe", "changes", "device", "hours")}
    given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    if given.get("recipe", row.recipe) != row.recipe:
        before["changes"] = []  # they were meant for another one
    return create(state, row.project_id, RunCreate(**before | given), user_id, cloned_from=row.id)


def resume(state: State, run_id: UUID, body: RunResume, user_id: UUID | None) -> Run:
    """Have a run that stopped or failed go on from its last checkpoint.

    Raises ConflictError while it has not ended, or when it cannot go on; RefusedError on a change that it cannot take.
    """
    for change in body.changes:
        if change.startswith("running.seed=") or not change.startswith(MAY_CHANGE):
            raise RefusedError(
                f"changes: {change.partition('=')[0]} cannot change on the way, only running.* except the seed,"
                " data.workers and schedule.accumulate; clone the run to learn otherwise"
            )
    with state.database.read() as session:
        row = existing(session, run_id)
    changes = [*row.changes, *body.changes]
    known.complete(row.recipe, tuple(changes))
    with state.database.write() as session:
        row = existing(session, run_id, lock=True)
        now = _state(session, row)
        if now not in (RunState.stopped, RunState.failed):
            raise ConflictError(f"the run is {now}", current=out(session, [row])[0])
        if runs.withdrawn_counts(session, [run_id]):
            raise ConflictError("photos that it learns from were withdrawn: clone it, to learn without them")
        hours = body.hours or row.hours
        if hours is not None and row.seconds >= 3600 * hours:
            raise RefusedError(f"hours: it has trained {row.seconds / 3600:.2f} already; give it more")
        row.changes, row.hours, row.device = changes, hours, body.device or row.device
        row.state, row.error, row.finished_at = RunState.queued, None, None
        session.flush()
        _start(session, row, user_id)
        return out(session, [row])[0]


def stop(state: State, run_id: UUID) -> Run:
    """Have a run end after its step, with a checkpoint; one that waits ends at once. Again is no error."""
    with state.database.write() as session:
        row = existing(session, run_id, lock=True)
        job = jobs.latest(session, KIND, run_id)
        now = _state(session, row)
        if now == RunState.queued:
            runs.end(session, run_id, RunState.stopped)
            if job is not None:
                job_rows.end(session, job.id, JobState.cancelled)
        elif now == RunState.running:
            runs.change(session, run_id, [RunState.running], state=RunState.stopping)
        elif now not in (RunState.stopping, RunState.stopped):
            raise ConflictError(f"the run is {now}", current=out(session, [row])[0])
        return out(session, [existing(session, run_id, lock=True)])[0]


def change(session: Session, run_id: UUID, body: RunChange) -> Run:
    """Rename it, or change its notes and tags."""
    row = existing(session, run_id, lock=True)
    if body.name is not None and body.name != row.name:
        _free(session, row.project_id, body.name)
        row.name = body.name
    if body.notes is not None:
        row.notes = body.notes
    if body.tags is not None:
        row.tags = list(dict.fromkeys(body.tags))
    session.flush()
    return out(session, [row])[0]


def delete(state: State, run_id: UUID) -> None:
    """Remove a run with all its files. Raises ConflictError while it has not ended."""
    with state.database.read() as session:
        row = existing(session, run_id)
        if _state(session, row) in runs.OPEN:
            raise ConflictError(f"the run is {row.state}: stop it first")
    with folder.held(folder.of(state.settings, run_id), _PATIENCE) as alone:
        if not alone:
            raise ConflictError("its process is ending just now; send the request again")
        with state.database.write() as session:
            row = existing(session, run_id, lock=True)
            if _state(session, row) in runs.OPEN:
                raise ConflictError(f"the run is {row.state}: stop it first")
            runs.remove(session, row)
    folder.drop(state.settings, run_id)


def list_runs(session: Session, project_id: UUID, state: RunState | None, after: str | None, limit: int) -> Page[Run]:
    """One page of a project's runs, the newest first."""
    return page_by_time(
        lambda place, most: runs.page(session, project_id, place, most, state),
        after,
        limit,
        lambda kept: out(session, kept),
    )


def get(session: Session, run_id: UUID) -> Run:
    """One run."""
    return out(session, [existing(session, run_id)])[0]


def existing(session: Session, run_id: UUID, lock: bool = False) -> models.Run:
    """The row of a run; raises NotFoundError."""
    row = runs.by_id(session, run_id, lock)
    if row is None:
        raise NotFoundError("no such run")
    return row


def out(session: Session, rows: Sequence[models.Run]) -> list[Run]:
    """Runs as the API shows them."""
    gone = runs.withdrawn_counts(session, [row.id for row in rows])
    trains = a_worker_trains(session)
    return [_out(session, row, gone.get(row.id, 0), trains) for row in rows]


def a_worker_trains(session: Session) -> bool:
    """Whether a worker that takes trainings was seen lately."""
    since = utc_now() - jobs.SEEN_LATELY
    return any(row.seen_at >= since and TRAINING_QUEUE in row.queues for row in job_rows.workers(session))


def _out(session: Session, row: models.Run, withdrawn: int, trains: bool) -> Run:
    job = jobs.latest(session, KIND, row.id)
    state = _state(session, row)
    plain = {name: getattr(row, name) for name in Run.model_fields if hasattr(row, name)}
    return Run(
        **plain
        | {
            "state": state,
            "error": row.error or (job.error if job is not None and state == RunState.failed else None),
            "waiting_for": _waiting_for(job, trains) if state == RunState.queued else None,
            "latest": None if row.latest is None else Latest(**row.latest),
            "newest": None if row.newest is None else Evaluation(**row.newest),
            "best": None if row.best is None else Evaluation(**row.best),
            "withdrawn": withdrawn,
            "job": None if job is None else jobs.out(job),
        }
    )


def _waiting_for(job: models.Job | None, trains: bool) -> str:
    if not trains:
        return "a worker: none that trains is running"
    said = "" if job is None else job.message.removeprefix("waiting for ")
    return said or "its turn: another run is trained"


def _state(session: Session, row: models.Run) -> RunState:
    """A run that is under way has ended when its job has, by a cancel say."""
    job = jobs.latest(session, KIND, row.id) if row.state in runs.OPEN else None
    return row.state if job is None else _ENDED_EARLY.get(job.state, row.state)


def _start(session: Session, row: models.Run, user_id: UUID | None) -> None:
    jobs.start(
        session,
        KIND,
        {"run": str(row.id)},
        title=f"Train “{row.name}”",
        project_id=row.project_id,
        subject_id=row.id,
        user_id=user_id,
        queue=TRAINING_QUEUE,
    )


def _snapshot(session: Session, project_id: UUID, snapshot_id: UUID) -> models.Snapshot:
    """The snapshot; raises RefusedError unless it is one of the project's and ready."""
    row = snapshots.by_id(session, snapshot_id)
    if row is None or row.project_id != project_id:
        raise RefusedError("snapshot_id: the project has no such snapshot")
    if row.state != SnapshotState.ready or row.hash is None:
        raise RefusedError(f"snapshot_id: the snapshot {row.name!r} is not ready")
    return row


def _free(session: Session, project_id: UUID, name: str) -> None:
    if runs.by_name(session, project_id, name) is not None:
        raise ConflictError(f"there is a run {name!r} already; choose another name")


def _same(state: State, row: models.Run, project_id: UUID) -> Run:
    """The run of an id that is asked for again."""
    if row.project_id != project_id:
        raise ConflictError("this id belongs to a run of another project")
    with state.database.read() as session:
        return get(session, row.id)
