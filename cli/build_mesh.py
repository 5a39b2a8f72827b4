"""`densemark body build mesh`: a body from the user's own mesh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.body_names import new_file, new_name
from cli.common import DEFAULT_DATA, AsJson, DataDir, console, counted, errors, print_json, stop


def build_mesh(
    mesh: Annotated[Path, typer.Option(help="The mesh: OBJ, PLY, GLB, glTF, STL or OFF.")],
    parts: Annotated[
        Path | None, typer.Option(help="Parts by face or vertex: JSON with names and labels, text or .npy of numbers.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The body's name; the mesh file's if not given.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; bodies/NAME.npz in the data folder if not given.")] = None,
    units: Annotated[str | None, typer.Option(help="Of the file: m, dm, cm, mm, in, ft.")] = None,
    up: Annotated[str | None, typer.Option(help="The file's axis that points up: y (default), z, -x, ...")] = None,
    front: Annotated[
        str | None, typer.Option(help="The axis the body faces: z (default; -y if z is up), x, ...")
    ] = None,
    decimate: Annotated[int | None, typer.Option(help="Reduce the mesh to about so many faces.")] = None,
    holes: Annotated[str, typer.Option(help="Which holes to fill: small, all or none.")] = "small",
    largest: Annotated[bool, typer.Option("--largest", help="Leave out all pieces but the largest.")] = False,
    symmetry: Annotated[
        str, typer.Option(help="auto; force: make the right half the mirror image of the left; none: do not look.")
    ] = "auto",
    charts: Annotated[int, typer.Option(help="Split the largest charts until there are so many.")] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a body of that name.")] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Build a body from any mesh of an animal or an object: cleaned, parted, unfolded."""
    from surface.builders import mesh as builder
    from surface.builders.mesh_report import Report

    name = new_name(name, mesh)
    target = new_file(name, out, data, replace)
    for attempt in (1, 2):
        report = Report()
        try:
            with errors.status("reading") as status:
                body = builder.build(
                    mesh, parts, name=name, units=units, up=up, front=front, decimate=decimate, holes=holes,
                    largest=largest, symmetry=symmetry, least_charts=charts, report=report, stage=status.update,
                )  # fmt: skip
            break
        except builder.UnitsError as error:
            if attempt == 2 or not (sys.stdin.isatty() and sys.stderr.isatty()):
                stop(str(error))
            errors.print(f"The mesh is {error.size:.4g} units across.")
            units = typer.prompt("What is a unit? (m, dm, cm, mm, in, ft)", default=error.likely, err=True)
        except (ValueError, OSError) as error:
            stop(str(error))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        body.save(target)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror or error}")
    if as_json:
        print_json({"name": body.name, "hash": body.hash, "file": str(target), "report": report.as_dict()})
        return
    for line in report.lines():
        console.print(line, markup=False)
    console.print(
        f"wrote {target}: {len(body.vertices):,} vertices, {len(body.faces):,} faces, "
        f"{counted(len(body.part_names), 'part')}, {counted(len(body.chart_names), 'chart')}, {body.hash[:12]}"
    )
