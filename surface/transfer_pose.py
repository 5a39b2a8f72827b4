"""Bringing a rigged body into another's rest pose and shape: joints first, then articulated ICP.

Unknown are the rotation of every joint, the shape coefficients, one scale and one translation. They start from the
directions of the bones and are refined by Gauss-Newton on point-to-plane distances (Chen and Medioni, "Object modelling
by registration of multiple range images", 1992), landmarks (joints of the same name, tips of fingers and toes) and
small penalties on shape and on turning away from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.rig import rodrigues

if TYPE_CHECKING:
    from surface.rig import Rig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRUNK = ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar", "neck", "head")
_BLOCK = ("left_hip", "right_hip", "left_shoulder", "right_shoulder", "neck")
# How far the start may be left, in radians that cost as much as a millimetre everywhere.
_TURN = 0.5
_SHAPE = 1.5  # standard deviations of a shape coefficient that cost as much as a millimetre everywhere
_SHAPES = 20  # the first directions; later ones are small, and SMPL-X ends with faces
STEPS = 24
_MOST = 0.3  # radians a joint may turn in one step


@dataclass(frozen=True)
class Pose:
    """World rotations (J,3,3), shape coefficients (S,), scale, and the root's position (3,)."""

    rotations: Floats
    betas: Floats
    scale: float
    root: Floats


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A rig, ready for derivatives: template (V,3), shape (V,3,S), weights (V,J), joints (J,3), joint shape (J,3,S)."""

    template: Floats
    shape: Floats
    weights: Floats
    joints: Floats
    joint_shape: Floats
    parents: list[int]
    below: NDArray[np.bool_]  # (J,J): row j marks j and all joints that hang from it

    @classmethod
    def of(cls, rig: Rig, vertices: Floats) -> Skeleton:
        """The rig around given rest vertices (V,3)."""
        shape = np.asarray(rig.shapedirs[:, :, :_SHAPES], np.float64)
        count, parents = len(rig.joint_names), rig.parents
        below = np.eye(count, dtype=bool)
        for j in range(count - 1, 0, -1):
            below[parents[j]] |= below[j]
        flat = rig.J_regressor @ shape.reshape(len(vertices), -1)
        return cls(
            vertices, shape, rig.weights.toarray(), np.asarray(rig.J_regressor @ vertices),
            flat.reshape(count, 3, -1), parents, below,
        )  # fmt: skip

    def rows(self, index: Ints) -> Skeleton:
        """The skeleton with some of its vertices only."""
        return replace(self, template=self.template[index], shape=self.shape[index], weights=self.weights[index])

    def rest(self, pose: Pose) -> tuple[Floats, Floats]:
        """Shaped and scaled rest vertices (V,3) and joints (J,3)."""
        return (
            pose.scale * (self.template + self.shape @ pose.betas),
            pose.scale * (self.joints + self.joint_shape @ pose.betas),
        )

    def place(self, pose: Pose, joints: Floats) -> Floats:
        """World positions (J,3) of the joints."""
        at = np.empty_like(joints)
        for j, parent in enumerate(self.parents):
            at[j] = pose.root if parent < 0 else at[parent] + pose.rotations[parent] @ (joints[j] - joints[parent])
        return at

    def posed(self, pose: Pose) -> tuple[Floats, Floats]:
        """Posed vertices (V,3) and joints (J,3)."""
        parts, at = self._parts(pose)
        return parts.sum(axis=1), at

    def turned(self, pose: Pose, normals: Floats) -> Floats:
        """Unit normals (V,3) of the rest pose, as the pose turns them."""
        turn = np.einsum("vj,jab->vab", self.weights, pose.rotations)
        out = np.einsum("vab,vb->va", turn, normals)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)

    def _parts(self, pose: Pose) -> tuple[Floats, Floats]:
        """Each joint's weighted share (V,J,3) of each posed vertex, and the posed joints (J,3)."""
        rest, joints = self.rest(pose)
        at = self.place(pose, joints)
        offset = at - np.einsum("jab,jb->ja", pose.rotations, joints)
        moved = np.einsum("jab,vb->vja", pose.rotations, rest) + offset
        return self.weights[:, :, None] * moved, at

    def derivatives(self, pose: Pose) -> tuple[Floats, Floats]:
        """The derivatives (V,3,P) of posed vertices and (J,3,P) of joints; P = 3 J turns, S shapes, scale, 3 root."""
        parts, at = self._parts(pose)
        # A turn by w at joint j moves what hangs from it by w x (x - at_j).
        arm = np.matmul(self.below.astype(np.float64), parts) - (self.weights @ self.below.T)[:, :, None] * at
        joint_arm = self.below.T[:, :, None] * (at[:, None] - at)
        return (
            np.concatenate([_turns(arm), self._stretch(pose, parts.sum(axis=1))], axis=2),
            np.concatenate([_turns(joint_arm), self._joint_stretch(pose, at)], axis=2),
        )

    def _moves(self, pose: Pose) -> Floats:
        """How the posed joints move with the shape coefficients, (J,3,S)."""
        out = np.zeros_like(self.joint_shape)
        for j, parent in enumerate(self.parents):
            if parent >= 0:
                change = pose.scale * (self.joint_shape[j] - self.joint_shape[parent])
                out[j] = out[parent] + pose.rotations[parent] @ change
        return out

    def _stretch(self, pose: Pose, posed: Floats) -> Floats:
        turn = np.einsum("vj,jab->vab", self.weights, pose.rotations)
        own = np.einsum("vab,vbs->vas", turn, pose.scale * self.shape)
        pivot = self._moves(pose) - np.einsum("jab,jbs->jas", pose.rotations, pose.scale * self.joint_shape)
        shape = own + np.einsum("vj,jas->vas", self.weights, pivot)
        return _tail(shape, (posed - pose.root)[:, :, None])

    def _joint_stretch(self, pose: Pose, at: Floats) -> Floats:
        return _tail(self._moves(pose), (at - pose.root)[:, :, None])


