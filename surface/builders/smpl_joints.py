"""The joints of SMPL, SMPL-H and SMPL-X: names, tree, the part that each one moves, and COCO's keypoints.

Loper et al., "SMPL", SIGGRAPH Asia 2015 (24 joints); Romero et al., "Embodied Hands", SIGGRAPH Asia 2017 (SMPL-H, 52);
Pavlakos et al., "Expressive Body Capture", CVPR 2019 (SMPL-X, 55). The three share their first 22 joints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from surface.builders.anny_rig import JOINTS as SMPLH
from surface.builders.anny_rig import PARENTS as SMPLH_PARENTS
from surface.builders.anny_source import KEYPOINTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMMON = 22
_FINGERS = SMPLH[COMMON:]
_FINGER_PARENTS = [int(p) for p in SMPLH_PARENTS[COMMON:]]
_TRUNK = [int(p) for p in SMPLH_PARENTS[:COMMON]]
_HEAD, _LEFT_WRIST, _RIGHT_WRIST = (SMPLH.index(name) for name in ("head", "left_wrist", "right_wrist"))

FAMILY = {24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}
NAMES: dict[int, tuple[str, ...]] = {
    24: (*SMPLH[:COMMON], "left_hand", "right_hand"),
    52: SMPLH,
    55: (*SMPLH[:COMMON], "jaw", "left_eye_smplhf", "right_eye_smplhf", *_FINGERS),
}
PARENTS: dict[int, list[int]] = {
    24: [*_TRUNK, _LEFT_WRIST, _RIGHT_WRIST],
    52: [*_TRUNK, *_FINGER_PARENTS],
    55: [*_TRUNK, _HEAD, _HEAD, _HEAD, *(p + 3 if p >= COMMON else p for p in _FINGER_PARENTS)],
}

TORSO, R_HAND, L_HAND, L_FOOT, R_FOOT, R_THIGH, L_THIGH, R_SHIN, L_SHIN, L_ARM, R_ARM, L_FOREARM, R_FOREARM, HEAD = (
    range(1, 15)
)
_SIDED = (
    (("wrist", "hand", "index", "middle", "pinky", "ring", "thumb"), L_HAND, R_HAND),
    (("ankle", "foot"), L_FOOT, R_FOOT),
    (("hip",), L_THIGH, R_THIGH),
    (("knee",), L_SHIN, R_SHIN),
    (("shoulder",), L_ARM, R_ARM),
    (("elbow",), L_FOREARM, R_FOREARM),
)

# Where nose, right eye, left eye, right ear and left ear are on the meshes that everybody uses (vertices, faces).
_FACE: dict[tuple[int, int], tuple[int, int, int, int, int]] = {
    (6890, 13776): (332, 6260, 2800, 4071, 583),
    (10475, 20908): (9120, 9929, 9448, 616, 6),
}


def part_of_joint(name: str) -> int:
    """The coarse part 1..14 that a joint moves."""
    if any(word in name for word in ("neck", "head", "jaw", "eye")):
        return HEAD
    for words, left, right in _SIDED:
        if any(word in name for word in words):
            return left if name.startswith("left") else right
    return TORSO


def keypoints(
    vertices: Floats, faces: Ints, weights: Floats, J_regressor: csr_array, names: tuple[str, ...]
) -> csr_array:
    """COCO's 17 keypoints, `(17, V)`: the limbs' joints by the model's own regressor, and five vertices of the head.

    Args:
        vertices: `(V, 3)` metres, rest pose, y up, facing +z, the person's left at +x.
        faces: `(F, 3)`.
        weights: `(V, J)` skinning weights.
        J_regressor: `(J, V)`.
        names: J joint names.
    """
    head = weights[:, [j for j, name in enumerate(names) if part_of_joint(name) == HEAD]].sum(axis=1) > 0.5
    known = _FACE.get((len(vertices), len(faces)))
    five = known if known is not None else face_vertices(vertices, head, float((J_regressor @ vertices)[_HEAD, 1]))
    at = dict(zip(("nose", "right_eye", "left_eye", "right_ear", "left_ear"), five, strict=True))
    rows = []
    for name in KEYPOINTS:
        if name in at:
            row = np.zeros(len(vertices))
            row[at[name]] = 1.0
        else:
            row = J_regressor[[names.index(name)]].toarray()[0]
        rows.append(row)
    return csr_array(np.array(rows))


def face_vertices(vertices: Floats, head: NDArray[np.bool_], base: float) -> tuple[int, int, int, int, int]:
    """Nose, right eye, left eye, right ear and left ear of an unknown mesh, as vertices of its head.

    The nose is the foremost vertex not more than 3 cm below the head's joint. Eyes lie 3 cm to either side of it,
    3.5 cm higher and 3 cm deeper; ears are the outermost vertices from 2 cm below it to 3 cm above.

    Args:
        vertices: `(V, 3)` metres.
        head: `(V,)` true on the head.
        base: height of the head's joint.
    """
    own = np.flatnonzero(head)
    v = vertices[own]
    nose = int(np.where(v[:, 1] > base - 0.03, v[:, 2], -np.inf).argmax())
    at = v[nose]
    found = [nose]
    for side in (-1.0, 1.0):
        eye = at + np.array([side * 0.03, 0.035, -0.03])
        found.append(int(np.linalg.norm(v - eye, axis=1).argmin()))
    for side in (-1.0, 1.0):
        level = (v[:, 1] > at[1] - 0.02) & (v[:, 1] < at[1] + 0.03)
        found.append(int(np.where(level, side * v[:, 0], -np.inf).argmax()))
    a, b, c, d, e = (int(own[k]) for k in found)
    return a, b, c, d, e
