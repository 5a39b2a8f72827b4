"""`densemark study`: studies of how accurately people annotate, for whoever sits at the server."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path
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
)

if TYPE_CHECKING:
    from uuid import UUID

    from server.state import State

app = typer.Typer(
    help="Measure annotators on rendered persons: set studies up, make their reports.", no_args_is_help=True
)

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name or id of the study.")]


@app.command("list")
def list_(data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """List the studies of all projects, the newest first."""
    from annotation_db.repositories import studies
    from server.studies.service import out

    with open_state(data) as state, state.database.read() as session:
        shown = out(session, studies.everything(session))
    if as_json:
        print_json([study.model_dump(mode="json") for study in shown])
        return
    print_table(
        ("name", "state", "persons", "annotators", "done", "of", "id"),
        [(s.name, str(s.state), s.persons, len(s.annotators), s.done, s.total, str(s.id)) for s in shown],
    )


@app.command()
def create(
    project: Annotated[str, typer.Argument(help="Name or id of the project that has the rendered persons.")],
    name: Annotated[str, typer.Argument(help="Name of the study.")],
    annotator: Annotated[list[str] | None, typer.Option(help="User name of who takes part; may be repeated.")] = None,
    persons: Annotated[
        int | None, typer.Option(min=1, help="How many persons to measure; all rendered ones if not given.")
    ] = None,
    part: Annotated[list[str] | None, typer.Option(help="Part to mark, by name or label; may be repeated.")] = None,
    points: Annotated[int, typer.Option(min=1, max=14, help="Points of a part at most.")] = 6,
    drawn: Annotated[bool, typer.Option("--drawn", help="Annotators draw the masks, too.")] = False,
    practice: Annotated[int | None, typer.Option(min=0, help="Persons to practise on.")] = None,
    again: Annotated[int | None, typer.Option(min=0, help="Persons that everybody gets twice.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the choice and the orders.")] = None,
    begin: Annotated[bool, typer.Option("--open", help="Let the annotators begin at once.")] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Set a study up on a project's rendered persons."""
    from annotation.words import StudyMasks
    from server.studies import service
    from server.studies.schemas import StudyCreate

    with open_state(data) as state:
        project_id, _ = find_project(state, project)
        body = StudyCreate(
            name=name,
            count=persons,
            annotators=find_users(state, annotator or []),
            parts=_parts(state, project_id, part) if part else None,
            points_per_part=points,
            masks=StudyMasks.drawn if drawn else StudyMasks.given,
            practice=practice,
            again=again,
            seed=seed,
        )
        made = service.create(state, project_id, body, None)
        if begin:
            made = service.open_study(state, made.id)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    console.print(
        f"{made.name} ({made.id}) is {made.state}: {counted(made.persons, 'person')}, {made.practice} before them for"
        f" practice, {made.again} shown twice, {counted(len(made.annotators), 'annotator')}"
    )


@app.command()
def report(
    study: StudyName,
    out: Annotated[Path | None, typer.Option(help="Folder for report.json, report.pdf, tables and figures.")] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Make the report of a study: what is done so far counts. The first one measures the body, which takes minutes."""
    from server.studies import report_job

    with open_state(data) as state:
        study_id = _study(state, study)
        with errors.status("collecting the marks") as status:
            folder = report_job.make(state, study_id, status.update)
    said = json.loads((folder / "report.json").read_text())
    if out is not None:
        _copy(folder, out)
    if as_json:
        print_json(said)
        return
    shown = [group for group in said["groups"] if group["kind"] in ("all", "group")]
    print_table(
        ("part", "points", "mean (cm)", "95% interval", "median (cm)", "over the surface (cm)"),
        [
            (g["name"], g["points"], _cm(g["mean"]["value"]), _interval(g["mean"]), _cm(g["median"]["value"]),
             _cm(g["surface_mean"]["value"]))
            for g in shown
        ],
        title=f"{said['title']}: {counted(said['annotators'], 'annotator')}, {counted(said['persons'], 'person')}",
    )  # fmt: skip
    console.print(f"wrote {out or folder}")


@app.command()
def points(
    study: StudyName,
    out: Annotated[Path | None, typer.Option(help="File; standard output if not given.")] = None,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Write the points of a study's persons, a JSON object a line, for networks to predict."""
    from server.studies.networks import lines

    with open_state(data) as state:
        study_id = _study(state, study)
        if out is None:
            for line in lines(state, study_id):
                sys.stdout.write(line.decode())
            return
        with out.open("wb") as file:
            count = sum(bool(file.write(line)) for line in lines(state, study_id))
    console.print(f"wrote {counted(count, 'point')} to {out}")


@app.command()
def network(
    study: StudyName,
    name: Annotated[str, typer.Argument(help="What the network is called in the report.")],
    file: Annotated[Path, typer.Argument(help="A JSON object a line: point, and I, U, V or face, bary, or neither.")],
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Keep what a network predicts for the points, to stand beside the annotators in the report."""
    from server.studies.networks import put
    from server.studies.schemas import NetworkPoint

    items = []
    with file.open() as given:
        for number, line in enumerate(given, start=1):
            try:
                items.append(NetworkPoint.model_validate_json(line))
            except ValueError as error:
                raise ValueError(f"{file}, line {number}: {error}") from error
    with open_state(data) as state:
        kept = put(state, _study(state, study), name, items, None)
    console.print(f"kept {counted(kept.points, 'point')} of {kept.name}")


def _study(state: State, name: str) -> UUID:
    from annotation_db.repositories import studies

    with state.database.read() as session:
        found = [study for study in studies.everything(session) if name in (study.name, str(study.id))]
    if not found:
        raise ValueError(f"no study {name!r}")
    if len(found) > 1:
        raise ValueError(f"{len(found)} studies are called {name!r}; name one by its id: {[str(s.id) for s in found]}")
    return found[0].id


def _parts(state: State, project_id: UUID, wanted: list[str]) -> list[int]:
    from annotation_db.repositories import projects

    with state.database.read() as session:
        project = projects.by_id(session, project_id)
        assert project is not None
    names = [name.casefold() for name in state.bodies.by_hash(project.body_hash).body.part_names]
    labels = []
    for word in wanted:
        if not word.isdigit() and word.casefold() not in names:
            raise ValueError(f"no part {word!r}; there are {', '.join(names)}")
        labels.append(int(word) if word.isdigit() else names.index(word.casefold()) + 1)
    return labels


def _copy(folder: Path, out: Path) -> None:
    """The files of a report, the tables unpacked."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tables.zip"))
    with zipfile.ZipFile(folder / "tables.zip") as tables:
        tables.extractall(out / "tables")


def _cm(metres: float | None) -> str:
    return "-" if metres is None else f"{100 * metres:.2f}"


def _interval(figure: dict[str, Any]) -> str:
    return f"{_cm(figure['low'])} to {_cm(figure['high'])}"