def _tail(shape: Floats, scale: Floats) -> Floats:
    root = np.broadcast_to(np.eye(3), (len(shape), 3, 3))
    return np.concatenate([shape, scale, root], axis=2)


def _turns(arm: Floats) -> Floats:
    """The derivative (N,3,3J) of positions by turns of J joints, of arms (N,J,3): the matrices of w x arm."""
    x, y, z = np.moveaxis(arm, 2, 0)
    o = np.zeros_like(x)
    rows = [np.stack(row, axis=2) for row in ((o, z, -y), (-z, o, x), (y, -x, o))]
    return np.stack(rows, axis=1).reshape(len(arm), 3, -1)


def aim(source: Floats, target: Floats, prior: Floats, trust: float = 1e-2) -> Floats:
    """The rotation (3,3) that turns directions (N,3) towards others (N,3), and else stays near a prior rotation.

    (Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976.)
    """
    u, _, vt = np.linalg.svd(target.T @ source + trust * prior)
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def _unit(v: Floats) -> Floats:
    return v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9)


def start(
    skeleton: Skeleton, names: tuple[str, ...], joints: dict[str, Floats], tips: dict[str, tuple[Floats, Floats]]
) -> Pose:
    """The pose whose bones point like the target's.

    Args:
        skeleton: the body to be posed.
        names: its J joint names.
        joints: where the target's joints (3,) are, by name.
        tips: by joint of the wrists and ankles, tips (5,3) at rest and on the target.
    """
    index = {name: n for n, name in enumerate(names)}
    block = [name for name in _BLOCK if name in joints and name in index]
    here, there = skeleton.joints[[index[n] for n in block]], np.array([joints[n] for n in block])
    here_mean, there_mean = here.mean(axis=0), there.mean(axis=0)
    scale = float(np.linalg.norm(there - there_mean) / np.linalg.norm(here - here_mean))
    trunk = aim(here - here_mean, there - there_mean, np.eye(3), 1e-6)
    rotations = np.tile(trunk, (len(names), 1, 1))
    for j, name in enumerate(names):
        if name in TRUNK or skeleton.parents[j] < 0:
            continue
        rotations[j] = rotations[skeleton.parents[j]]
        if name not in joints:
            continue
        children = [c for c, p in enumerate(skeleton.parents) if p == j and names[c] in joints]
        own_tips, other_tips = tips.get(name, (np.zeros((0, 3)), np.zeros((0, 3))))
        own = np.concatenate([skeleton.joints[children], own_tips]) - skeleton.joints[j]
        other = np.concatenate([np.reshape([joints[names[c]] for c in children], (-1, 3)), other_tips]) - joints[name]
        if len(own):
            rotations[j] = aim(_unit(own), _unit(other), rotations[j])
    pose = Pose(rotations, np.zeros(skeleton.shape.shape[2]), scale, np.zeros(3))
    at = skeleton.place(pose, skeleton.rest(pose)[1])
    return replace(pose, root=there_mean - at[[index[n] for n in block]].mean(axis=0))


