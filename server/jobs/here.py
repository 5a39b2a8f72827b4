"""A job from the shell: done in this process where no worker lives, and followed where one does."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from annotation_db import models
from annotation_db.models import JobState
from annotation_db.repositories import jobs
from server.jobs import service, steps
from server.jobs.words import in_words
from server.state import State

Progress = Callable[[int, int, str], None]
_EVERY = 0.5  # seconds between two looks


def do(state: State, job_id: UUID, progress: Progress = lambda _done, _total, _message: None) -> models.Job:
    """Bring a job to its end; returns its row. What is interrupted goes on with the next worker.

    :param progress: called with the finished shards, all of them, and what it is busy with.
    :raises ValueError: the job failed or was cancelled; the message says why.
    """
    with state.database.read() as session:
        followed = service.a_worker_lives(session)
    if not followed:
        _do_here(state, job_id, progress)
    while (row := _row(state, job_id)).state in jobs.OPEN:
        progress(row.done, row.total, row.message)
        time.sleep(_EVERY)
    progress(row.done, row.total, "")
    if row.state != JobState.done:
        raise ValueError(row.error or "the job was cancelled")
    return row


def _do_here(state: State, job_id: UUID, progress: Progress) -> None:
    try:
        for index in steps.plan(state, job_id) or []:
            row = _row(state, job_id)
            progress(row.done, row.total, row.message)
            if steps.step(state, job_id, index) is None:
                return
        steps.finish(state, job_id)
    except Exception as error:
        with state.database.write() as session:
            jobs.end(session, job_id, JobState.failed, error=in_words(error))
        raise ValueError(in_words(error)) from error


def _row(state: State, job_id: UUID) -> models.Job:
    with state.database.read() as session:
        row = jobs.by_id(session, job_id)
    if row is None:
        raise ValueError("the job is gone")
    return row
