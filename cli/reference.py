"""`densemark body reference`: files with which the reference code trains and evaluates on a body."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import DEFAULT_DATA, AsJson, DataDir, console, print_json, stop
from cli.transfer import registering

if TYPE_CHECKING:
    from export.reference_files import Purpose


def reference(
    name: Annotated[str, typer.Argument(help="A body in the data folder, a shipped one, or a body file (.npz).")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write into.")],
    purpose: Annotated[
        str | None,
        typer.Option(
            "--for", help="charts (DensePose) or embeddings (CSE); charts if the body has DensePose's, if not given."
        ),
    ] = None,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Write the symmetry tables and evaluator files of a body for the reference code; needs its geodesic table."""
    from cli.body_names import load
    from export.on_body import has_charts
    from export.reference_files import write
    from surface.geodesic_table import find

    if purpose not in (None, "charts", "embeddings"):
        stop(f"--for {purpose} is neither charts nor embeddings")
    body = load(name, data)
    chosen: Purpose = "embeddings" if purpose == "embeddings" or (not purpose and not has_charts(body)) else "charts"
    table = find(body, data / "geodesics") or find(body)
    if table is None:
        stop(f"there is no geodesic table of {body.name} yet: `densemark body geodesics {name}` builds it")
    with registering(f"distances of {body.name}") as progress:
        files = write(body, out, table, chosen, progress)
    if as_json:
        print_json({"name": body.name, "hash": body.hash, "for": chosen, "files": [str(file) for file in files]})
        return
    for file in files:
        console.print(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")
    if not body.symmetric:
        console.print(f"note: {body.name} is not its own mirror image, so there is no table for mirroring")
