"""What a derived dataset is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(said: Mapping[str, Any]) -> str:
    """Markdown of what derived.json says."""
    base, teacher, agreement = said["base"], said["teacher"], said["agreement"]
    error = "no annotated point has a label"
    if agreement["median"] is not None:
        below = ", ".join(f"{share:.0%} below {float(limit) * 100:g} cm" for limit, share in agreement["below"].items())
        error = f"median {agreement['median'] * 100:.1f} cm, mean {agreement['mean'] * 100:.1f} cm; {below}"
    on = {
        "held out": "points that were held out from the teacher",
        "labelled": "the labelled persons' own points, which the teacher may have learned from",
    }[agreement["on"]]
    lines = [
        f"# {base['name']} with a teacher's dense labels",
        "",
        f"`train.json` is `{base['name']}` unchanged; `dense/` has for {said['persons']:,} of its persons what a",
        "teacher says of each of their pixels. `densemark train --dataset` on this folder learns from both.",
        "",
        "| | |",
        "|---|---|",
        f"| teacher | {teacher['name']}, {teacher['trunk']}, {teacher['step']:,} steps |",
        f"| background blanked | {'yes' if teacher['blank'] else 'no'} |",
        f"| body | {said['body']['name']} |",
        f"| persons labelled | {said['persons']:,} |",
        f"| persons with points whose outline is not known | {said['without_outline']:,} |",
        f"| pixels of the persons with a label | {said['coverage']:.1%} |",
        f"| mean confidence | {said['confidence']['mean']:.3f} |",
        f"| error of the labels | {error} |",
        f"| measured on | {agreement['points']:,} {on}; {agreement['labelled']:.1%} of them have a label |",
        "",
        "Confidence, share of the labels in each tenth from 0 to 1: "
        + ", ".join(f"{share:.1%}" for share in said["confidence"]["tenths"])
        + ".",
        "",
        "The photos are those of the base. What is withdrawn there later stays in this folder: make it anew.",
    ]
    return "\n".join(lines) + "\n"
