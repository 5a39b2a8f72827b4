"""Anny's skeleton and shapes in SMPL's terms: 52 joints of SMPL-H, linear shape directions, sparse regressors.

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015; Romero et al., "Embodied Hands",
SIGGRAPH Asia 2017 (joint names and order).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from surface.builders.anny_source import KEYPOINTS, Source, other_side

Floats = NDArray[np.float64]

FINGERS = {"index": 2, "middle": 3, "pinky": 5, "ring": 4, "thumb": 1}

# Joint, parent, the bone of Anny at whose head it sits ({} is the side).
_TREE = [
    ("pelvis", "", "root"),
    ("left_hip", "pelvis", "upperleg01.L"),
    ("right_hip", "pelvis", "upperleg01.R"),
    ("spine1", "pelvis", "spine05"),
    ("left_knee", "left_hip", "lowerleg01.L"),
    ("right_knee", "right_hip", "lowerleg01.R"),
    ("spine2", "spine1", "spine03"),
    ("left_ankle", "left_knee", "foot.L"),
    ("right_ankle", "right_knee", "foot.R"),
    ("spine3", "spine2", "spine01"),
    ("left_foot", "left_ankle", "toe3-1.L"),
    ("right_foot", "right_ankle", "toe3-1.R"),
    ("neck", "spine3", "neck01"),
    ("left_collar", "spine3", "clavicle.L"),
    ("right_collar", "spine3", "clavicle.R"),
    ("head", "neck", "head"),
    ("left_shoulder", "left_collar", "upperarm01.L"),
    ("right_shoulder", "right_collar", "upperarm01.R"),
    ("left_elbow", "left_shoulder", "lowerarm01.L"),
    ("right_elbow", "right_shoulder", "lowerarm01.R"),
    ("left_wrist", "left_elbow", "wrist.L"),
    ("right_wrist", "right_elbow", "wrist.R"),
]
for _side, _letter in (("left", "L"), ("right", "R")):
    for _finger, _number in FINGERS.items():
        _TREE += [
            (
                f"{_side}_{_finger}{k}",
                f"{_side}_{_finger}{k - 1}" if k > 1 else f"{_side}_wrist",
                f"finger{_number}-{k}.{_letter}",
            )
            for k in (1, 2, 3)
        ]

JOINTS = tuple(name for name, _, _ in _TREE)
BONES = tuple(bone for _, _, bone in _TREE)
PARENTS = np.array([JOINTS.index(parent) if parent else -1 for _, parent, _ in _TREE])


def joint_of_bones(bone_names: tuple[str, ...], bone_parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """The joint that moves each bone, `(B,)`: its own, else that of its nearest ancestor that has one.

    The five toes are one joint (the ball of the foot).
    """
    own = {bone: j for j, bone in enumerate(BONES)}
    for side, joint in (("L", JOINTS.index("left_foot")), ("R", JOINTS.index("right_foot"))):
        own |= {name: joint for name in bone_names if name.startswith("toe") and name.endswith(side)}
    found = np.zeros(len(bone_names), dtype=np.int64)
    for b, name in enumerate(bone_names):
        found[b] = own[name] if name in own else found[bone_parents[b]]
    return found


def reduce_weights(skin: Floats, joint: NDArray[np.int64], keep: int = 6) -> csr_matrix:
    """Skinning weights over joints, `(V, J)`: bones merged into their joints, the `keep` largest of each vertex."""
    merged = np.zeros((len(skin), len(JOINTS)))
    np.add.at(merged.T, joint, skin.T)
    cut = np.sort(merged, axis=1)[:, -keep][:, None]
    merged[(merged < cut) | (merged < 1e-3)] = 0.0
    return csr_matrix(merged / merged.sum(axis=1, keepdims=True))


def shape_space(shapes: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Principal components of a population of shapes.

    Args:
        shapes: `(N, V, 3)`.
        count: number of directions S.

    Returns:
        mean: `(V, 3)`.
        directions: `(V, 3, S)`, metres per standard deviation, ordered by variance; each makes the body taller.
        explained: `(S,)` share of the variance that the first 1..S directions explain.
    """
    mean = shapes.mean(axis=0)
    offset = (shapes - mean).reshape(len(shapes), -1)
    # The Gram matrix is small (N x N); its eigenvectors are the coefficients of the directions over the shapes.
    value, vector = np.linalg.eigh(offset @ offset.T / (len(shapes) - 1))
    value, vector = value[::-1][:count], vector[:, ::-1][:, :count]
    axis = (offset.T @ vector) / np.linalg.norm(offset.T @ vector, axis=0)
    directions = (axis * np.sqrt(value)).reshape(*mean.shape, count)
    height = directions[mean[:, 1].argmax(), 1] - directions[mean[:, 1].argmin(), 1]
    directions = directions * np.where(height < 0, -1.0, 1.0)
    total = (offset**2).sum() / (len(shapes) - 1)
    return mean, directions, np.cumsum(value) / total


