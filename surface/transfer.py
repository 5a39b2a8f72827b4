"""From one human body's surface to another's and back, so that marks made on one can be written for the other.

``register`` poses and shapes the body with the richer rig like the other one (`surface.transfer_pose`), registers it
without a rig (`surface.transfer_fit`), and projects both surfaces onto each other: one map each way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface import transfer_fit, transfer_pose
from surface.body import vertex_normals
from surface.surfacemap import SurfaceMap
from surface.transfer_digits import ENDS, Digits, digits
from surface.transfer_figures import Figures, corners, figures_of

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOINTS = (
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle", "neck",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
"""Joints that both bodies must have, by SMPL's names."""

# A body further from its own mirror image at x -> -x than this, metres, is not registered as symmetric.
_SYMMETRIC = 2e-3
# Vertices that take part in posing.
_SAMPLE = 3000


@dataclass(frozen=True, eq=False)
class Transfer:
    """Maps between two bodies.

    Attributes:
        source: the one body.
        target: the other.
        forward: source to target.
        backward: target to source.
        figures: how good the maps are, as far as that can be known without the truth.
    """

    source: Body
    target: Body
    forward: SurfaceMap
    backward: SurfaceMap
    figures: Figures

    def apply(self, face: ArrayLike, bary: ArrayLike) -> tuple[NDArray[np.int32], Floats]:
        """Surface points of the target (face (N,), bary (N,3)) for surface points of the source.

        Raises:
            ValueError: shapes differ, a face does not exist, or barycentrics do not sum to 1.
        """
        return self.forward.apply(self.source, self.target, *self.source._points(face, bary))

    @property
    def inverse(self) -> Transfer:
        """The transfer from the target to the source."""
        return Transfer(self.target, self.source, self.backward, self.forward, self.figures)


def register(source: Body, target: Body, progress: Callable[[int, int], None] | None = None) -> Transfer:
    """Map two human bodies onto each other. ``register(a, b)`` and ``register(b, a).inverse`` are the same maps.

    Args:
        source: a body with a rig that names its joints as SMPL does.
        target: another one.
        progress: called as ``progress(done, total)``.

    Raises:
        ValueError: a body has no rig, lacks joints that both must have, or both are the same.
    """
    require_human(source, target)
    if _richness(source) < _richness(target):
        return register(target, source, progress).inverse
    total, done = transfer_pose.STEPS + len(transfer_fit.LENGTHS) + 2, 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    pairs = {end: (a, b) for end in ENDS if (a := digits(source, end)) and (b := digits(target, end))}
    own, other = (
        transfer_fit.digit_places([pair[n].member for pair in pairs.values()], len(body.vertices))
        for n, body in enumerate((source, target))
    )
    places = transfer_fit.Places.of(target, other)
    begin = _pose(source, target, places, own, pairs, tick)
    both = _symmetric(source) and _symmetric(target)
    registered = transfer_fit.register(
        source, begin, places, own, _landmarks(pairs, target), _symmetriser(source) if both else lambda x: x, tick
    )
    face, bary, fit = places.nearest(registered, vertex_normals(registered, source.faces), own)
    moved = replace(source, vertices=registered, rig=None)
    back = transfer_fit.Places.of(moved, own).nearest(target.vertices, target.vertex_normals, other)
    forward = _mirrored(SurfaceMap(face, bary), source, target)
    backward = _mirrored(SurfaceMap(back[0], back[1]), target, source)
    tick()
    figures = figures_of(source, target, forward, backward, fit[np.unique(source.faces)], tuple(pairs))
    tick()
    return Transfer(source, target, forward, backward, figures)


def require_human(source: Body, target: Body) -> None:
    """Raises ValueError when two bodies cannot be registered to each other; the message says why and what to do."""
    advice = "marks can be transferred only between human bodies whose rigs name their joints as SMPL does"
    for body in (source, target):
        if body.rig is None:
            raise ValueError(f"body {body.name!r} has no rig; {advice}")
        missing = [name for name in JOINTS if name not in body.rig.joint_names]
        if missing:
            raise ValueError(f"the rig of body {body.name!r} has no {', '.join(missing)}; {advice}")
    if source.hash == target.hash:
        raise ValueError(f"{source.name!r} and {target.name!r} are the same body; nothing is to be transferred")


