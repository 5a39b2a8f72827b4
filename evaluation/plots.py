"""What all figures of a report share: a page of one width, its type and colours, dots with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.ft2font import FT2Font

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evaluation.report import Figure

WIDTH = 7.6
"""Inches; an SVG of it is as wide as a column of the report's page."""
CM = 100.0
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
BOX = "□"
"""Stands for a letter that the font lacks."""


@dataclass(frozen=True)
class Theme:
    """Colours of a figure; its background is left out, so that it stands on any page."""

    ink: str
    soft: str
    grid: str
    page: str
    accent: str
    series: tuple[str, ...]


# Okabe and Ito's colours, which colour-blind people tell apart, lightened a little on dark pages.
THEMES = {
    "light": Theme("#20242b", "#69717e", "#e6e9ee", "#ffffff", "#2f5fc4",
                   ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")),
    "dark": Theme("#d5d8de", "#9aa0ac", "#31353e", "#1b1e24", "#8aa9e6",
                  ("#56b4e9", "#ff8a4c", "#3ccf9f", "#e59cc4", "#f0b840", "#9fd3f5")),
}  # fmt: skip
# Figures are laid out for these sizes, and text stays text where the format allows.
SETTINGS: Any = {
    "font.size": 9.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 9,
    "svg.fonttype": "path",
    "svg.hashsalt": "densemark",
    "figure.dpi": 100,
}


def page(theme: Theme, height: float, columns: int = 1) -> tuple[Canvas, list[Axes]]:
    """An empty figure ``height`` inches tall, with axes side by side."""
    canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
    canvas.patch.set_alpha(0)
    axes = [canvas.add_subplot(1, columns, column + 1) for column in range(columns)]
    for one in axes:
        dress(one, theme)
    return canvas, axes


def dress(axes: Axes, theme: Theme) -> None:
    """The look of axes: no frame but the two that carry numbers, a light grid below what is drawn."""
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(True, color=theme.grid, linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(theme.soft)
    axes.tick_params(colors=theme.ink, length=0, pad=5)
    axes.xaxis.label.set_color(theme.ink)
    axes.yaxis.label.set_color(theme.ink)
    axes.title.set_color(theme.ink)


def dots(
    axes: Axes,
    figures: Sequence[Figure],
    places: Sequence[float],
    colour: str,
    scale: float = CM,
    hollow: bool = False,
    label: str | None = None,
    size: float = 6.5,
    page: str = "none",
) -> None:
    """Values with their intervals as horizontal lines, at heights ``places``; what cannot be said is left out."""
    rows = [(f, y) for f, y in zip(figures, places, strict=True) if f.value is not None]
    for figure, y in rows:
        if figure.low is not None and figure.high is not None:
            axes.plot(
                [scale * figure.low, scale * figure.high], [y, y], color=colour, linewidth=2, solid_capstyle="round"
            )
    axes.plot(
        [scale * f.value for f, _ in rows if f.value is not None], [y for _, y in rows], "o", color=colour,
        markersize=size, markerfacecolor=page if hollow else colour, markeredgewidth=1.6, label=label,
    )  # fmt: skip


def legend(axes: Axes, theme: Theme, **place: Any) -> None:
    """A legend without a line around it; with ``facecolor``, on a ground of its own."""
    made = axes.legend(frameon="facecolor" in place, framealpha=0.85, edgecolor="none", fontsize=8.5, **place)
    for text in made.get_texts():
        text.set_color(theme.ink)


def counts(axes: Axes, theme: Theme, numbers: Sequence[int], places: Sequence[float], head: str = "points") -> None:
    """How many points each row rests on, in a column right of the axes."""
    for number, y in zip(numbers, places, strict=True):
        axes.annotate(
            f"{number:,}", (1.0, y), xycoords=("axes fraction", "data"), xytext=(44, 0), textcoords="offset points",
            ha="right", va="center", fontsize=8.5, color=theme.soft, annotation_clip=False,
        )  # fmt: skip
    axes.annotate(
        head, (1.0, 1.0), xycoords="axes fraction", xytext=(44, 4), textcoords="offset points", ha="right", va="bottom",
        fontsize=8.5, color=theme.soft,
    )  # fmt: skip


def written(name: str, longest: int = 0) -> str:
    """A name as the figures' font can write it: a box for each letter that it lacks, and cut when it is too long."""
    text = "".join(letter if ord(letter) in _letters() or letter.isspace() else BOX for letter in name)
    return text if not longest or len(text) <= longest else text[: longest - 1].rstrip() + "…"


@cache
def _letters() -> frozenset[int]:
    return frozenset(FT2Font(str(FONTS / "DejaVuSans.ttf")).get_charmap())


def empty(theme: Theme, words: str) -> Canvas:
    """A figure of words where there is nothing to draw."""
    canvas, (axes,) = page(theme, 1.0)
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", color=theme.soft, transform=axes.transAxes)
    return canvas
