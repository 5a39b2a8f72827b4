"""`densemark snapshot`: immutable versions of a project's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import (
    DEFAULT_DATA,
    AsJson,
    DataDir,
    console,
    counted,
    errors,
    find_project,
    find_users,
    open_state,
    print_json,
    print_table,
    progress_bar,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from annotation_db.models import Snapshot
    from server.snapshots.schemas import Changes, SnapshotDetail
    from server.state import State

app = typer.Typer(help="Make immutable versions of a project's work, compare and check them.", no_args_is_help=True)

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="A project's name or id.")]
SnapshotName = Annotated[str, typer.Argument(metavar="SNAPSHOT", help="A snapshot's name, id or hash.")]
_LISTED = 20


@app.command()
def create(
    project: ProjectName,
    name: Annotated[str, typer.Argument(help="Name of the snapshot.")],
    split: Annotated[str | None, typer.Option(help="Shares by image, e.g. train=.8,val=.2")] = None,
    near: Annotated[
        int | None, typer.Option(min=0, max=10, help="With --split: bits of 64 in which near-duplicate photos differ.")
    ] = None,
    state_: Annotated[
        list[str] | None, typer.Option("--state", help="Persons in this state carry their work: done; repeatable.")
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Leave other persons of the same photos out.")] = False,
    annotator: Annotated[list[str] | None, typer.Option(help="Count this user's marks alone; repeatable.")] = None,
    max_error: Annotated[float | None, typer.Option(help="Annotators' mean error in their study, cm, at most.")] = None,
    max_flagged: Annotated[float | None, typer.Option(help="Share of flagged points of a person, at most.")] = None,
    max_spread: Annotated[float | None, typer.Option(help="Distance of a point's marks, cm, at most.")] = None,
    min_marks: Annotated[int, typer.Option(min=1, help="Annotators who must have marked a point.")] = 1,
    tag: Annotated[list[str] | None, typer.Option(help="Photos with this tag alone; repeatable.")] = None,
    without_tag: Annotated[list[str] | None, typer.Option(help="No photos with this tag; repeatable.")] = None,
    rendered: Annotated[str, typer.Option(help="Rendered persons: with, without or only.")] = "with",
    gold: Annotated[str, typer.Option(help="Persons whose truth is known: with, without or only.")] = "with",
    marks: Annotated[str, typer.Option(help="Of several marks on a point: consensus or single (the latest).")] = (
        "consensus"
    ),
    body: Annotated[
        str | None, typer.Option(help="Name or hash of a body to transfer the marks to; the project's own if left out.")
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Make a snapshot of a project's work as it is now. Ctrl+C stops it and leaves nothing; after a kill or a power cut
    the same command goes on with it."""
    from export.splits import parse_split
    from server.jobs.here import do
    from server.snapshots import service
    from server.snapshots.schemas import SnapshotCreate, SnapshotSettings

    with open_state(data) as state:
        project_id, _ = find_project(state, project)
        settings: dict[str, Any] = {
            "others": not only,
            "annotators": find_users(state, annotator) if annotator else None,
            "max_error_cm": max_error,
            "max_flagged": max_flagged,
            "max_spread_cm": max_spread,
            "min_marks": min_marks,
            "tags": tag or [],
            "without_tags": without_tag or [],
            "rendered": rendered,
            "gold": gold,
            "marks": marks,
            "body": body,
            "splits": parse_split(split) if split else None,
        }
        settings |= {"states": state_} if state_ else {}
        settings |= {"near_distance": near} if near is not None else {}
        asked = SnapshotCreate(name=name, settings=_checked(SnapshotSettings, settings))
        begun = service.being_made(state, project_id, asked)
        if begun is not None:
            errors.print(f"going on with {name}, of the work as of {begun.as_of:%Y-%m-%d %H:%M} UTC", markup=False)
        made = begun or service.create(state, project_id, asked, None)
        assert made.job is not None
        try:
            with progress_bar() as bar:
                do(state, made.job.id, _progress(bar))
        except KeyboardInterrupt:
            service.delete(state, made.id)
            raise
        with state.database.read() as session:
            shown = service.get(session, made.id)
    if as_json:
        print_json(shown.model_dump(mode="json"))
        return
    _print(shown)


