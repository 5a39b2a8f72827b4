"""`densemark run`: trainings on a project's snapshots, as the page of the project does them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    errors,
    find_project,
    open_state,
    print_json,
    print_table,
    progress_bar,
)

if TYPE_CHECKING:
    from uuid import UUID

    from server.runs.schemas import Run
    from server.state import State

app = typer.Typer(help="Train networks on a project's snapshots: start, follow, stop, go on.", no_args_is_help=True)

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name or id.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="key=value: change the recipe; repeatable.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu or cuda:N.")]
Hours = Annotated[float | None, typer.Option(help="The most that it may train, in hours; then it stops.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end; train it here where no worker runs.")]


@app.command("list")
def list_(
    project: Annotated[str | None, typer.Argument(help="A project's name or id; all if left out.")] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first, with the best figures of each."""
    from annotation_db.repositories import runs
    from server.runs import service

    with open_state(data) as state:
        only = None if project is None else find_project(state, project)[0]
        with state.database.read() as session:
            rows = [row for row in runs.everything(session) if only in (None, row.project_id)]
            shown = service.out(session, rows)
    if as_json:
        print_json([run.model_dump(mode="json") for run in shown])
        return
    print_table(
        ("name", "state", "step", "of", "recipe", "snapshot", "best", "id"),
        [(r.name, str(r.state), r.step, r.steps, r.recipe, r.snapshot_name, _best(r), str(r.id)) for r in shown],
    )


@app.command()
def show(name: RunName, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Tell all of a run."""
    with open_state(data) as state:
        run = _found(state, name)
    _print(run, as_json)


@app.command()
def start(
    project: Annotated[str, typer.Argument(help="A project's name or id.")],
    name: Annotated[str, typer.Argument(help="Name of the run.")],
    snapshot: Annotated[str, typer.Option(help="Name, id or hash of the snapshot to learn from.")],
    recipe: Annotated[str, typer.Option(help="Name of a recipe that ships.")],
    set_: Set = None,
    device: Device = None,
    hours: Hours = None,
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by; repeatable.")] = None,
    notes: Annotated[str, typer.Option(help="What it is for.")] = "",
    wait: Wait = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Have a network trained on a snapshot, by a worker."""
    from cli.snapshots import find
    from server.runs import service
    from server.runs.schemas import RunCreate

    with open_state(data) as state:
        project_id, _ = find_project(state, project)
        asked = _checked(
            RunCreate,
            name=name,
            snapshot_id=find(state, project, snapshot).id,
            recipe=recipe,
            changes=set_ or [],
            device=device or "auto",
            hours=hours,
            tags=tag or [],
            notes=notes,
        )
        run = service.create(state, project_id, asked, None)
        run = _followed(state, run.id, wait)
    _print(run, as_json)


@app.command()
def resume(
    name: RunName,
    set_: Set = None,
    device: Device = None,
    hours: Hours = None,
    wait: Wait = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Have a run that stopped or failed go on from its last checkpoint; --set takes running.*, data.workers and
    schedule.accumulate."""
    from server.runs import service
    from server.runs.schemas import RunResume

    with open_state(data) as state:
        asked = _checked(RunResume, changes=set_ or [], device=device, hours=hours)
        run = service.resume(state, _found(state, name).id, asked, None)
        run = _followed(state, run.id, wait)
    _print(run, as_json)


@app.command()
def stop(name: RunName, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Have a run end after its step, with a checkpoint."""
    from server.runs import service

    with open_state(data) as state:
        run = service.stop(state, _found(state, name).id)
    _print(run, as_json)


@app.command()
def log(name: RunName, data: DataDir = DEFAULT_DATA) -> None:
    """Print what a run's trainer has printed."""
    from server.runs import folder

    with open_state(data) as state:
        place = folder.of(state.settings, _found(state, name).id)
    at, end = 0, False
    while not end:
        text, at, end = folder.log(place, at)
        sys.stdout.write(text)


def _found(state: State, name: str) -> Run:
    """The run of a name or id. Raises ValueError where there is none, or several projects have one of that name."""
    from annotation_db.repositories import runs
    from server.runs import service

    with state.database.read() as session:
        rows = [row for row in runs.everything(session) if name in (row.name, str(row.id))]
        if not rows:
            raise ValueError(f"no run {name!r}: `densemark run list` tells which there are")
        if len(rows) > 1:
            raise ValueError(f"{len(rows)} runs are called {name!r}; name one by its id: {[str(r.id) for r in rows]}")
        return service.out(session, rows)[0]


def _followed(state: State, run_id: UUID, wait: bool) -> Run:
    """The run as it is; with ``wait`` at its end."""
    from server.jobs.here import do
    from server.runs import service

    with state.database.read() as session:
        run = service.get(session, run_id)
    assert run.job is not None
    if not wait:
        if run.waiting_for is not None and "worker" in run.waiting_for:
            errors.print("note: no worker that trains is running: `densemark worker` or `densemark serve` runs one")
        return run
    with progress_bar(transient=True) as bar:
        task = bar.add_task(run.name, total=run.steps)

        def tell(_done: int, _total: int, message: str) -> None:
            with state.database.read() as session:
                now = service.get(session, run_id)
            bar.update(task, completed=now.step, description=f"{now.name}: {message or now.state}")

        do(state, run.job.id, tell)
    with state.database.read() as session:
        return service.get(session, run_id)


def _checked(model: Any, **values: Any) -> Any:
    """A request body. Raises ValueError, naming the first value that is wrong."""
    from pydantic import ValidationError

    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _best(run: Run) -> str:
    """The figure that the run's best evaluation is known by."""
    figures = {} if run.best is None else run.best.figures
    for way in (("gps", "AP"), ("auc30",), ("keypoints", "AP"), ("box", "AP")):
        value: Any = figures
        for key in way:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, int | float) and value >= 0:
            return f"{' '.join(way)} {value:.3f}"
    return ""


def _print(run: Run, as_json: bool) -> None:
    if as_json:
        print_json(run.model_dump(mode="json"))
        return
    console.print(f"{run.name}: {run.state}, step {run.step:,} of {run.steps:,}, {run.seconds / 3600:.2f} h")
    if run.state == "queued" and run.waiting_for:
        console.print(f"waiting for {run.waiting_for}")
    if run.error:
        console.print(run.error)
    if _best(run):
        console.print(f"best: {_best(run)}, after step {run.best.step if run.best else 0:,}")
    if run.withdrawn:
        console.print(f"photos it learnt from that were withdrawn since: {run.withdrawn:,}")
    console.print(
        f"snapshot {run.snapshot_name}, recipe {run.recipe}{''.join(f' {change}' for change in run.changes)},"
        f" device {run.device}; id {run.id}"
    )
