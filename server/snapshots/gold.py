"""The work on persons whose truth is known, against that truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from annotation.consensus import FAR, Distances
from export.records import Points
from server.state import State
from server.studies.truths import open_truth

_DIGITS = 6  # of metres: what the table of distances resolves


def errors(state: State, truth: str, body_hash: str, points: Points, distances: Distances) -> dict[str, Any] | None:
    """Geodesic errors of a person's points in metres: ``error`` and ``part`` of those where the truth shows the person,
    and how many lie ``outside`` of it; None where the truth cannot be read, or is on another body."""
    try:
        known = open_truth(state.blobs, truth)
    except (ValueError, OSError):
        return None
    if known.body != body_hash:
        return None
    rows = known.rows(points.xy)
    inside = rows >= 0
    bary = np.asarray(known.bary)[rows[inside]].astype(np.float64)
    true = np.asarray(known.face)[rows[inside]], bary / bary.sum(axis=1, keepdims=True)
    found = np.minimum(distances((points.face[inside], points.bary[inside]), true), FAR)
    return {
        "error": found.round(_DIGITS).tolist(),
        "part": points.part[inside].tolist(),
        "outside": int((~inside).sum()),
    }
