"""`densemark body build smpl`: a body from the user's own SMPL, SMPL-H or SMPL-X."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.body_names import new_file, new_name
from cli.common import DEFAULT_DATA, AsJson, DataDir, console, errors, print_json, progress_bar

if TYPE_CHECKING:
    from surface.builders.smpl import Built


def build_smpl(
    model: Annotated[Path, typer.Option(help="SMPL, SMPL-H or SMPL-X, .npz or .pkl (read without running it).")],
    uv_processed: Annotated[
        Path | None, typer.Option(help="DensePose's UV_Processed.mat: its charts, value for value (SMPL, SMPL-H).")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The body's name; the model's file name if not given.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file; bodies/NAME.npz in the data folder if not given.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a body of this name.")] = False,
    data: DataDir = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Build a body from your own SMPL, SMPL-H or SMPL-X file. Nothing of these models ships with DenseMark."""
    called = new_name(name, model)
    target = new_file(called, out, data, replace)
    from surface.builders.smpl import build

    bar = progress_bar()
    bar.live.transient = True  # nothing of it stays beside the report or the one line of an error
    with bar:
        task = bar.add_task("reading", total=1)
        built = build(
            model,
            uv_processed,
            called,
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    built.body.save(target)
    report = _report(built)
    if as_json:
        print_json(report | {"file": str(target)})
        return
    for line in _lines(built, report):
        console.print(line, markup=False)
    console.print(f"wrote {target}: {built.body.hash[:12]}")
    if built.uv is not None and built.uv.closed:
        errors.print(
            f"note: {built.uv.closed} of the {len(built.uv.missing)} triangles without a chart found "
            "no room in it: their points have the I,U,V of the nearest edge",
            style="yellow",
        )


def _report(built: Built) -> dict[str, Any]:
    body, uv = built.body, built.uv
    assert body.rig is not None
    return {
        "name": body.name,
        "hash": body.hash,
        "family": built.family,
        "vertices": len(body.vertices),
        "triangles": len(body.faces),
        "dropped_triangles": built.dropped,
        "joints": len(body.rig.joint_names),
        "shape_directions": len(body.rig.shape_names),
        "pose_directions": body.rig.posedirs is not None,
        "charts": "made" if uv is None else "UV_Processed.mat",
        "split_vertices": None if uv is None else uv.split,
        "triangles_without_a_chart": None if uv is None else len(uv.missing),
        "mirror": "triangles" if body.mirror_face is not None else "map",
        "mirror_error_mean": built.mirror_error[0],
        "mirror_error_worst": built.mirror_error[1],
    }


def _lines(built: Built, report: dict[str, Any]) -> list[str]:
    uv = built.uv
    correctives = "with" if report["pose_directions"] else "without"
    charts = "charts: cut along short seams between the parts that the joints move, and unfolded"
    if uv is not None:
        charts = (
            f"charts: DensePose's own ({uv.split:,} vertices of its file on the model's {report['vertices']:,}; "
            f"{len(uv.missing)} triangles filled in)"
        )
    kind = (
        "its triangles are mirror images of each other"
        if report["mirror"] == "triangles"
        else "a map of its surface, since its triangles are not mirror images of each other"
    )
    lines = [
        f"{built.body.name} {built.family}: {report['vertices']:,} vertices, "
        f"{report['triangles']:,} triangles, {report['joints']} joints, {report['shape_directions']} shape directions, "
        f"{correctives} pose correctives",
        charts,
        f"mirror: {kind}; off by {built.mirror_error[0] * 1000:.2g} mm (mean), "
        f"{built.mirror_error[1] * 1000:.2g} mm (worst)",
    ]
    if built.dropped:
        lines.insert(1, f"left out: {built.dropped:,} triangles that do not hang on the skin (eyeballs)")
    return lines
