"""The figures of a study's report, the same on the page, in the PDF and in files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator, PercentFormatter

from evaluation.plots import CM, SETTINGS, THEMES, Theme, counts, dots, empty, legend, page, written
from evaluation.report import Annotator, Curve, Figure, Report, Trend
from evaluation.words import counted, lines

Draw = Callable[[Report, Theme], Canvas]
_NAMED = 8  # so many annotators get a curve of their own
_TALLEST = 9.4  # inches: a page of the PDF
_LONGEST = 26  # letters of a name; the tables have it whole


def parts(report: Report, theme: Theme) -> Canvas:
    """Mean, median and 90th percentile of the error by part, left and right together."""
    rows = [line for line in lines(report.groups) if line.group.points and not line.under]
    if not rows:
        return empty(theme, "No point has a mark yet.")
    groups = [line.group for line in rows]
    canvas, (axes,) = page(theme, 1.1 + 0.31 * len(rows))
    places = list(range(len(rows)))[::-1]
    dots(axes, [g.p90 for g in groups], places, theme.soft, hollow=True, label="nine of ten marks are nearer",
         size=5, page=theme.page)  # fmt: skip
    dots(axes, [g.median for g in groups], places, theme.series[4], label="half of the marks are nearer", size=5)
    dots(axes, [g.mean for g in groups], places, theme.series[0], label="mean")
    _names(axes, [written(line.name, _LONGEST) for line in rows], places, [g.kind == "all" for g in groups])
    counts(axes, theme, [g.points for g in groups], places, "marks")
    axes.set_xlim(left=0)
    axes.set_xlabel("error along the surface (cm); lines: 95% intervals")
    legend(axes, theme, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return canvas


def curve(report: Report, theme: Theme) -> Canvas:
    """Ratio of correct points by threshold."""
    if not report.curves:
        return empty(theme, "No point has a mark yet.")
    canvas, (axes,) = page(theme, 3.9)
    singles = [one for one in report.curves if one.source == "annotator"]
    for one in singles[:_NAMED]:
        axes.plot(_cm(one.thresholds), one.ratio, color=theme.soft, linewidth=0.8, alpha=0.55)
    drawn = 0
    for one in sorted((c for c in report.curves if c.source != "annotator"), key=lambda c: c.source != "annotators"):
        colour, style = theme.series[drawn % len(theme.series)], "-" if one.source == "annotators" else "--"
        if one.source == "floor":
            colour, style = theme.soft, ":"
        else:
            drawn += 1
        if one.source == "annotators":
            low, high = (np.array(ends, np.float64) for ends in (one.low, one.high))
            high[0] = one.ratio[0]  # nobody is off by nothing at all: this is known without data
            axes.fill_between(_cm(one.thresholds), low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(_cm(one.thresholds), one.ratio, style, color=colour, linewidth=2.2, label=_auc_words(one))
    if singles:
        axes.plot(
            [],
            [],
            color=theme.soft,
            linewidth=0.8,
            label=f"each annotator ({len(singles)})"
            if len(singles) <= _NAMED
            else f"the first {_NAMED} of {len(singles)} annotators",
        )
    for known in report.published:
        words = f"{known.name}: AUC10 {known.auc10:.3f}, AUC30 {known.auc30:.3f} (no curve published)"
        axes.plot([], [], " ", label=words)
    for threshold in (10, 30):
        axes.axvline(threshold, color=theme.soft, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
    axes.set_xlim(0, 30)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("distance from the true place, along the surface (cm)")
    axes.set_ylabel("marks within that distance")
    legend(axes, theme, loc="lower right", facecolor=theme.page)
    return canvas


def annotators(report: Report, theme: Theme) -> Canvas:
    """Mean error of each annotator, best first, with the letters of those not told apart."""
    listed = sorted(report.by_annotator, key=lambda one: one.rank)
    if not listed:
        return empty(theme, "Nobody has finished a person yet.")
    canvas, (axes,) = page(theme, min(1.1 + 0.31 * len(listed), _TALLEST))
    rows = list(range(len(listed)))[::-1]
    dots(axes, [one.median for one in listed], rows, theme.series[4], label="half of the marks are nearer", size=5)
    dots(axes, [one.mean for one in listed], rows, theme.series[0], label="mean")
    most = max((one.mean.high or one.mean.value or 0.0 for one in listed), default=0.0)
    for one, y in zip(listed, rows, strict=True):
        if one.suspect and one.mean.value is not None:
            # Below the dot and towards the middle, so that it meets neither the counts nor the page's edge.
            axes.annotate(
                one.suspect[0].split(" in ")[0], (CM * one.mean.value, y), xytext=(0, -4), textcoords="offset points",
                va="top", ha="right" if one.mean.value > most / 2 else "left", color=theme.series[1], fontsize=7,
            )  # fmt: skip
    _names(axes, [f"{_name(one)}   {one.group}".rstrip() for one in listed], rows)
    counts(axes, theme, [one.points for one in listed], rows, "marks")
    axes.set_xlim(left=0)
    axes.set_xlabel("error along the surface (cm); lines: 95% intervals")
    legend(axes, theme, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return canvas


def differences(report: Report, theme: Theme) -> Canvas:
    """Differences of mean error between annotators; a dot where one was shown."""
    if not report.differences:
        return empty(theme, "Two annotators must have marked the same points to be compared.")
    listed = sorted(report.by_annotator, key=lambda one: one.rank)
    names = [_name(one) for one in listed]
    place = {one.name: row for row, one in enumerate(listed)}
    grid = np.full((len(names), len(names)), np.nan)
    shown = []
    for one in report.differences:
        a, b = place[one.first], place[one.second]
        if one.difference.value is not None:
            grid[a, b], grid[b, a] = CM * one.difference.value, -CM * one.difference.value
        if one.differs:
            shown += [(a, b), (b, a)]
    largest = float(np.nanmax(np.abs(grid))) if np.isfinite(grid).any() else 1.0
    canvas, (axes,) = page(theme, 1.5 + min(0.36 * len(names), 6.0))
    axes.grid(False)
    colours = LinearSegmentedColormap.from_list("signed", [theme.series[0], theme.page, theme.series[1]])
    scale = TwoSlopeNorm(0, -max(largest, 1e-6), max(largest, 1e-6))
    seen = axes.pcolormesh(np.ma.masked_invalid(grid), cmap=colours, norm=scale, edgecolors=theme.page, linewidth=0.5)
    axes.invert_yaxis()
    small = len(names) <= 12
    for (a, b), value in np.ndenumerate(grid):
        if small and np.isfinite(value):
            ink = _ink(colours(scale(value)))
            axes.text(b + 0.5, a + 0.5, f"{value:+.1f}", ha="center", va="center", fontsize=8.5, color=ink,
                      fontweight="bold" if (a, b) in shown else "normal")  # fmt: skip
        elif (a, b) in shown:
            axes.plot(b + 0.5, a + 0.5, ".", color=_ink(colours(scale(value))), markersize=3)
    middles = np.arange(len(names)) + 0.5
    axes.set_xticks(middles, [str(one.rank) for one in listed])
    axes.set_yticks(middles, names)
    bar = canvas.colorbar(seen, ax=axes, shrink=0.9, label="cm")
    if bar.solids is not None:
        bar.solids.set_rasterized(False)
        bar.solids.set_edgecolor("face")  # else the page shows between its steps
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=theme.ink, length=0)
    bar.ax.yaxis.label.set_color(theme.ink)
    mark = "bold" if small else "dotted"
    fewest, most = (pick(one.points for one in report.differences) for pick in (min, max))
    shared = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    known = f"{mark}: more than chance" if report.unmeasured.differences is None else "too few persons for a test"
    axes.set_title(f"Row's mean error less column's; {known}. {shared} shared points a pair")
    return canvas


def shares(report: Report, theme: Theme) -> Canvas:
    """Where the variance of errors lies."""
    split = report.shares
    items = [("annotator", split.annotator), ("image", split.image), ("part", split.part), ("the rest", split.rest)]
    if any(figure.value is None for _, figure in items):
        return empty(theme, "Too few annotators, images or parts to share the errors out among them.")
    canvas, (axes,) = page(theme, 2.3)
    rows = list(range(len(items)))[::-1]
    colours = (theme.series[0], theme.series[1], theme.series[2], theme.soft)
    for (_, figure), y, colour in zip(items, rows, colours, strict=True):
        axes.barh(y, figure.value or 0, height=0.55, color=colour, alpha=0.55)
        dots(axes, [figure], [y], theme.ink, scale=1.0, size=4.5)
    _names(axes, [name for name, _ in items], rows)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(f"share of the variance of errors ({counted(split.rest.count, 'mark')}); lines: 95% intervals")
    return canvas


def masks(report: Report, theme: Theme) -> Canvas:
    """Overlap of drawn and true part masks."""
    if not report.masks:
        return empty(theme, "The part masks were given, not drawn.")
    canvas, (axes,) = page(theme, 1.0 + 0.31 * len(report.masks))
    rows = list(range(len(report.masks)))[::-1]
    dots(axes, [one.iou for one in report.masks], rows, theme.series[0], scale=1.0)
    _names(
        axes, [written(one.name, _LONGEST) for one in report.masks], rows, [one.label is None for one in report.masks]
    )
    counts(axes, theme, [one.masks for one in report.masks], rows, "masks")
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("overlap of drawn and true mask (intersection over union); lines: 95% intervals")
    return canvas


def plan(report: Report, theme: Theme) -> Canvas:
    """Persons that the next study needs."""
    rows = [row for row in report.plan.rows if row.persons is not None]
    if not rows:
        return empty(theme, "Too few comparisons to plan from.")
    canvas, (axes,) = page(theme, 2.8)
    wanted = sorted({row.difference for row in rows})
    for n, (colour, difference) in enumerate(zip(theme.series, wanted, strict=False)):
        own = sorted((r for r in rows if r.difference == difference), key=lambda r: r.points_per_person)
        line = [(r.points_per_person, r.persons or 0) for r in own]
        # Lines that lie on one another stay seen: the later ones are thinner.
        axes.plot(*zip(*line, strict=True), "o-", color=colour, linewidth=4 - 1.2 * n, markersize=8 - 2 * n,
                  markevery=[r.reachable for r in own], label=f"a difference of {CM * difference:g} cm")  # fmt: skip
        beyond = [at for at, r in zip(line, own, strict=True) if not r.reachable]
        if beyond:
            axes.plot(*zip(*beyond, strict=True), "o", color=colour, markersize=8 - 2 * n, markerfacecolor=theme.page)
    needed = [row.persons or 1 for row in rows]
    axes.set_yscale("log")
    axes.set_ylim(min(needed) / 1.4, max(needed) * 1.5)
    ticks = [d * 10**k for k in range(6) for d in (1, 2, 5) if min(needed) / 1.4 <= d * 10**k <= max(needed) * 1.5]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(sorted({row.points_per_person for row in rows}))
    beyond_words = "" if all(row.reachable for row in rows) else "\nhollow: more than this study's settings give"
    axes.set_xlabel(f"points on each rendered person (this study: {report.plan.own}){beyond_words}")
    axes.set_ylabel("persons that both mark")
    pairs = counted(len(report.differences), "pair")
    axes.set_title(f"Enough to find a difference four times out of five\n(from the spread of {pairs} in this study)")
    legend(axes, theme, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return canvas


def trend(name: str) -> Draw:
    """The figure of one trend."""

    def draw(report: Report, theme: Theme) -> Canvas:
        found = next((one for one in report.trends if one.name == name), None)
        if found is None or not any(one.mean.value is not None for one in found.bins):
            return empty(theme, "Not known for these points.")
        return _trend(found, theme)

    return draw


FIGURES: dict[str, Draw] = {
    "parts": parts,
    "curve": curve,
    "annotators": annotators,
    "differences": differences,
    "seconds": trend("seconds"),
    "angle": trend("angle"),
    "order": trend("order"),
    "shares": shares,
    "masks": masks,
    "plan": plan,
}


def svg(report: Report, name: str, theme: str = "light") -> bytes:
    """A figure as SVG on a transparent ground.

    Raises:
        ValueError: there is no such figure or theme.
    """
    out = io.BytesIO()
    with mpl.rc_context(SETTINGS):
        draw(report, name, theme).savefig(out, format="svg", metadata={"Date": None, "Title": name})
    return out.getvalue()


def png(report: Report, name: str, theme: str = "light", dpi: int = 220) -> bytes:
    """A figure as PNG.

    Raises:
        ValueError: there is no such figure or theme.
    """
    out = io.BytesIO()
    with mpl.rc_context(SETTINGS):
        draw(report, name, theme).savefig(out, format="png", dpi=dpi)
    return out.getvalue()


def draw(report: Report, name: str, theme: str = "light") -> Canvas:
    """A figure as matplotlib has it.

    Raises:
        ValueError: there is no such figure or theme.
    """
    if name not in FIGURES:
        raise ValueError(f"figure {name!r} is not one of {', '.join(FIGURES)}")
    if theme not in THEMES:
        raise ValueError(f"theme {theme!r} is not one of {', '.join(THEMES)}")
    return FIGURES[name](report, THEMES[theme])


def _trend(found: Trend, theme: Theme) -> Canvas:
    canvas, (axes,) = page(theme, 2.9)
    bins = [one for one in found.bins if one.mean.value is not None]
    middles = [one.middle for one in bins]
    for x, one in zip(middles, bins, strict=True):
        _upright(axes, x, one.mean, theme.series[0])
    axes.plot(middles, [CM * (one.mean.value or 0) for one in bins], color=theme.series[0], linewidth=1, alpha=0.5)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=min(0.0, bins[0].low))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    top = axes.get_ylim()[1]
    for x, one in zip(middles, bins, strict=True):
        axes.annotate(f"{one.mean.count:,}", (x, top), xytext=(0, 2), textcoords="offset points", ha="center",
                      va="bottom", fontsize=7.5, color=theme.soft, annotation_clip=False)  # fmt: skip
    axes.annotate("marks", (0, 1.0), xycoords="axes fraction", xytext=(-8, 2), textcoords="offset points", ha="right",
                  va="bottom", fontsize=7.5, color=theme.soft, annotation_clip=False)  # fmt: skip
    axes.set_xlabel(f"{found.label} ({found.unit})" if found.unit else found.label)
    axes.set_ylabel("mean error (cm)\nlines: 95% intervals")
    return canvas


def _upright(axes: mpl.axes.Axes, x: float, figure: Figure, colour: str) -> None:
    if figure.value is None:
        return
    if figure.low is not None and figure.high is not None:
        axes.plot([x, x], [CM * figure.low, CM * figure.high], color=colour, linewidth=2, solid_capstyle="round")
    axes.plot(x, CM * figure.value, "o", color=colour, markersize=6)


def _names(axes: mpl.axes.Axes, names: Sequence[str], rows: Sequence[int], strong: Sequence[bool] = ()) -> None:
    axes.set_yticks(rows, names)
    axes.set_ylim(-0.6, max(rows) + 0.6)
    axes.grid(False, axis="y")
    for label, bold in zip(axes.get_yticklabels(), strong, strict=False):
        label.set_fontweight("bold" if bold else "normal")


def _name(one: Annotator) -> str:
    """With the rank, so that names that are cut or cannot be written stay apart."""
    return f"{one.rank}. {written(one.name, _LONGEST)}"


def _ink(colour: Sequence[float]) -> str:
    """Black or white, whichever stands out more from a colour (WCAG's relative luminance)."""
    channels = np.array(colour[:3], np.float64)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "#111418" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#ffffff"


def _auc_words(one: Curve) -> str:
    name = {"annotators": "annotators, this study", "floor": "the tool's own floor"}.get(one.source, one.name)
    values = [f"AUC{cm} {f.value:.3f}" for cm, f in ((10, one.auc10), (30, one.auc30)) if f.value is not None]
    return f"{written(name, _LONGEST)}: {', '.join(values)} ({counted(one.auc10.count, 'mark')})"


def _cm(thresholds: Sequence[float]) -> list[float]:
    return [CM * value for value in thresholds]
