"""Tables of an evaluation's page, each figure with a line that says what it is."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.detection.points import KAPPA
from evaluation.detection.summary import Parts

MODES = (
    ("gps", "GPS", "Geodesic point similarity: of a person's points, the mean of exp(-g² / 2κ²), where g is the"
     " distance along the surface from the predicted to the true point. Looks only at the points."),
    ("gpsm", "GPSm", "The geometric mean of GPS and mask IoU: also punishes a detection that spills over the person."),
    ("iou", "Mask IoU", "Overlap of the detected and the annotated silhouette over their union. Looks only at masks."),
)  # fmt: skip
FIGURES = {
    "AP": "Average precision: few false detections at every share of persons found; mean over similarities .50 to .95.",
    "AP50": "The same at a similarity of at least .50, a rough match.",
    "AP75": "The same at a similarity of at least .75, a good match.",
    "APm": "AP of medium persons: an area of 32² to 96² pixels.",
    "APl": "AP of large persons: an area of at least 96² pixels.",
    "AR": "Average recall: share of persons found, false detections left aside; mean over the same similarities.",
    "AR50": "Share of persons found with a similarity of at least .50.",
    "AR75": "Share of persons found with a similarity of at least .75.",
    "ARm": "AR of medium persons.",
    "ARl": "AR of large persons.",
}
_GROUPS = ("torso", "hands", "feet", "upper legs", "lower legs", "upper arms", "lower arms", "head")
_STAGES = {
    "reading": "decoding the detections",
    "points": "measuring the points",
    "masks": "comparing the masks",
    "matching": "matching and averaging",
}


def headline(said: Mapping[str, Any]) -> str:
    """The five figures that are compared first."""
    human = said["rcp"]["human"]
    cards = [
        (share(said["gps"]["AP"]), "GPS AP", "persons found, by their surface points"),
        (share(said["gpsm"]["AP"]), "GPSm AP", "by points and silhouette together"),
        (share(said["iou"]["AP"]), "Mask AP", "by silhouette alone"),
        (share(said["auc10"]), "AUC10", f"how near points are, up to 10 cm; people in the paper: {human['auc10']:.3f}"),
        (share(said["auc30"]), "AUC30", f"how near points are, up to 30 cm; people in the paper: {human['auc30']:.3f}"),
    ]
    shown = (f"<li><b>{value}</b><span>{name}</span><small>{words}</small></li>" for value, name, words in cards)
    return f"""<ul class="cards">{"".join(shown)}</ul>\n"""


def figures(said: Mapping[str, Any]) -> str:
    """Three modes times ten figures."""
    heads = "".join(f'<th scope="col" class="n">{name}</th>' for _, name, _ in MODES)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(_bar(said[mode][name]) for mode, _, _ in MODES)}'
        f'<td class="say">{words}</td></tr>'
        for name, words in FIGURES.items()
    )
    counts = said["counts"]
    modes = "".join(f"<div><dt>{name}</dt><dd>{words}</dd></div>" for _, name, words in MODES)
    return f"""<section id="figures"><h2>Figures</h2>
<p class="lead">A detection finds a person when the two are similar enough. Three ways to say how similar they are, ten\
 figures for each, from 0 to 1; more is better, and papers print them times 100. They rest on {counts["annotated"]:,}\
 persons with points and {counts["detections"]:,} detections.</p>
