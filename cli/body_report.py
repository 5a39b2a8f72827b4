"""What `densemark body check` prints: a row for each chart, and a line for each of the other figures."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from surface.check import BodyFigures, ChartFigures

# Fits 80 columns. "faults" are flips, crossings, overlaps and being no disk, "MDS %" is plain scaling itself,
# V and U are correlations with the way up and outward.
CHART_COLUMNS = ("I", "chart", "faces", "faults", "mean %", "MDS %", "ratio", "worst %", "V", "U")
_WIDEST = 21


def plain(figures: dict[str, object]) -> dict[str, object]:
    """Figures for JSON, which has no "not a number"."""
    return {key: None if isinstance(value, float) and isnan(value) else value for key, value in figures.items()}


def chart_table(figures: BodyFigures) -> Table:
    """A row for each chart."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in CHART_COLUMNS:
        table.add_column(column, justify="left" if column == "chart" else "right", no_wrap=True)
    for chart in figures.charts:
        table.add_row(*_row(chart))
    return table


def _row(chart: ChartFigures) -> tuple[str, ...]:
    name = chart.name if len(chart.name) <= _WIDEST else chart.name[: _WIDEST - 1] + "…"
    return (
        str(chart.chart),
        name,
        str(chart.triangles),
        "–"
        if chart.empty
        else str(chart.flips + chart.crossings + chart.overlaps + (chart.euler != 1 or chart.components != 1)),
        _share(chart.distortion_mean),
        _share(chart.scaling_mean),
        "–" if chart.ratio is None else f"{chart.ratio:.2f}",
        _share(chart.distortion_worst, 1),
        _signed(chart.along),
        _signed(chart.outward),
    )


def summary_table(figures: BodyFigures) -> Table:
    """Mesh, round trips and mirror, one line each."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for line in _summary(figures):
        table.add_row(*line)
    return table


def _summary(figures: BodyFigures) -> list[tuple[str, str]]:
    mesh, trips, mirror = figures.mesh, figures.trips, figures.mirror
    pieces = "1 piece" if mesh.components == 1 else f"{mesh.components} pieces"
    closed = "closed" if mesh.closed else f"{mesh.holes} hole{'s' * (mesh.holes != 1)}"
    lines = [
        ("mesh", f"{mesh.vertices:,} vertices, {mesh.triangles:,} triangles, {pieces}, {closed}, {mesh.area:.3g} m²"),
        (
            "I,U,V, surface, I,U,V",
            f"off by {trips.uv_worst:.0e} at most ({trips.uv_points:,} points a chart)",
        ),
        (
            "surface, I,U,V, surface",
            f"{_length(trips.surface_high)} (99.9%), {_length(trips.surface_worst)} at most",
        ),
        (
            "in single precision",
            f"{_length(trips.single_high)} (99.9%), {_length(trips.single_worst)} at most",
        ),
    ]
    if mirror is None:
        return [*lines, ("mirror", "none: the body is not symmetric")]
    kind = "exact" if mirror.exact else "of the surface, not of the triangles"
    return [
        *lines,
        ("mirror", f"{kind}; twice: {_length(mirror.back)}, off x = 0: {_length(mirror.reflection)}"),
        ("mirrored U,V", f"differ by {mirror.uv:.0e} at most; {100 * mirror.other_chart:.2g}% on another chart"),
    ]


def _length(metres: float) -> str:
    if metres < 1e-9:
        return "below 1 nm"
    return f"{1e6 * metres:.2g} µm" if metres < 1e-4 else f"{1000 * metres:.2g} mm"


def _share(value: float | None, digits: int = 2) -> str:
    return "–" if value is None or isnan(value) else f"{100 * value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"