def fit_regressor(
    shapes: Floats, targets: Floats, mirror: NDArray[np.int64], mirror_row: NDArray[np.int64], reach: NDArray[np.bool_]
) -> csr_matrix:
    """Sparse regressor from vertices to points: non-negative weights, rows sum to one, symmetric.

    Args:
        shapes: `(N, V, 3)` training shapes.
        targets: `(N, K, 3)` the points to reproduce on each.
        mirror: `(V,)` mirrored vertex.
        mirror_row: `(K,)` mirrored point.
        reach: `(K, V)` true where a vertex may serve a point.

    Returns:
        `(K, V)`; least squares over all shapes under the constraints, for one side and mirrored to the other.
    """
    from scipy.optimize import nnls

    rows = np.zeros((len(mirror_row), shapes.shape[1]))
    mean = shapes.mean(axis=0)
    for k, other in enumerate(mirror_row):
        if other < k:
            rows[k] = rows[other][mirror]
            continue
        near = np.flatnonzero(reach[k])
        near = near[np.argsort(np.linalg.norm(mean[near] - targets[:, k].mean(axis=0), axis=1), kind="stable")]
        candidate = np.unique(np.concatenate([near[:150], near[150:][:: max(1, len(near) // 150)]]))
        design = (shapes[:, candidate] - targets[:, k][:, None]).transpose(0, 2, 1).reshape(-1, len(candidate))
        # Weights that sum to one, so the target moves to the origin and the sum becomes a heavy extra equation.
        heavy = 100.0 * np.abs(design).max()
        system = np.vstack([design, np.full((1, len(candidate)), heavy)])
        weight, _ = nnls(system, np.concatenate([np.zeros(len(design)), [heavy]]), maxiter=30 * len(candidate))
        row = np.zeros(shapes.shape[1])
        row[candidate] = weight
        rows[k] = row if other != k else 0.5 * (row + row[mirror])
    rows[rows < 1e-4] = 0.0
    return csr_matrix(rows / rows.sum(axis=1, keepdims=True))


def regressors(
    source: Source, shapes: Floats, weights: Floats, mirror: NDArray[np.int64]
) -> tuple[csr_matrix, csr_matrix]:
    """Regressors from the body's vertices to its joints `(J, V)` and to COCO's keypoints `(17, V)`.

    Args:
        source: Anny, for the true positions on every shape.
        shapes: `(N, V, 3)` the body in those shapes.
        weights: `(V, J)`.
        mirror: `(V,)`.
    """
    heads = source.bone_heads[:, [source.bone_names.index(bone) for bone in BONES]]
    # A joint lies between what it moves and what its parent moves.
    reach = weights > 0.02
    reach = (reach | reach[:, np.maximum(PARENTS, 0)]).T
    sample = slice(0, 256)  # of a Sobol sequence a power of two is even; any other choice would not be
    joints = fit_regressor(shapes[sample], heads[sample], mirror, other_side(JOINTS), reach)
    everywhere = np.ones((len(KEYPOINTS), shapes.shape[1]), dtype=bool)
    keypoints = fit_regressor(shapes[sample], source.keypoints[sample], mirror, other_side(KEYPOINTS), everywhere)
    return joints, keypoints