<dl class="modes">{modes}</dl>
<table class="wide figures"><thead><tr><th></th>{heads}<th class="say" scope="col">What it is</th></tr></thead>
<tbody>{rows}</tbody></table>
</section>
"""


def parts(said: Mapping[str, Any], known: Parts) -> str:
    """Errors of points by part, then by group."""
    heads = (
        ("Points", "How many annotated points the row rests on"),
        ("AUC10", "Area under the ratio of correct points up to 10 cm"),
        ("AUC30", "The same up to 30 cm"),
        ("Median", "Half of the points seen on the surface are nearer than this (cm)"),
        ("Mean", "Mean distance of the points seen on the surface (cm)"),
        ("Missed", "Share of points that the detection sees as background, or that lie outside of it"),
    )
    shown = "".join(f'<th scope="col" class="n" title="{words}">{name}</th>' for name, words in heads)
    colours = dict(zip(known.names, known.colours, strict=True))
    whole = _points_row(dict(said["points"], name="All points"), "")
    rows = "".join(_points_row(part, colours[part["name"]]) for part in said["parts"])
    together = "".join(_points_row(group, "") for group in said["groups"])
    return f"""<div><table class="parts"><thead><tr><th scope="col">Part</th>{shown}</tr></thead>
<tbody class="first">{whole}</tbody><tbody>{rows}</tbody></table>
<details><summary>Left and right together</summary><table class="parts"><thead><tr><th scope="col">Group</th>{shown}
</tr></thead><tbody>{together}</tbody></table></details>
<p class="note">Left and right are the person's own. Median and mean, in cm, are of the points that the detection sees
on the surface; missed are those that it sees as background or that lie outside of it. For AUC a missed point is
infinitely far.</p></div>"""


def sizes(said: Mapping[str, Any]) -> str:
    """AP and AR by size of the person."""
    names = {"small": "up to 32²", "medium": "32² to 96²", "large": "96² and more"}
    rows = "".join(
        f'<tr><th scope="row">{size["name"].capitalize()} <small>{names[size["name"]]} pixels</small></th>'
        f'<td class="n">{size["persons"]:,}</td>'
        + "".join(_bar(size[key][mode]) for mode, _, _ in MODES for key in ("ap", "ar"))
        + f'<td class="n">{size["points"]["points"]:,}</td>'
        + _bar(size["points"]["auc10"])
        + _bar(size["points"]["auc30"])
        + "</tr>"
        for size in said["sizes"]
    )
    heads = "".join(
        f'<th scope="col" class="n">{name} AP</th><th scope="col" class="n">AR</th>' for _, name, _ in MODES
    )
    return f"""<section id="sizes"><h2>Sizes</h2>
<p class="lead">By the area of the person in the ground truth; exactly 32² or 96² pixels count in both sizes.</p>
<table class="wide"><thead><tr><th></th><th scope="col" class="n">Persons</th>{heads}\
<th scope="col" class="n">Points</th>
<th scope="col" class="n">AUC10</th><th scope="col" class="n">AUC30</th></tr></thead>
<tbody>{rows}</tbody></table>
</section>
"""


def oks(found: Mapping[str, Any]) -> str:
    """COCO's ten figures of keypoints."""
    heads = "".join(f'<th scope="col" class="n">{name}</th>' for name in found["oks"])
    cells = "".join(_bar(value) for value in found["oks"].values())
    return f"""<table class="wide"><thead><tr><th></th>{heads}</tr></thead>
<tbody><tr><th scope="row">OKS</th>{cells}</tr></tbody></table>
<p class="note">The ten figures as above, with a similarity of joints: object keypoint similarity, the mean of
exp(-d² / 2s²k²) over a person's labelled joints, d pixels off, s² the person's area, k COCO's own spread of each
joint.</p>"""


def joints(found: Mapping[str, Any]) -> str:
    """Detected joints by joint at two fractions."""
    pdj = found["pdj"]
    near, far = (pdj["fractions"].index(fraction) for fraction in (0.2, 0.5))

    def row(name: str, values: Any, count: int) -> str:
        title = name.replace("_", " ").capitalize()
        return (
            f'<tr data-name="{title.lower()}"><th scope="row">{title}</th><td class="n">{count:,}</td>'
            f"{_bar(values[near])}{_bar(values[far])}</tr>"
        )

    rows = "".join(row(name, pdj[name], count) for name, count in found["joints"].items())
    return f"""<div><table class="parts"><thead><tr><th scope="col">Joint</th><th scope="col" class="n">Joints</th>\
<th scope="col" class="n">Within .2</th><th scope="col" class="n">Within .5</th></tr></thead>
<tbody class="first">{row("All joints", pdj["all"], sum(found["joints"].values()))}</tbody>
<tbody>{rows}</tbody></table></div>"""


