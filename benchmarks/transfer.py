"""Maps between human bodies whose true correspondence is known, because they were made from one another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import igl
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial.transform import Rotation

import surface
from surface.body import Body, barycentric
from surface.rig import pose, shape
from surface.transfer import register
from surface.transfer_figures import random_points

Floats = NDArray[np.float64]

PEOPLE = (1, 2, 3)
PARTS = {
    "torso": ("Torso",),
    "upper legs": ("Upper Leg Left", "Upper Leg Right"),
    "lower legs": ("Lower Leg Left", "Lower Leg Right"),
    "upper arms": ("Upper Arm Left", "Upper Arm Right"),
    "lower arms": ("Lower Arm Left", "Lower Arm Right"),
    "hands": ("Left Hand", "Right Hand"),
    "feet": ("Left Foot", "Right Foot"),
    "head": ("Head",),
}
_FINGERS = ("index", "middle", "ring", "pinky")


def t_pose(body: Body, betas: Sequence[float] = (), name: str = "other") -> tuple[Body, Floats]:
    """Another person in a T-pose with flat hands, on the same triangles; and where each vertex (V,3) went.

    The rest pose moves, so joints are regressed anew, as wrongly as a regressor is on a pose that it was not made for.
    """
    rig = body.rig
    assert rig is not None
    names, parents = rig.joint_names, rig.parents
    at = np.asarray(rig.J_regressor @ shape(rig, betas))
    world = [Rotation.identity() for _ in names]
    local = np.zeros((len(names), 3))
    for j, joint in enumerate(names):
        before = world[parents[j]] if parents[j] >= 0 else Rotation.identity()
        world[j] = before
        side = 1.0 if joint.startswith("left") else -1.0
        if (aimed := _aim(joint, side)) is not None and aimed[0] in names:
            bone = before.apply(at[names.index(aimed[0])] - at[j])
            world[j] = _swing(bone, np.array(aimed[1])) * before
        local[j] = (before.inv() * world[j]).as_rotvec()
    moved = pose(rig, betas, local)
    return on(body, moved, name), moved


def _aim(joint: str, side: float) -> tuple[str, list[float]] | None:
    """The child that a joint's bone goes to, and which way it shall point."""
    own = joint.partition("_")[0]
    if joint.endswith("_shoulder"):
        return f"{own}_elbow", [side, 0.0, 0.0]
    if joint.endswith("_elbow"):
        return f"{own}_wrist", [side, 0.0, 0.1]
    if joint.endswith("_wrist"):
        return f"{own}_middle1", [side, -0.1, 0.1]
    for finger in _FINGERS:
        for k in (1, 2):
            if joint == f"{own}_{finger}{k}":
                return f"{own}_{finger}{k + 1}", [side, -0.15, 0.05]
    if joint.endswith("_hip"):
        return f"{own}_knee", [0.05 * side, -1.0, 0.0]
    if joint.endswith("_knee"):
        return f"{own}_ankle", [0.02 * side, -1.0, -0.03]
    return None


def _swing(a: Floats, b: Floats) -> Rotation:
    """The smallest rotation from one direction to another."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine = float(np.linalg.norm(axis))
    return Rotation.from_rotvec(axis / max(sine, 1e-12) * np.arctan2(sine, a @ b))


def on(body: Body, vertices: Floats, name: str) -> Body:
    """A body with other rest vertices (V,3); ten of its shape directions stay."""
    rig = body.rig
    assert rig is not None
    return replace(
        body,
        name=name,
        vertices=vertices,
        rig=replace(rig, v_template=vertices, shapedirs=rig.shapedirs[:, :, :10], shape_names=rig.shape_names[:10]),
    )


def bumpy(vertices: Floats, seed: int) -> Floats:
    """Vertices (V,3) moved by smooth bumps of about a centimetre that no rig knows, alike on both sides."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform([0, -0.9, -0.2], [0.9, 0.9, 0.2], (40, 3))
    way = rng.normal(size=(40, 3)) * 0.012
    folded = np.abs(vertices[:, :1]) * [1, 0, 0] + vertices * [0, 1, 1]
    move = np.exp(-((folded[:, None] - centre) ** 2).sum(axis=2) / (2 * 0.15**2)) @ way
    move[:, 0] *= np.tanh(vertices[:, 0] / 0.03)
    return vertices + move