def refine(
    skeleton: Skeleton,
    pose: Pose,
    nearest: Callable[[Pose, Floats], tuple[Floats, Floats, Floats]],
    landmarks: tuple[Ints, Floats],
    joints: tuple[Ints, Floats],
) -> Iterator[Pose]:
    """Gauss-Newton steps on pose, shape, scale and place; yields the pose after each of STEPS.

    Args:
        skeleton: the vertices that take part.
        pose: where to start.
        nearest: from a pose and its vertices (V,3) to target points (V,3), their normals (V,3) and weights (V,).
        landmarks: vertices (M,) and where they belong (M,3).
        joints: joints (K,) and where they belong (K,3); they count less and less.
    """
    turns, shapes = 3 * len(skeleton.joints), skeleton.shape.shape[2]
    stay = 1e-6 * np.concatenate([np.full(turns, _TURN**-2), np.full(shapes, _SHAPE**-2), np.full(4, 1e-9)])
    total = np.zeros(len(stay))
    for step in range(STEPS):
        fade = 1.0 - step / (STEPS - 1)
        at, joints_at = skeleton.posed(pose)
        goal, normal, weight = nearest(pose, at)
        of_vertex, of_joint = skeleton.derivatives(pose)
        rows, gaps = np.einsum("vc,vcp->vp", normal, of_vertex), np.einsum("vc,vc->v", normal, goal - at)
        weight = weight / max(weight.sum(), 1e-9)
        square = rows.T @ (weight[:, None] * rows) + np.diag(stay)
        right = rows.T @ (weight * gaps) - stay * total
        for (index, place), jacobian, now, strength in (
            (landmarks, of_vertex, at, 0.001 + 0.1 * fade**2),
            (joints, of_joint, joints_at, 0.02 + 0.5 * fade**2),
        ):
            if len(index):
                part = jacobian[index].reshape(-1, len(stay))
                square += strength / len(index) * part.T @ part
                right += strength / len(index) * part.T @ (place - now[index]).reshape(-1)
        change = np.linalg.solve(square, right)
        total += change
        pose = _moved(skeleton, pose, change)
        yield pose


def _moved(skeleton: Skeleton, pose: Pose, change: Floats) -> Pose:
    """The pose after a step (P,); no joint turns by more than a limit at once."""
    count = len(skeleton.joints)
    turn, rest = change[: 3 * count].reshape(count, 3), change[3 * count :]
    size = np.linalg.norm(turn, axis=1, keepdims=True)
    turn = turn * np.minimum(1.0, _MOST / np.maximum(size, 1e-12))
    return Pose(
        rodrigues(skeleton.below.T @ turn) @ pose.rotations,
        pose.betas + rest[:-4],
        pose.scale * float(np.exp(np.clip(rest[-4], -0.1, 0.1))),
        pose.root + rest[-3:],
    )
