"""Pictures of a body for papers and docs: the body from four sides, its charts in the plane, the views of its parts.

Everything is drawn by the one renderer, several samples to a pixel, and written with the type that ships with Pillow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PIL import Image

from surface import figure_body, figure_charts, figure_views
from surface.figure_type import INK, MARGIN, WIDTH, blank, text

if TYPE_CHECKING:
    from surface.body import Body

SHEETS = ("all", "body", "charts", "views")
_HEAD = 150


def figure(body: Body, sheet: str = "all", progress: Callable[[str], None] | None = None) -> Image.Image:
    """A picture of a body, 2400 pixels wide and as tall as it takes.

    Args:
        body: any body.
        sheet: "body" (four sides with charts, U,V lines, numbers and arrows), "charts" (each chart in the plane, how it
            is stretched), "views" (the six views of each part), or "all" of them in one picture.
        progress: called with what is drawn next.

    Raises:
        ValueError: there is no such sheet.
    """
    if sheet not in SHEETS:
        raise ValueError(f"sheet {sheet!r} is not one of {', '.join(SHEETS)}")
    drawn = []
    for name, draw in (("body", figure_body.sheet), ("charts", figure_charts.sheet), ("views", figure_views.sheet)):
        if sheet in ("all", name):
            if progress is not None:
                progress(name)
            drawn.append(draw(body))
    out = blank(WIDTH, _HEAD + sum(part.height for part in drawn))
    _title(out, body)
    top = _HEAD
    for part in drawn:
        out.paste(part, (0, top))
        top += part.height
    return out


def _title(out: Image.Image, body: Body) -> None:
    text(out, (MARGIN, 46), body.name, 64)
    charts, parts = len(body.chart_names), len(body.part_names)
    facts = (
        f"{len(body.vertices):,} vertices, {len(body.faces):,} triangles, {charts} chart{'s' * (charts > 1)}, "
        f"{parts} part{'s' * (parts > 1)}; hash {body.hash[:12]}"
    )
    text(out, (WIDTH - MARGIN, 74), facts, 30, INK, "rt")