def without_fingers(body: Body) -> Body:
    """The body with a rig that ends at the wrists, as SMPL's does (but for one joint in the hand)."""
    rig = body.rig
    assert rig is not None
    names, parents = rig.joint_names, rig.parents
    keep = [j for j, name in enumerate(names) if not any(f in name for f in (*_FINGERS, "thumb"))]
    weights = rig.weights.toarray()
    kept = weights[:, keep]
    for j, name in enumerate(names):
        if j not in keep:
            kept[:, keep.index(names.index(f"{name.partition('_')[0]}_wrist"))] += weights[:, j]
    tree = [keep.index(parents[j]) if parents[j] >= 0 else -1 for j in keep]
    return replace(
        body,
        rig=replace(
            rig,
            weights=csr_array(kept),
            J_regressor=csr_array(rig.J_regressor.toarray()[keep]),
            kintree_table=np.array([tree, range(len(keep))]),
            joint_names=tuple(names[j] for j in keep),
        ),
    )


def remeshed(body: Body, triangles: int, seed: int = 0) -> Body:
    """The body on fewer triangles, its vertices and faces in no order; charts by the nearest triangle."""
    rig = body.rig
    assert rig is not None
    v, f, *_ = igl.qslim(np.asfortranarray(body.vertices), np.asfortranarray(body.faces.astype(np.int32)), triangles)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(v))
    v, f = np.ascontiguousarray(v)[order], np.argsort(order)[rng.permutation(f)].astype(np.int32)
    forth, back = _interpolation(body.vertices, body.faces, v), _interpolation(v, f, body.vertices)
    chart = body.face_chart[body.nearest(v[f].mean(axis=1))[0]]
    return replace(
        body,
        vertices=v,
        faces=f,
        face_chart=chart,
        face_uv=np.zeros((len(f), 3, 2)),
        mirror_face=None,
        mirror_corner=None,
        mirror_map=None,
        keypoint_regressor=csr_array(body.keypoint_regressor @ back),
        rig=replace(
            rig,
            v_template=v,
            shapedirs=np.stack([forth @ rig.shapedirs[:, c] for c in range(3)], axis=1),
            weights=csr_array(forth @ rig.weights),
            J_regressor=csr_array(rig.J_regressor @ back),
            posedirs=None,
        ),
    )


def _interpolation(vertices: Floats, faces: NDArray[np.int32], points: Floats) -> csr_array:
    """(len(points),V): the barycentrics of the nearest surface points."""
    _, face, closest = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points), np.array(vertices), faces.astype(np.int64)
    )
    weights = barycentric(closest, np.asarray(vertices)[faces[face]])
    rows = np.repeat(np.arange(len(points)), 3)
    return csr_array((weights.ravel(), (rows, faces[face].ravel())), shape=(len(points), len(vertices)))


def measure() -> dict[str, object]:
    """Distance from the truth of the default body's points, 20,000 by area, on three persons of each kind.

    "posed": another shape in a T-pose. "bumpy": also deformed by about a centimetre that no rig knows. "no fingers":
    also on a rig that ends at the wrists. "other mesh": also on 13,776 other triangles.
    """
    body = surface.load()
    figures: dict[str, object] = {}
    kinds = ("posed", "bumpy", "no fingers", "other mesh")
    errors: dict[str, list[Floats]] = {kind: [] for kind in kinds}
    part: list[NDArray[np.uint8]] = []
    seconds, cycle = [], []
    for person in PEOPLE:
        face, bary = random_points(body, 20_000, person)
        part.append(body.part(face))
        posed, moved = t_pose(body, np.random.default_rng(person).normal(size=16).tolist())
        bent = on(body, bumpy(moved, person), "bumpy")
        bare = without_fingers(bent)
        for kind, other in zip(kinds, (posed, bent, bare, remeshed(bare, 13_776)), strict=True):
            truth = body.position(face, bary, moved if kind == "posed" else bent.vertices)
            started = time.process_time()
            made = register(body, other)
            seconds.append(time.process_time() - started)
            cycle.append(made.figures.cycle.mean)
            errors[kind].append(np.linalg.norm(other.position(*made.apply(face, bary)) - truth, axis=1))
    labels = np.concatenate(part)
    for kind in kinds:
        off = 100 * np.concatenate(errors[kind])
        figures[f"{kind}: mean cm"] = float(off.mean())
        figures[f"{kind}: median cm"] = float(np.median(off))
        figures[f"{kind}: 95% cm"] = float(np.quantile(off, 0.95))
        for name, members in PARTS.items():
            mine = np.isin(labels, [body.part_names.index(member) + 1 for member in members])
            figures[f"{kind}: {name}, mean cm"] = float(off[mine].mean())
    figures["there and back, mean mm"] = 1000 * float(np.mean(cycle))
    figures["registration, seconds of processor time"] = float(np.median(seconds))
    face, bary = random_points(body, 500_000)
    made.apply(face[:10], bary[:10])
    started = time.process_time()
    made.apply(face, bary)
    figures["apply, points a second"] = len(face) / (time.process_time() - started)
    return figures
