"""`densemark body geodesics`: the table of geodesic distances of a body."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.markup import escape

from cli.common import DEFAULT_DATA, AsJson, console, print_json, print_table, progress_bar

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="DENSEMARK_DATA",
        help="Build it for the server over this data folder; without it, for Python, in the cache folder.",
    ),
]


def geodesics(
    name: Annotated[str, typer.Argument(help="A body's name, or a body file (.npz).")] = "anny",
    data: Data = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="How many measure at once; one per processor if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the table of geodesic distances of a body, or go on with it; then measure how good it is."""
    from cli.body_names import load
    from surface import geodesic_check
    from surface.geodesic_build import build
    from surface.geodesic_table import GeodesicTable

    body = load(name, data or DEFAULT_DATA)
    begin = perf_counter()
    with progress_bar() as bar:
        task = bar.add_task(f"distances of {body.name}", total=None)
        path = build(
            body.hash,
            body.vertices,
            body.faces,
            None if data is None else data / "geodesics",
            processes,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    seconds = perf_counter() - begin
    table = GeodesicTable.open(path, body)
    with progress_bar() as bar:
        task = bar.add_task("measuring it", total=_SOURCES)
        sampled = []
        for n in range(_SOURCES):
            sampled.append(geodesic_check.sample(body, 1, 40, seed=100 * n))
            bar.advance(task)
    a, b, exact = geodesic_check.joined(sampled)
    figures = {
        "vertices": table.vertices,
        "seconds": round(seconds, 1),
        "MB": round(path.stat().st_size / 1e6, 1),
        "step, mm": round(1000 * table.step, 4),
        **geodesic_check.errors(table.distances(a, b), exact),
        "pairs a second": round(geodesic_check.speed(body, table)),
    }
    if as_json:
        print_json({"name": body.name, "hash": body.hash, "file": str(path), **figures})
        return
    console.print(f"[bold]{escape(body.name)}[/bold] {body.hash}\n{escape(str(path))}", markup=True)
    print_table(("figure", "value"), figures.items())


_SOURCES = 10