def settings(said: Mapping[str, Any]) -> str:
    """What was evaluated, how, and how much of it there is."""
    set_, counts = said["settings"], said["counts"]
    kappa = set_["kappa"]
    told = (
        "per part: " + ", ".join(f"{name} {100 * k:.1f}" for name, k in zip(_GROUPS, KAPPA, strict=True)) + " cm"
        if isinstance(kappa, str)
        else f"{100 * kappa:g} cm for every part"
    )
    stages = ", ".join(f"{words} {set_['seconds'].get(key, 0):.2f}" for key, words in _STAGES.items())
    made = [
        *((key.capitalize(), str(set_[key])) for key in ("ground truth", "predictions") if key in set_),
        ("Surface and distances", set_["distances"]),
        ("κ: how far off a point may be", f"{told}. A point that far off has a similarity of .61, of twice that .14."),
        ("Similarity thresholds", ", ".join(f"{value:.2f}" for value in set_["similarities"])),
        ("Detections looked at in an image", f"{set_['detections per image']} of the highest scores"),
        ("Seconds", f"{said['seconds']:.2f}: {stages}"),
    ]
    rests = [
        ("Images", counts["images"], "of the ground truth"),
        ("Persons", counts["persons"], "of the ground truth"),
        ("Persons with points", counts["annotated"], "the others neither count nor are held against a detection"),
        ("… on the surface", counts["measured"], "of them: at least one of their points is on a chart"),
        ("Persons found", counts["found"], "of these: a detection sees at least one of their points on the surface"),
        ("Points", counts["points"], "on a chart of the surface"),
        ("Points left out", counts["skipped"], "on no chart of the surface"),
        ("Detections", counts["detections"], "in the file of results"),
        ("Detections left out", counts["surplus"], "beyond those of the highest scores, or of another category"),
    ]
    return f"""<section id="settings"><h2>Settings and counts</h2>
<div class="pair"><dl class="list">{_list((name, html.escape(str(value))) for name, value in made)}</dl>
<dl class="list">{_list((name, f"{value:,} <small>{words}</small>") for name, value, words in rests)}</dl></div>
<p class="note">The rules are those of the reference evaluator of DensePose-COCO (Güler, Neverova, Kokkinos, CVPR 2018,
and the code after it). A dash stands where there is nothing to measure.</p>
</section>
"""


def share(value: float) -> str:
    """A figure in [0,1]; a dash where it is undefined."""
    return "–" if value < 0 else f"{value:.3f}"


def _points_row(points: Mapping[str, Any], colour: str) -> str:
    spot = f'<i class="spot" style="background:{colour}"></i>' if colour else ""
    name = html.escape(points["name"])
    cm = ("–" if points[key] < 0 else f"{100 * points[key]:.1f}" for key in ("median", "mean"))
    lengths = "".join(f'<td class="n">{value}</td>' for value in cm)
    missed = points["background"]
    return (
        f'<tr data-name="{name}"><th scope="row">{spot}{name}</th><td class="n">{points["points"]:,}</td>'
        f"{_bar(points['auc10'])}{_bar(points['auc30'])}{lengths}"
        f"{_bar(missed, f'{100 * missed:.1f}%', 'bad')}</tr>"
    )


def _bar(value: float, text: str = "", kind: str = "good") -> str:
    """A cell with a figure in [0,1] and a bar under it."""
    if value < 0:
        return f'<td class="n">{share(value)}</td>'
    return f'<td class="n bar {kind}" style="--v:{value:.4f}">{text or share(value)}</td>'


def _list(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
