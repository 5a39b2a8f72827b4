"""`densemark worker`: does jobs."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import Annotated

import typer

from cli.common import DEFAULT_DATA, DataDir, console, counted, settings_for


def worker(
    queue: Annotated[
        list[str] | None,
        typer.Option(help="Queue to take jobs from: default, training; may be repeated; both if not given."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Who this is; the machine's name and a number if not given.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Parts of jobs done at once; one per processor if not given.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Do jobs (renders, reports, trainings) until Ctrl+C. Several may run, with PostgreSQL on many machines."""
    from annotation_db import Database, migrate
    from annotation_db.repositories import jobs
    from server.jobs.kinds import DEFAULT_QUEUE, TRAINING_QUEUE
    from server.jobs.worker import Worker, work

    settings = settings_for(data)
    if not settings.database_url and not (data / "densemark.db").exists():
        raise ValueError(f"no DenseMark data in {data.absolute()}: a worker works for a server that has some")
    migrate(settings.resolved_database_url())
    made = Worker(settings, queue, name, concurrency)
    console.print(
        f"worker {made.name}: {counted(made.concurrency, 'step')} at once from"
        f" {', '.join(queue or [DEFAULT_QUEUE, TRAINING_QUEUE])};"
        " Ctrl+C ends it, and what it was at is done by another or later"
    )
    with closing(Database(settings.resolved_database_url())) as database, database.read() as session:
        strange = sorted({*(queue or ())} - {DEFAULT_QUEUE, TRAINING_QUEUE} - jobs.queues(session))
    if strange:
        console.print(
            f"no job was ever put in {', '.join(strange)}: is the name right? Jobs are in {DEFAULT_QUEUE}, trainings"
            f" in {TRAINING_QUEUE}, unless a program says otherwise"
        )
    signal.signal(signal.SIGINT, lambda *_: made.end())
    work(made)
