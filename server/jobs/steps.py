"""What a step process does for a job: plan it, do a shard, finish it. Each may be done again at any time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from annotation_db import Database
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from server.jobs.kinds import kind_of
from server.jobs.words import EndedTooOftenError
from server.state import State

MOST_ATTEMPTS = 5
"""So often a shard may be begun: one that takes its process down each time must not go on for ever."""
_SAY_EVERY = 1.0  # seconds


@dataclass
class _Speaker:
    database: Database
    job_id: UUID
    said: float = 0.0


_speaker: _Speaker | None = None


def say(message: str) -> None:
    """Tell people what the job that this process works on is busy with; at most once a second goes through."""
    if _speaker is None or time.monotonic() - _speaker.said < _SAY_EVERY:
        return
    _speaker.said = time.monotonic()
    with _speaker.database.write() as session:
        jobs.say(session, _speaker.job_id, message)


def plan(state: State, job_id: UUID) -> list[int] | None:
    """Cut the job into shards; returns those that are to be done, None if the job has ended."""
    with state.database.write() as session:
        job = jobs.by_id(session, job_id)
        if job is None or job.state in jobs.ENDED:
            return None
        if job.state == JobState.queued:
            _check_attempts(jobs.begin(session, job_id))
    if job.state == JobState.queued:
        _listen(state, job_id)
        shards = kind_of(job.kind).plan(state, job.args)
        with state.database.write() as session:
            locked = jobs.by_id(session, job_id, lock=True)
            if locked is not None and locked.state == JobState.queued:
                jobs.plan(session, locked, shards)
    with state.database.read() as session:
        return None if jobs.ended(session, [job_id]) else list(jobs.unfinished(session, job_id))


def step(state: State, job_id: UUID, index: int) -> int | None:
    """Do a shard, unless it is done; returns how many are left, None if the job has ended."""
    with state.database.write() as session:
        job, shard = jobs.by_id(session, job_id), jobs.shard(session, job_id, index)
        if job is None or shard is None or job.state in jobs.ENDED:
            return None
        if shard.finished_at is not None:
            return job.total - job.done
        _check_attempts(jobs.begin_shard(session, job_id, index))
    _listen(state, job_id)
    result = kind_of(job.kind).step(state, job.args, shard.args)
    with state.database.write() as session:
        return jobs.finish_shard(session, job_id, index, result)


def finish(state: State, job_id: UUID) -> None:
    """Make the job's result, unless it has ended."""
    with state.database.write() as session:
        job = jobs.by_id(session, job_id)
        if job is None or job.state in jobs.ENDED:
            return
        _check_attempts(jobs.begin(session, job_id))
        results = jobs.results(session, job_id)
    _listen(state, job_id)
    result = kind_of(job.kind).finish(state, job.args, results)
    with state.database.write() as session:
        jobs.end(session, job_id, JobState.done, result=result)


def _check_attempts(attempts: int) -> None:
    # Planning and finishing count together: twice as often does no harm.
    if attempts > MOST_ATTEMPTS:
        raise EndedTooOftenError(
            f"the same part of it was begun {MOST_ATTEMPTS} times and never came to an end; is there enough memory?"
        )


def _listen(state: State, job_id: UUID) -> Any:
    global _speaker
    _speaker = _Speaker(state.database, job_id)
