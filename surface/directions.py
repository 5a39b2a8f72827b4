"""Which anatomical way U and V point, on bodies whose parts are a person's and whose rig has SMPL's joint names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.frames import kind, side

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# From which joint to which V shall grow: towards the trunk, and up on trunk and head.
ALONG = {
    "upper arm": ("elbow", "shoulder"),
    "lower arm": ("wrist", "elbow"),
    "hand": ("middle1", "wrist"),
    "upper leg": ("knee", "hip"),
    "lower leg": ("ankle", "knee"),
    "foot": ("foot", "ankle"),
    "torso": ("pelvis", "neck"),
    "head": ("neck", "head"),
}
# Parts on which U grows away from the midline (towards the person's left on the torso).
OUTWARD = ("upper arm", "lower arm", "upper leg", "lower leg", "torso")


def directions(body: Body, chart: int) -> tuple[float | None, float | None]:
    """Correlations of V with the way up and of U with the way outward over a chart (1..C), by area.

    The way up is along the part's bone towards the trunk, the way outward is sideways, across the bone. None where
    the body has no such joints, or the part is none of a person's (for U: no limb and no torso).
    """
    name = body.part_names[int(body.chart_part[chart - 1]) - 1]
    what, own = kind(name), side(name)
    if body.rig is None or what not in ALONG:
        return None, None
    prefix = "" if what in ("torso", "head") else f"{own}_"
    begin, end = (prefix + joint for joint in ALONG[what])
    known = body.rig.joint_names
    if begin not in known or end not in known:
        return None, None
    joints = body.rig.J_regressor @ body.rig.v_template
    up = joints[known.index(end)] - joints[known.index(begin)]
    up = up / np.linalg.norm(up)
    members = np.flatnonzero(body.face_chart == chart)
    centre, uv = body.vertices[body.faces[members]].mean(axis=1), body.face_uv[members].mean(axis=1)
    area = body.face_area[members]
    if not area.sum() > 0:
        return None, None
    along = _correlation(centre @ up, uv[:, 1], area)
    if what not in OUTWARD:
        return along, None
    sideways = np.array([-1.0 if own == "right" else 1.0, 0.0, 0.0])
    sideways -= (sideways @ up) * up
    return along, _correlation(centre @ sideways, uv[:, 0], area)


def _correlation(a: Floats, b: Floats, weight: Floats) -> float:
    covariance = np.cov(a, b, aweights=weight) if len(a) > 1 else np.zeros((2, 2))
    spread = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1]) / spread if spread > 0 else 0.0