@app.command("list")
def list_(project: ProjectName, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """List a project's snapshots, the newest first."""
    from annotation_db.repositories import snapshots
    from server.snapshots import service

    with open_state(data) as state:
        project_id, _ = find_project(state, project)
        with state.database.read() as session:
            shown = service.out(session, snapshots.page(session, project_id, None, 10_000))
    if as_json:
        print_json([item.model_dump(mode="json") for item in shown])
        return
    print_table(
        ("name", "state", "as of", "images", "persons", "points", "withdrawn since", "hash"),
        [
            (
                item.name, str(item.state), f"{item.as_of:%Y-%m-%d %H:%M}",
                *((item.counts.images, item.counts.persons, item.counts.points) if item.counts else ("", "", "")),
                f"{counted(item.withdrawn, 'photo')}, {counted(item.withdrawn_persons, 'person')}"
                if item.withdrawn else "",
                (item.hash or "")[:12],
            )
            for item in shown
        ],
    )  # fmt: skip


@app.command()
def show(project: ProjectName, snapshot: SnapshotName, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Print a snapshot's card."""
    from server.snapshots import service

    with open_state(data) as state:
        row = find(state, project, snapshot)
        with state.database.read() as session:
            if as_json:
                print_json(service.get(session, row.id).model_dump(mode="json"))
            else:
                console.print(service.card_markdown(session, row.id), markup=False)


@app.command()
def diff(
    project: ProjectName,
    old: Annotated[str, typer.Argument(metavar="OLD", help="A snapshot's name, id or hash.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another one's.")],
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Say what was added, removed and changed between two snapshots."""
    from server.snapshots import service

    with open_state(data) as state:
        rows = find(state, project, old), find(state, project, new)
        found = service.compare(state, rows[1].id, rows[0].id, 1_000_000 if as_json else _LISTED)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    if found.same_content:
        console.print("their content is the same")
        return
    if not found.same_body:
        console.print("note: they are on different bodies")
    for noun, changes in (("photo", found.images), ("person", found.persons)):
        _print_changes(noun, changes)


@app.command()
def verify(project: ProjectName, snapshot: SnapshotName, data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Check that every byte of a snapshot is what it was. Exits 1 when one is not."""
    from export.snapshots import damage
    from server.snapshots import places, service

    with open_state(data) as state:
        row = find(state, project, snapshot)
        with state.database.read() as session:
            service.ready(session, row.id)
        assert row.hash is not None
        with errors.status("reading every byte"):
            found = damage(places.folder_of(state.settings, row.hash), row.hash)
    if as_json:
        print_json({"snapshot": row.name, "hash": row.hash, "problems": found})
    else:
        for line in found:
            console.print(line, markup=False)
        if not found:
            console.print(f"{row.name} is whole")
    if found:
        raise typer.Exit(1)


@app.command()
def delete(project: ProjectName, snapshot: SnapshotName, data: DataDir = DEFAULT_DATA) -> None:
    """Remove a snapshot and its files; one that is being made is stopped."""
    from server.snapshots import service

    with open_state(data) as state:
        row = find(state, project, snapshot)
        service.delete(state, row.id)
    console.print(f"removed {row.name}")


def find(state: State, project: str, name: str) -> Snapshot:
    """The snapshot of a project by name, id or the beginning of its hash (8 digits at least).

    Raises ValueError where there is none, or more than one.
    """
    from annotation_db.repositories import snapshots

    project_id, shown = find_project(state, project)
    with state.database.read() as session:
        rows = snapshots.page(session, project_id, None, 100_000)
    named = [row for row in rows if name in (row.name, str(row.id))]
    found = named or [row for row in rows if len(name) >= 8 and (row.hash or "").startswith(name)]
    if not found:
        raise ValueError(f"the project {shown!r} has no snapshot {name!r}")
    if len({row.hash for row in found}) > 1:
        raise ValueError(f"{name!r} means {len(found)} snapshots: give one's name")
    return found[0]


def _checked(kind: Any, values: dict[str, Any]) -> Any:
    """Settings; what is wrong with them is told in one line."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        if "expected" in first.get("ctx", {}):
            raise ValueError(f"{first['loc'][0]}: {first['input']!r} is none of {first['ctx']['expected']}") from error
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _progress(bar: Progress) -> Any:
    task = bar.add_task("planning", total=None)

    def show(done: int, total: int, message: str) -> None:
        bar.update(task, completed=done, total=total or None, description=message or "writing")

    return show


def _print(shown: SnapshotDetail) -> None:
    assert shown.counts is not None
    c = shown.counts
    console.print(
        f"{shown.name} is ready: {c.images:,} photos, {c.persons:,} persons, {c.annotated:,} of them annotated,"
        f" {c.points:,} points"
    )
    if len(shown.splits) > 1:
        print_table(
            ("split", "photos", "persons", "annotated", "points"),
            [(s.name, s.images, s.persons, s.annotated, s.points) for s in shown.splits],
        )
    console.print(f"hash {shown.hash}")


def _print_changes(noun: str, changes: Changes) -> None:
    console.print(
        f"{noun}s: {changes.added:,} added, {changes.removed:,} removed, {changes.changed:,} changed,"
        f" {changes.same:,} the same"
    )
    if changes.what:
        console.print("changed in " + ", ".join(f"{what}: {n:,}" for what, n in sorted(changes.what.items())))
    print_table(
        ("id", "photo", "how", "what"),
        [(str(item.id), item.image, item.how, ", ".join(item.what)) for item in changes.items],
    )
    more = changes.added + changes.removed + changes.changed - len(changes.items)
    if more:
        console.print(f"and {more:,} more; --json lists all")
