"""A mesh in a body's axes (y up, front +z, its own left +x), mirrored at x = 0 where it is symmetric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from surface.builders import mesh_symmetry as symmetry_of
from surface.builders.mesh_clean import Mesh
from surface.builders.mesh_patches import cut_fans
from surface.builders.mesh_read import Labels
from surface.builders.mesh_report import Report
from surface.builders.mesh_symmetry import EXACT, FLIP, Mirror, Plane
from surface.frames import side
from surface.topology import face_areas, face_components, half_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AGREE = 0.9  # of the area: labels that agree less with their mirror image are not symmetric
SNAP = 0.02  # of the mean edge: vertices this near to the plane of symmetry are put onto it
CLEAR = 0.05  # of the width: the left and right parts that lie nearer to the middle do not tell which way a body faces
_AXES = {s + a: np.eye(3)[k] * (-1 if s else 1) for s in ("", "-") for k, a in enumerate("xyz")}


@dataclass
class Posed:
    """A mesh in a body's axes.

    Attributes:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        label: `(F,)` part of each face, or None.
        mirror: the mirror at x = 0, or None.
        part_mirror: `(P + 1,)` for labelled meshes with a mirror, else None.
    """

    vertices: Floats
    faces: Ints
    label: Ints | None
    mirror: Mirror | None = None
    part_mirror: Ints | None = None


def axes(up: str | None, front: str | None) -> Floats:
    """The rotation `(3, 3)` that takes a file's axes to the body's.

    Raises:
        ValueError: an axis has no known name, or both are along the same line.
    """
    for word, value in (("up", up), ("front", front)):
        if value is not None and value not in _AXES:
            raise ValueError(f"{word} {value!r} is no axis; expected {', '.join(_AXES)}")
    y = _AXES[up or "y"]
    usual = {"y": "z", "z": "-y", "x": "z"}[(up or "y")[-1]]
    z = _AXES[front or usual]
    if abs(y @ z) > 0.5:
        raise ValueError(f"up {up or 'y'} and front {front or usual} are along the same line")
    return np.stack([np.cross(y, z), y, z])


def sideways(up: str | None, front: str | None) -> tuple[str, str]:
    """The axes of the file that become +x and -x of the body, as `--front` names them."""
    x = axes(up, front)[0]
    name = next(name for name, axis in _AXES.items() if np.array_equal(axis, x))
    return name, name[1:] if name.startswith("-") else f"-{name}"


def pose(
    mesh: Mesh,
    label: Ints | None,
    labels: Labels | None,
    symmetry: str,
    up: str | None,
    front: str | None,
    report: Report,
    tolerance: float,
) -> Posed:
    """Turns a mesh so that its plane of symmetry is x = 0, and mirrors it.

    Args:
        mesh: sound, in the axes that the user gave.
        label: `(F,)` parts, or None.
        labels: what the label file says of them.
        symmetry: "auto", "force" or "none".
        up, front: the axes that the user named, or None; the front may be turned where it is not named.
        report: takes what is found.
        tolerance: metres; a right half nearer than this to the image of the left one is replaced by it ("force"
            replaces it at any distance).

    Raises:
        ValueError: the body may face two ways, or the labels contradict the front that the user named.
    """
    out = Posed(mesh.vertices, mesh.faces, label)
    plane = None if symmetry == "none" else symmetry_of.plane(out.vertices, out.faces)
    axis = -1 if plane is None else int(np.abs(plane.normal).argmax())
    quarter = axis == 2 and front is None
    if plane is not None and (axis == 1 or (axis == 2 and not quarter)):
        report.notes.append(
            f"symmetric, but not between left and right: at {'xyz'[axis]} = 0; pass another --up or --front"
        )
        plane = None
    if plane is not None:
        _turn(out, plane, report)
    known = _left_is_left(out, labels, front is None, report)
    if quarter and not known:
        one, other = sideways(up, front)
        raise ValueError(
            f"the mesh is symmetric across the axis it would face, so it faces {one} or {other} of the file: "
            f"pass --front {one} or --front {other} (or --symmetry none)"
        )
    if plane is None:
        return out
    _mirror(out, np.inf if symmetry == "force" else tolerance, report)
    if labels is not None:
        _pair_labels(out, labels, report)
    if out.mirror is not None:
        report.symmetry, report.symmetry_error = ("exact" if out.mirror.exact else "near"), out.mirror.error
    return out


def _left_is_left(out: Posed, labels: Labels | None, guess: bool, report: Report) -> bool:
    """Parts that are called left come to lie on the left, or are refused where the user named the front.

    Returns:
        Whether the labels tell left from right.
    """
    if out.label is None or labels is None:
        return False
    sides = np.array([{"left": 1.0, "right": -1.0, None: 0.0}[side(name)] for name in labels.names])[out.label - 1]
    if not ((sides > 0).any() and (sides < 0).any()):
        return False
    x = out.vertices[out.faces].mean(axis=1)[:, 0]
    weight = sides * face_areas(out.vertices, out.faces)
    # Half the distance between what is called left and what is called right.
    lean = (weight @ x - weight.sum() * np.abs(weight) @ x / np.abs(weight).sum()) / np.abs(weight).sum()
    if abs(lean) < CLEAR * np.ptp(out.vertices[:, 0]):
        return False
    if lean < 0:
        if not guess:
            raise ValueError("parts called left lie on the right of a body that faces this way; pass another --front")
        report.notes.append("turned by 180 degrees, so that what is called left is on the body's left")
        out.vertices = out.vertices * [-1.0, 1.0, -1.0]
    return True


def _turn(out: Posed, plane: Plane, report: Report) -> None:
    """Brings the plane of symmetry, which is near to x = 0 or z = 0, to x = 0."""
    normal = plane.normal
    v = out.vertices - plane.offset * normal
    if abs(normal[2]) > abs(normal[0]):
        report.notes.append("symmetric at z = 0: turned by a quarter")
        quarter = np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]])
        v, normal = v @ quarter.T, -(quarter @ normal)
    if normal[0] < 1.0 - 1e-12:
        report.notes.append(f"turned by {np.degrees(np.arccos(normal[0])):.2g} degrees onto its plane of symmetry")
        v = v @ _onto_x(normal).T
    out.vertices = v


def _onto_x(normal: Floats) -> Floats:
    """The smallest rotation that takes a unit vector to +x."""
    x = np.array([1.0, 0, 0])
    w = np.cross(normal, x)
    k = np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]])
    return np.asarray(np.eye(3) + k + k @ k / (1.0 + normal[0]))


def _mirror(out: Posed, tolerance: float, report: Report) -> None:
    """Divides the triangles on the plane of symmetry and finds the mirror, exactly where that moves no vertex."""
    near = symmetry_of.find(out.vertices, out.faces)
    if near is None:
        return
    edges = np.unique(np.sort(half_edges(out.faces), axis=1), axis=0)
    mean = float(np.linalg.norm(out.vertices[edges[:, 0]] - out.vertices[edges[:, 1]], axis=1).mean())
    diagonal = float(np.linalg.norm(np.ptp(out.vertices, axis=0)))
    for snap in (SNAP * mean, EXACT * diagonal, 0.0):
        v, f, origin = symmetry_of.cut_at_plane(out.vertices, out.faces, snap)
        if np.abs(v[f][..., 0]).max(axis=1).min() > 0 and face_areas(v, f).min() > 1e-12 * diagonal**2:
            break  # snapping laid no triangle into the plane
    left = np.asarray(v[f][..., 0].mean(axis=1) > 0)
    distance, partner = cKDTree(v).query(v * FLIP)
    if distance.max() <= EXACT * diagonal and np.array_equal(partner[partner], np.arange(len(v))):
        image = _other_triangles(f, left, partner)
        if image is not None:
            origin = np.concatenate([origin[left], _like(v, f[~left], origin[~left], v, image)])
            f = np.concatenate([f[left], image])
            report.notes.append("triangulated the right half as the mirror image of the left; no vertex moved")
    elif near.error <= tolerance:
        new, faces = symmetry_of.doubled(v, f, left)
        if not _whole(faces):
            report.notes.append("the right half cannot be replaced: with its mirror image the left one falls apart")
            out.mirror = near
            return
        origin = np.concatenate([origin[left], _like(v, f[~left], origin[~left], new, faces[left.sum() :])])
        v, f = new, faces
        report.notes.append(
            f"made the right half the mirror image of the left; they were {near.error * 1000:.3g} mm apart"
            + (f", which decimation may explain (up to {tolerance * 1000:.3g} mm)" if np.isfinite(tolerance) else "")
        )
    out.vertices, out.faces = v, f
    out.label = None if out.label is None else out.label[origin]
    out.mirror = symmetry_of.find(v, f)


def _whole(faces: Ints) -> bool:
    """Whether a surface is in one piece, with no more than two faces at an edge and one fan at each vertex."""
    count = np.unique(np.sort(half_edges(faces), axis=1), axis=0, return_counts=True)[1]
    return bool(count.max() <= 2) and face_components(faces)[0] == 1 and len(cut_fans(faces)[0]) == faces.max() + 1


def _other_triangles(faces: Ints, left: NDArray[np.bool_], partner: Ints) -> Ints | None:
    """The left half's faces mirrored, None if they are the right half's already."""
    image = partner[faces[left]][:, [0, 2, 1]]
    have = {tuple(sorted(face)) for face in faces[~left].tolist()}
    same = len(have) == len(image) and all(tuple(sorted(face)) in have for face in image.tolist())
    return None if same else image


def _like(old: Floats, old_faces: Ints, value: Ints, new: Floats, new_faces: Ints) -> Ints:
    """For each new face the value of the old one whose centre is nearest."""
    tree = cKDTree(old[old_faces].mean(axis=1))
    return np.asarray(value[tree.query(new[new_faces].mean(axis=1))[1]])


def _pair_labels(out: Posed, labels: Labels, report: Report) -> None:
    """Which labelled parts mirror each other: by the file, by their names, else by where they lie."""
    if out.mirror is None or out.label is None:
        return
    left = symmetry_of.left_half(out.vertices, out.faces, out.mirror)
    image = symmetry_of.image_of_faces(out.vertices, out.faces, out.mirror, left)
    area = face_areas(out.vertices, out.faces)
    right = np.flatnonzero(~left)
    count = len(labels.names)
    votes = np.zeros((count + 1, count + 1))
    np.add.at(votes, (out.label[image[right]], out.label[right]), area[right])
    votes += votes.T
    pairs = _named_pairs(labels) if labels.mirror is not None or any(map(side, labels.names)) else None
    if pairs is None:
        pairs = votes.argmax(axis=1)
        pairs[pairs[pairs] != np.arange(count + 1)] = 0
        pairs = np.where(pairs == 0, np.arange(count + 1), pairs)
    agree = votes[np.arange(count + 1), pairs].sum() / votes.sum()
    if agree < AGREE:
        out.mirror = None
        report.notes.append(
            f"the mesh is symmetric, but its labels agree with their mirror image on {agree:.0%} only: no mirror"
        )
        return
    out.part_mirror = pairs


def _named_pairs(labels: Labels) -> Ints:
    pairs = np.arange(len(labels.names) + 1)
    if labels.mirror is not None:
        for a, b in labels.mirror:
            pairs[a], pairs[b] = b, a
        return pairs
    known = {name.lower(): k for k, name in enumerate(labels.names, start=1)}
    for name, k in known.items():
        swapped = name.replace("left", "\0").replace("right", "left").replace("\0", "right")
        pairs[k] = known.get(swapped, k)
    return pairs
