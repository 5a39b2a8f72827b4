"""An evaluation as text, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

MODES = (("gps", "GPS"), ("gpsm", "GPSm"), ("iou", "mask IoU"))
_NAMED = 5
_WHOLE = ("worst persons", "image", "detection")
"""Columns of ids, which are of no use when they are cut; the file's name is cut instead."""


def show(said: Mapping[str, Any], console: Console) -> None:
    """Print what ``summary_json.document`` made."""
    if "surface" in said:  # keypoints only
        _keypoints(said["keypoints"], console)
        _note(console, f"Note: {said['surface']}.")
        return
    counts, points, human = said["counts"], said["points"], said["rcp"]["human"]
    names = list(said["gps"])
    _table(console, ("", *names), [(title, *(_share(said[mode][name]) for name in names)) for mode, title in MODES])
    _note(
        console,
        f"Average precision and recall, 0 to 1, of {counts['annotated']:,} persons with points and"
        f" {counts['detections']:,} detections in {counts['images']:,} images. A dash: nothing to measure.",
    )
    _table(
        console,
        ("points", "AUC10", "AUC30", "mean cm", "median", "background"),
        [
            (f"{points['points']:,}", _share(said["auc10"]), _share(said["auc30"]), *_errors(points)),
            ("humans (paper)", _share(human["auc10"]), _share(human["auc30"]), "", "", ""),
        ],
    )
    _note(
        console,
        "Area under the share of correct points up to 10 and 30 cm. Mean and median are of the points"
        " that the detection sees on the surface; background is the share of the others.",
    )
    rows = [(p["name"], f"{p['points']:,}", _share(p["auc10"]), _share(p["auc30"]), *_errors(p)) for p in said["parts"]]
    _table(console, ("part", "points", "AUC10", "AUC30", "mean cm", "median", "background"), rows)
    console.print()
    _table(
        console,
        ("size", "persons", "GPS AP", "AR", "GPSm AP", "AR", "IoU AP", "AR"),
        [
            (s["name"], f"{s['persons']:,}", *(_share(s[key][mode]) for mode, _ in MODES for key in ("ap", "ar")))
            for s in said["sizes"]
        ],
    )
    _note(console, "Small: up to 32 x 32 pixels of area; medium: up to 96 x 96; large: from there on.")
    if said["keypoints"] is not None:
        _keypoints(said["keypoints"], console)
    if said["worst"]:
        columns = ("worst persons", "image", "GPS", "IoU", "detection", "file")
        _table(
            console,
            columns,
            [
                (str(w["annotation_id"]), str(w["image_id"]), _share(w["gps"]), _share(w["iou"]), str(w["detection"]),
                 w["file_name"])
                for w in said["worst"][:_NAMED]
            ],
        )  # fmt: skip
    missed = counts["measured"] - counts["found"]
    elsewhere = counts["annotated"] - counts["measured"]
    without = f" ({elsewhere:,} more: every point of theirs is on no chart of the surface)" if elsewhere else ""
    kappa = said["settings"]["kappa"]
    _note(
        console,
        f"{missed:,} of {counts['measured']:,} persons with points on the surface not found{without}. Surface:"
        f" {said['settings']['distances']}; kappa: {kappa if isinstance(kappa, str) else f'{kappa:g} m'};"
        f" {said['seconds']:.2f} s.",
    )


def _keypoints(found: Mapping[str, Any], console: Console) -> None:
    _table(console, ("keypoints", *found["oks"]), [("OKS", *map(_share, found["oks"].values()))])
    pdj = found["pdj"]
    shown = [n for n, fraction in enumerate(pdj["fractions"]) if round(100 * fraction) % 10 == 0 and fraction > 0]
    _table(
        console,
        ("joints within", *(f"{pdj['fractions'][n]:g}" for n in shown)),
        [("PDJ", *(_share(pdj["all"][n]) for n in shown))],
    )
    _note(
        console,
        f"PDJ: share of detected joints within a fraction of the torso's diameter, {found['persons']:,} persons.",
    )


def _table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    listed = list(rows)
    for n, column in enumerate(columns):
        left = n == 0 or column == "file"
        whole = max((len(row[n]) for row in listed), default=0) if column in _WHOLE else None
        justify: Literal["left", "right"] = "left" if left else "right"
        table.add_column(column, justify=justify, no_wrap=True, overflow="ellipsis", min_width=whole)
    for row in listed:
        table.add_row(*map(Text, row))
    console.print(table, soft_wrap=False)


def _note(console: Console, words: str) -> None:
    """What a table says, wrapped between words; names in it are not markup."""
    console.print(Text(words + "\n", style="dim"), soft_wrap=False)


def _share(value: float) -> str:
    return "-" if value < 0 else f"{value:.3f}"


def _errors(points: Mapping[str, Any]) -> tuple[str, str, str]:
    mean, median = ("-" if points[key] < 0 else f"{100 * points[key]:.1f}" for key in ("mean", "median"))
    return mean, median, "-" if points["background"] < 0 else f"{100 * points['background']:.1f}%"
