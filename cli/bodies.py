"""`densemark body`: the reference surfaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli.body_names import load
from cli.build_mesh import build_mesh
from cli.build_smpl import build_smpl
from cli.common import DEFAULT_DATA, AsJson, DataDir, console, errors, print_json, print_table, progress_bar, stop
from cli.geodesics import geodesics
from cli.reference import reference
from cli.transfer import transfer

if TYPE_CHECKING:
    from surface.body import Body

app = typer.Typer(help="The body surfaces: list, show, build, check.", no_args_is_help=True)
build = typer.Typer(help="Build a body.", no_args_is_help=True)
app.add_typer(build, name="build")
app.command("geodesics")(geodesics)
app.command("transfer")(transfer)
app.command("reference")(reference)
build.command("mesh")(build_mesh)
build.command("smpl")(build_smpl)

BodyName = Annotated[str, typer.Argument(help="A shipped body's name, or a body file (.npz).")]


@app.command("list")
def list_(data: DataDir = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """List the bodies: the shipped ones and those in the data folder."""
    import surface

    sources: list[str | Path] = [*surface.names(), *sorted((data / "bodies").glob("*.npz"))]
    bodies: dict[str, Body] = {}
    for source in sources:
        try:
            body = surface.load(source)
        except (ValueError, OSError) as error:
            errors.print(f"[yellow]note:[/yellow] left out: {escape(str(error))}", markup=True)
        else:
            bodies.setdefault(body.hash, body)
    rows = [
        (b.name, len(b.vertices), len(b.faces), len(b.chart_names), len(b.part_names), b.hash) for b in bodies.values()
    ]
    columns = ("name", "vertices", "triangles", "charts", "parts", "hash")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, [(*row[:-1], row[-1][:12]) for row in rows])


@app.command()
def show(
    name: BodyName = "anny",
    out: Annotated[Path | None, typer.Option(help="Write a picture of body, charts and part views (PNG).")] = None,
    sheet: Annotated[str, typer.Option(help="What the picture shows: all, body, charts or views.")] = "all",
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Show a body's parts and charts; with --out, draw them."""
    from surface.figure import SHEETS

    if sheet not in SHEETS:
        stop(f"--sheet {sheet} is not one of {', '.join(SHEETS)}")
    if out is not None and (out.suffix.lower() != ".png" or not out.absolute().parent.is_dir()):
        stop(f"{out}: pictures are .png files in a folder that exists")
    body = load(name, data)
    charts = [
        (
            number,
            chart,
            body.part_names[int(body.chart_part[number - 1]) - 1],
            int((body.face_chart == number).sum()),
            float(body.face_area[body.face_chart == number].sum() * 1e4),
            int(body.chart_mirror[number]),
        )
        for number, chart in enumerate(body.chart_names, start=1)
    ]
    columns = ("I", "chart", "part", "triangles", "area_cm2", "mirror")
    if as_json:
        print_json(
            {"name": body.name, "hash": body.hash, "charts": [dict(zip(columns, c, strict=True)) for c in charts]}
        )
    else:
        console.print(f"[bold]{escape(body.name)}[/bold] {body.hash}", markup=True)
        print_table(columns, charts)
    if out is not None:
        from surface.figure import figure

        with errors.status("drawing") as status:
            picture = figure(body, sheet, lambda name: status.update(f"drawing {name}"))
        part = out.with_name(out.name + ".part")
        picture.save(part, format="PNG", optimize=True)
        part.replace(out)
        (errors if as_json else console).print(f"wrote {out}: {picture.width} x {picture.height} pixels")


@app.command()
def check(
    name: BodyName = "anny",
    scaling: Annotated[
        bool, typer.Option(help="Compare each chart with plain multidimensional scaling (most of the time).")
    ] = True,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Measure mesh, charts, round trips and mirror. Exits 1, with the reasons, when something is wrong."""
    from dataclasses import asdict

    from cli.body_report import chart_table, plain, summary_table
    from surface.check import inspect

    body = load(name, data)
    with progress_bar() as bar:
        task = bar.add_task("measuring triangles", total=len(body.faces))
        figures = inspect(body, scaling, lambda done, total: bar.update(task, completed=done, total=total))
    problems, notes = figures.problems, figures.notes
    if as_json:
        print_json(
            {
                "name": body.name,
                "hash": body.hash,
                "mesh": {**asdict(figures.mesh), "closed": figures.mesh.closed},
                "charts": [plain({**asdict(chart), "ratio": chart.ratio}) for chart in figures.charts],
                "round_trips": asdict(figures.trips),
                "mirror": None if figures.mirror is None else asdict(figures.mirror),
                "notes": notes,
                "problems": problems,
            }
        )
    else:
        console.print(f"[bold]{escape(body.name)}[/bold] {body.hash}", markup=True)
        console.print(chart_table(figures))
        console.print()
        console.print(summary_table(figures))
        for note in notes:
            console.print(f"note: {note}")
    if problems:
        stop("; ".join(problems))
    if not as_json:
        console.print("no problems")


@build.command("anny")
def build_anny(
    out: Annotated[Path | None, typer.Option(help="The file; bodies/anny.npz in the data folder if not given.")] = None,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Build the default body from the anny package (needs `pip install densemark\\[model]`)."""
    try:
        from surface.builders.anny import build as build_body

        body = build_body()
    except ModuleNotFoundError as error:
        stop(f"{error.name} is missing: building needs `pip install densemark[model]` (the built body ships already)")
    target = out or data / "bodies" / "anny.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    body.save(target)
    console.print(f"wrote {target}: {len(body.vertices):,} vertices, {len(body.chart_names)} charts, {body.hash[:12]}")
