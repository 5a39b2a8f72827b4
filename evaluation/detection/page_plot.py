"""Curves of an evaluation's page, as SVG that takes its colours from the page."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evaluation import curves
from evaluation.detection.result import Evaluation
from evaluation.detection.summary import THRESHOLDS, Parts

_WIDTH, _HEIGHT = 560, 350
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 14, 46


class Line(NamedTuple):
    """A curve.

    Attributes:
        name: shown when it is pointed at.
        y: its heights in [0,1], at the plot's x.
        colour: of CSS.
    """

    name: str
    y: Sequence[float]
    colour: str


class _Axis(NamedTuple):
    """Values along the bottom, those with a label, and what they are."""

    values: Sequence[float]
    ticks: Sequence[float]
    label: str


def correct_points(said: Mapping[str, Any], found: Evaluation, parts: Parts) -> str:
    """The ratio of correct points by threshold: of all points, and of each part when its row is pointed at."""
    part = np.array(parts.of_chart, np.int64)[found.pointwise.chart - 1]
    lines = [
        Line(name, curves.ratio(found.pointwise.metres[part == n], THRESHOLDS).tolist(), parts.colours[n])
        for n, name in enumerate(parts.names)
        if (part == n).any()
    ]
    axis = _Axis((100 * THRESHOLDS).tolist(), range(0, 31, 5), "Geodesic error at most (cm)")
    drawn = _plot(axis, "Share of points", said["rcp"]["share"], lines, "Ratio of correct points")
    return f"""<figure>{drawn}<figcaption><b>Ratio of correct points.</b> At each distance, the share of all\
 {said["points"]["points"]:,} points that are at most so far off. Point at a part's row to see its own curve.
</figcaption></figure>"""


def detected_joints(found: Mapping[str, Any]) -> str:
    """The percent of detected joints by fraction of the torso's diameter."""
    pdj = found["pdj"]
    lines = [
        Line(name.replace("_", " "), pdj[name], "var(--accent)")
        for name, count in found["joints"].items()
        if count
    ]  # fmt: skip
    axis = _Axis(pdj["fractions"], [n / 10 for n in range(6)], "Distance at most (of the torso's diameter)")
    drawn = _plot(axis, "Share of joints", pdj["all"], lines, "Percent of detected joints")
    return f"""<figure>{drawn}<figcaption><b>Percent of detected joints (PDJ).</b> The share of the\
 {sum(found["joints"].values()):,} labelled joints of {found["persons"]:,} persons whose predicted place is at most so\
 far off; the torso's diameter is the distance from left shoulder to right hip.</figcaption></figure>"""


def areas(said: Mapping[str, Any]) -> str:
    """AUC10 and AUC30 beside those of people in the paper."""
    human, rows = said["rcp"]["human"], []
    for n, (key, name) in enumerate((("auc10", "AUC10"), ("auc30", "AUC30"))):
        y, ours, theirs = 20 + 34 * n, said[key], human[key]
        x = _scale(0, 1, 70, _WIDTH - 70)
        rows.append(f'<text class="name" x="0" y="{y + 4}">{name}</text>')
        rows.append(f'<line class="track" x1="{x(0):.1f}" x2="{x(1):.1f}" y1="{y}" y2="{y}"/>')
        if ours >= 0:
            rows.append(f'<line class="span" x1="{x(0):.1f}" x2="{x(ours):.1f}" y1="{y}" y2="{y}"/>')
            rows.append(f'<circle class="ours" cx="{x(ours):.1f}" cy="{y}" r="6"><title>{ours:.3f}</title></circle>')
        rows.append(
            f'<path class="human" d="M{x(theirs):.1f} {y - 8}l8 8-8 8-8-8z"><title>People, in the paper:'
            f" {theirs:.3f}</title></path>"
        )
        told = "–" if ours < 0 else f"{ours:.3f}"
        rows.append(f'<text class="value" x="{_WIDTH}" y="{y + 4}" text-anchor="end">{told}</text>')
    return f"""<figure><svg class="areas" viewBox="0 0 {_WIDTH} 74" role="img" aria-label="Areas under the curve">\
{"".join(rows)}</svg>
<figcaption><b>AUC10, AUC30.</b> The area under that curve up to 10 and 30 cm: 1 if every point is exactly right.
<span class="key"><i class="dot"></i>this network</span> <span class="key"><i class="diamond"></i>people, on rendered\
 images, as the paper reports them ({human["auc10"]:.3f}, {human["auc30"]:.3f}; {html.escape(human["source"])})</span>
</figcaption></figure>"""


def _plot(axis: _Axis, side: str, whole: Sequence[float], lines: Sequence[Line], name: str) -> str:
    x = _scale(axis.values[0], axis.values[-1], _LEFT, _WIDTH - _RIGHT)
    y = _scale(0, 1, _HEIGHT - _BOTTOM, _TOP)
    out = [f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html.escape(name)}">']
    for k in range(6):
        at = y(k / 5)
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{20 * k}%</text>')
    for tick in axis.ticks:
        at = x(tick)
        out.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        out.append(f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 19}" text-anchor="middle">{tick:g}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    out.append(
        f'<text class="label" x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{html.escape(axis.label)}</text>'
    )
    upright = (_TOP + _HEIGHT - _BOTTOM) / 2
    out.append(
        f'<text class="label" transform="translate(13 {upright}) rotate(-90)" text-anchor="middle">{side}</text>'
    )
    if not len(whole) or whole[-1] < 0:
        out.append(
            f'<text class="label" x="{middle}" y="{upright}" text-anchor="middle">Nothing to measure</text></svg>'
        )
        return "".join(out)
    path = _path(axis.values, whole, x, y)
    out.append(f'<path class="under" d="{path}V{y(0):.1f}H{x(axis.values[0]):.1f}Z"/>')
    out += [
        f'<g class="other" data-name="{html.escape(line.name)}" style="--own:{line.colour}"><path d='
        f'"{_path(axis.values, line.y, x, y)}"/></g>'
        for line in lines
    ]
    out.append(f'<path class="whole" d="{path}"/>')
    out.append(
        f'<text class="told" x="{_WIDTH - _RIGHT - 8}" y="{_HEIGHT - _BOTTOM - 12}" text-anchor="end"></text></svg>'
    )
    return "".join(out)


def _path(values: Sequence[float], heights: Sequence[float], x: Callable[[float], float], y: Any) -> str:
    return "M" + "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in zip(values, heights, strict=True) if b >= 0)


def _scale(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    return lambda value: first + (value - low) / (high - low) * (last - first)