def _richness(body: Body) -> tuple[int, int, int, str]:
    assert body.rig is not None
    return len(body.rig.joint_names), body.rig.shapedirs.shape[2], len(body.vertices), body.hash


def _landmarks(pairs: dict[str, tuple[Digits, Digits]], target: Body) -> tuple[Ints, Floats]:
    """Tips of digits: vertices (M,) of the source, places (M,3) on the target."""
    own = [a.tips for a, _ in pairs.values()]
    there = [target.vertices[b.tips] for _, b in pairs.values()]
    return np.concatenate([np.zeros(0, np.int64), *own]), np.concatenate([np.zeros((0, 3)), *there])


def _pose(
    source: Body,
    target: Body,
    places: transfer_fit.Places,
    own: Floats,
    pairs: dict[str, tuple[Digits, Digits]],
    tick: Callable[[], None],
) -> Floats:
    """The source's vertices (V,3) in the target's rest pose and as near to its shape as the rig goes."""
    assert source.rig is not None
    assert target.rig is not None
    names = source.rig.joint_names
    skeleton = transfer_pose.Skeleton.of(source.rig, np.asarray(source.vertices))
    at = np.asarray(target.rig.J_regressor @ target.vertices)
    joints = {name: at[k] for k, name in enumerate(target.rig.joint_names) if name in names}
    tips = {
        end: (source.vertices[a.tips], target.vertices[b.tips])
        for end, (a, b) in pairs.items()
        if end.replace("wrist", "middle1") not in joints or "ankle" in end
    }
    landmarks, places_of = _landmarks(pairs, target)
    spread = np.random.default_rng(0).permutation(len(source.vertices))[:_SAMPLE]
    rows = np.unique(np.concatenate([spread, landmarks]))
    part, normals = skeleton.rows(rows), source.vertex_normals[rows]

    def nearest(pose: transfer_pose.Pose, points: Floats) -> tuple[Floats, Floats, Floats]:
        turned = part.turned(pose, normals)
        return transfer_fit.compatible(places, points, turned, own[rows], 0.04)

    held = [k for k, name in enumerate(names) if name in joints and name not in transfer_pose.TRUNK]
    pose = transfer_pose.start(skeleton, names, joints, tips)
    for step in transfer_pose.refine(
        part,
        pose,
        nearest,
        (np.searchsorted(rows, landmarks), places_of),
        (np.array(held), np.array([joints[names[k]] for k in held])),
    ):
        pose = step
        tick()
    return skeleton.posed(pose)[0]


def _symmetric(body: Body) -> bool:
    """Whether the rest pose is its own mirror image at x -> -x, as the body's mirror has it."""
    if not body.symmetric:
        return False
    off = np.abs(_symmetriser(body)(body.vertices) - body.vertices)[np.unique(body.faces)]
    return float(off.max()) < _SYMMETRIC


def _symmetriser(body: Body) -> Callable[[Floats], Floats]:
    """The mean of positions (V,3) and their mirror image."""
    face, bary = body.mirror(*corners(body))

    def both(x: Floats) -> Floats:
        return (x + np.einsum("vk,vkc->vc", bary, x[body.faces[face]]) * [-1.0, 1.0, 1.0]) / 2

    return both


def _mirrored(way: SurfaceMap, source: Body, target: Body) -> SurfaceMap:
    """The map made to commute with the mirror, where the source's vertices have exact mirror images."""
    if source.mirror_face is None or not target.symmetric:
        return way
    mirror_face, mirror_bary = source.mirror(*corners(source))
    partner = np.take_along_axis(source.faces[mirror_face], mirror_bary.argmax(axis=1)[:, None], axis=1)[:, 0]
    right = np.flatnonzero(source.vertices[:, 0] < source.vertices[partner, 0])
    face, bary = way.face.copy(), way.bary.copy()
    face[right], bary[right] = target.mirror(way.face[partner[right]], way.bary[partner[right]])
    return SurfaceMap(face, bary)
