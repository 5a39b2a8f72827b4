"""Charts of any mesh with labelled parts: every part parted into disks, every disk unfolded and turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface import bijective, flatten
from surface.builders.mesh_patches import FEW, absorb_islands, disks, is_disk, local, smooth_normals, split
from surface.builders.mesh_symmetry import Mirror, labels_across, layout_across, left_half
from surface.builders.orientation import orient
from surface.topology import boundary_loops, face_areas, vertex_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Progress = Callable[[str, int, int], None] | None

MOST = 255  # charts and parts are numbered in a byte, 0 is the background
REACH = 0.02  # normals are averaged over this share of the bounding box's diagonal before a part is split by them
STRETCH = 0.5  # a chart that is stretched more, on average, is split
_AXES = (("Left", "Right"), ("Top", "Bottom"), ("Front", "Back"))


@dataclass(frozen=True)
class Charts:
    """Charts of a mesh with P parts.

    Attributes:
        face_chart: `(F,)` 1..C.
        face_uv: `(F, 3, 2)` U,V in [0, 1] of each corner; each chart a bijective image of a disk.
        chart_part: `(C,)` 1..P.
        chart_names: C names: the part's, with what tells its charts apart.
        chart_mirror: `(C + 1,)` the mirrored chart, 0 is background; every chart its own without a mirror.
    """

    face_chart: NDArray[np.uint8]
    face_uv: Floats
    chart_part: NDArray[np.uint8]
    chart_names: tuple[str, ...]
    chart_mirror: NDArray[np.uint8]


def charts(
    vertices: ArrayLike,
    faces: ArrayLike,
    labels: ArrayLike,
    part_names: Sequence[str],
    *,
    part_mirror: ArrayLike | None = None,
    mirror: Mirror | None = None,
    least: int = 1,
    progress: Progress = None,
) -> Charts:
    """Cuts the labelled parts of a mesh into disks and unfolds each, as `densemark body build mesh` does.

    A part that is no disk, or bent so far that it would be distorted much (a tube, a closed end), is split along short
    seams. Each piece of a part in several pieces has charts of its own. V grows upwards (y; on charts that
    face up or down, towards the front), U towards the body's left (+x; on charts that face sideways, its front, +z).

    With a mirror, parts on the midline are split at x = 0, the left half is cut and unfolded, and the right half takes
    its charts: exactly where the triangles are mirror images, along the right half's own edges where they are not.

    Args:
        vertices: `(V, 3)` metres, y up, the body faces +z, its left is +x.
        faces: `(F, 3)` counter-clockwise from outside, edge-manifold.
        labels: `(F,)` part 1..P of each face, every part with at least one face.
        part_names: P names.
        part_mirror: `(P + 1,)` mirrored part, 0 is background. Needed with a mirror.
        mirror: how the mesh is mirrored (`mesh_symmetry.find(vertices, faces)`), else None.
        least: at least so many charts: the largest are split further until there are.
        progress: called with a chart's name, how many charts are unfolded, and of how many.

    Raises:
        ValueError: labels have the wrong length or values, a part has no faces, or more than 255 charts are needed.
    """
    v, f = np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int64)
    label = np.asarray(labels, dtype=np.int64)
    parts = len(part_names)
    _check(f, label, part_names)
    normals = smooth_normals(v, f, REACH * float(np.linalg.norm(np.ptp(v, axis=0))))
    pairs = np.arange(parts + 1) if part_mirror is None else np.asarray(part_mirror, dtype=np.int64)
    if mirror is None:
        uv = np.zeros((len(f), 3, 2))
        pieces = _unfold_all(
            v, f, label, _cut(v, f, label, np.arange(len(f)), normals, least), uv, part_names, progress
        )
        return _collect(v, f, label, uv, pieces, list(range(len(pieces))), part_names)
    return _mirrored(v, f, label, normals, part_names, pairs, mirror, (least + 1) // 2, progress)


def _check(faces: Ints, label: Ints, part_names: Sequence[str]) -> None:
    parts = len(part_names)
    if label.shape != (len(faces),):
        raise ValueError(f"{label.size} labels for {len(faces)} faces")
    bad = np.flatnonzero((label < 1) | (label > parts))
    if len(bad):
        raise ValueError(f"label {label[bad[0]]} of face {bad[0]} is not in 1..{parts}")
    empty = np.flatnonzero(np.bincount(label, minlength=parts + 1)[1:] == 0)
    if len(empty):
        raise ValueError(f"part {empty[0] + 1} ({part_names[empty[0]]}) has no faces")


def _cut(v: Floats, f: Ints, label: Ints, members: Ints, normals: Floats, least: int = 1) -> list[Ints]:
    """Faces of each disk of some faces, part by part; at least so many."""
    if not 1 <= least <= MOST:
        raise ValueError(f"{least} charts: expected 1..{MOST}")
    out = []
    for part in np.unique(label[members]):
        own = members[label[members] == part]
        number = disks(v, f[own], normals[own])
        out += [own[number == k] for k in range(number.max() + 1)]
        _limit(len(out), part)
    area = face_areas(v, f)
    while len(out) < least and max(map(len, out)) > FEW:
        # Small ones are done: what is left to split is what is large.
        largest = max((k for k in range(len(out)) if len(out[k]) > FEW), key=lambda k: float(area[out[k]].sum()))
        own = out.pop(largest)
        inside = split(v, f[own], normals[own])
        for side in (~inside, inside):
            number = disks(v, f[own[side]], normals[own[side]])
            out[largest:largest] = [own[side][number == k] for k in range(number.max() + 1)]
    return out


def _limit(count: int, part: int) -> None:
    if count > MOST:
        raise ValueError(f"part {part} brings the charts to more than {MOST}: too many pieces or holes")


def _unfold_all(
    v: Floats, f: Ints, label: Ints, pieces: list[Ints], uv: Floats, part_names: Sequence[str], progress: Progress
) -> list[Ints]:
    """Unfolds pieces that are disks into `uv` `(F, 3, 2)`; one that cannot be unfolded is split again."""
    done: list[Ints] = []
    todo = pieces[::-1]
    while todo:
        members = todo.pop()
        part = int(label[members[0]])
        if progress:
            progress(part_names[part - 1], len(done), len(done) + 1 + len(todo))
        flat = unfold(v, f[members])
        if flat is not None:
            uv[members] = flat
            done.append(members)
            continue
        inside = split(v, f[members], smooth_normals(v, f[members], 0.0))
        for side in (inside, ~inside):
            number = disks(v, f[members[side]], smooth_normals(v, f[members[side]], 0.0))
            todo += [members[side][number == k] for k in range(number.max() + 1)]
        _limit(len(done) + len(todo), part)
    return done


def _collect(
    v: Floats, f: Ints, label: Ints, uv: Floats, pieces: list[Ints], twins: list[int], part_names: Sequence[str]
) -> Charts:
    """The charts of unfolded pieces, those of one part together; `twins` says which piece mirrors which."""
    _limit(len(pieces), int(label[pieces[-1][0]]))
    part = np.array([label[members[0]] for members in pieces])
    order = np.argsort(part, kind="stable")
    chart = np.zeros(len(f), dtype=np.uint8)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(1, len(order) + 1)
    for piece, members in enumerate(pieces):
        chart[members] = number[piece]
    mirror = np.zeros(len(order) + 1, dtype=np.uint8)
    mirror[number] = number[np.array(twins)]
    own = [pieces[k] for k in order]
    names = name_charts(v, f, own, part[order], part_names)
    return Charts(chart, uv, part[order].astype(np.uint8), names, mirror)


def _mirrored(
    v: Floats,
    f: Ints,
    label: Ints,
    normals: Floats,
    part_names: Sequence[str],
    part_mirror: Ints,
    mirror: Mirror,
    least: int,
    progress: Progress,
) -> Charts:
    """Charts of the left half, and the right half's after them."""
    left = left_half(v, f, mirror)
    uv = np.zeros((len(f), 3, 2))
    pieces = _cut(v, f, label, np.flatnonzero(left), normals, least)
    pieces = _unfold_all(v, f, label, pieces, uv, part_names, progress)
    label = label.copy()
    if mirror.face is not None and mirror.corner is not None:
        images = [mirror.face[own] for own in pieces]
        for own, image in zip(pieces, images, strict=True):
            label[image] = part_mirror[label[own]]
            np.put_along_axis(
                uv_image := np.empty((len(own), 3, 2)), mirror.corner[own].astype(np.int64)[..., None], uv[own], axis=1
            )
            uv[image] = uv_image
        twins = [*range(len(pieces), 2 * len(pieces)), *range(len(pieces))]
        return _collect(v, f, label, uv, pieces + images, twins, part_names)
    return _nearly_mirrored(v, f, label, normals, uv, part_names, part_mirror, left, pieces, progress)


def _nearly_mirrored(
    v: Floats,
    f: Ints,
    label: Ints,
    normals: Floats,
    uv: Floats,
    part_names: Sequence[str],
    part_mirror: Ints,
    left: NDArray[np.bool_],
    pieces: list[Ints],
    progress: Progress,
) -> Charts:
    """The right half takes charts and layouts from the left one by nearest points; its own where that makes no disk."""
    number = np.zeros(len(f), dtype=np.int64)
    for k, own in enumerate(pieces):
        number[own] = k
    right = np.flatnonzero(~left)
    taken = absorb_islands(f[right], labels_across(v, f, left, number[left]))
    out, twins, again = list(pieces), list(range(len(pieces))), []
    for k, own in enumerate(pieces):
        image = right[taken == k]
        if not len(image):
            continue
        label[image] = part_mirror[label[own[0]]]
        flat = _layout_from(v, f, uv, own, image) if is_disk(f[image]) else None
        if flat is None:
            again.append((k, image))
            continue
        both = np.concatenate([uv[own].reshape(-1, 2), flat.reshape(-1, 2)])
        low, size = both.min(axis=0), np.ptp(both, axis=0)
        uv[own], uv[image] = (uv[own] - low) / size, (flat - low) / size
        twins[k] = len(out)
        out.append(image)
        twins.append(k)
    for k, image in again:
        fresh = _cut(v, f, label, image, normals)
        for own in _unfold_all(v, f, label, fresh, uv, part_names, progress):
            pair = twins[k] == k and len(fresh) == 1
            twins.append(k if pair else len(out))
            if pair:
                twins[k] = len(out)
                uv[own, :, 0] = _same_way(v, f, uv, pieces[k], own)
            out.append(own)
    return _collect(v, f, label, uv, out, twins, part_names)


def _layout_from(v: Floats, f: Ints, uv: Floats, own: Ints, image: Ints) -> Floats | None:
    """The layout `(n, 3, 2)` of a right piece by where its mirror image falls on the left one; None if it folds."""
    _, points, faces = local(v, f[image])
    flat = layout_across(v, f[own], uv[own], points)
    (loop, *more) = boundary_loops(faces)
    a, b = flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]]
    turned = flat * [np.sign((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()), 1.0]
    if more or not bijective.is_bijective(turned, faces, loop):
        return None
    return flat[faces]


def _same_way(v: Floats, f: Ints, uv: Floats, own: Ints, image: Ints) -> Floats:
    """U of a right piece, turned so that it grows as in its left twin."""
    wanted = layout_across(v, f[own], uv[own], v[f[image]].reshape(-1, 3))[:, 0]
    u = uv[image, :, 0]
    return u if np.corrcoef(wanted, u.ravel())[0, 1] >= 0 else 1.0 - u


def unfold(vertices: Floats, faces: Ints) -> Floats | None:
    """U,V `(F, 3, 2)` of one disk's corners, turned and fitted into the unit square; None if none is fair."""
    _, v, f = local(vertices, faces)
    try:
        flat = flatten.disk(v, f)
    except (ValueError, RuntimeError):  # a layout that cannot be started from, a singular matrix
        return None
    loops = boundary_loops(f)
    if not np.isfinite(flat).all() or len(loops) != 1 or not bijective.is_bijective(flat, f, loops[0]):
        return None
    if len(f) > 2 * FEW and stretch(v, f, flat) > STRETCH:
        return None
    normal = _mean_normal(v, f)
    up = v[:, 1] if abs(normal[1]) < 0.8 else v[:, 2]
    across = v[:, 2] if abs(normal[0]) > max(abs(normal[2]), 0.5 * abs(normal[1])) else v[:, 0]
    return orient(flat, vertex_areas(v, f), up, across, steepest=True)[f]


def stretch(vertices: Floats, faces: Ints, flat: Floats) -> float:
    """Mean over the area of the larger of s1 and 1 / s2, less one; s1 >= s2 are a triangle's stretches."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    e1, e2 = b - a, c - a
    x = np.maximum(np.linalg.norm(e1, axis=1), 1e-300)
    along = (e1 * e2).sum(axis=1) / x
    high = np.maximum(np.linalg.norm(np.cross(e1, e2), axis=1) / x, 1e-300)
    p = flat[faces]
    d1, d2 = (p[:, 1] - p[:, 0]) / x[:, None], p[:, 2] - p[:, 0]
    d2 = (d2 - along[:, None] * d1) / high[:, None]
    scale = np.linalg.svd(np.stack([d1, d2], axis=2), compute_uv=False)
    worse = np.maximum(scale[:, 0], 1.0 / np.maximum(scale[:, 1], 1e-6))
    return float(np.average(np.minimum(worse, 10.0), weights=x * high) - 1.0)


def _mean_normal(v: Floats, f: Ints) -> Floats:
    a, b, c = np.moveaxis(v[f], 1, 0)
    total = np.cross(b - a, c - a).sum(axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-300))


def name_charts(v: Floats, f: Ints, pieces: list[Ints], part: Ints, part_names: Sequence[str]) -> tuple[str, ...]:
    """A name for each chart: its part's; of two charts also which way they face or lie, of more a number."""
    names = [""] * len(pieces)
    for number in np.unique(part):
        own = np.flatnonzero(part == number)
        name = part_names[number - 1]
        if len(own) == 1:
            names[own[0]] = name
        elif len(own) == 2:
            first, second = (_mean_normal(v, f[pieces[k]]) for k in own)
            apart = first - second
            if np.abs(apart).max() < 0.3:  # they face the same way: by where they lie
                first, second = (v[f[pieces[k]]].mean(axis=(0, 1)) for k in own)
                apart = first - second
            axis = int(np.abs(apart).argmax())
            words = _AXES[axis] if apart[axis] > 0 else _AXES[axis][::-1]
            for k, word in zip(own, words, strict=True):
                names[k] = f"{name} {word}"
        else:
            for rank, k in enumerate(own, start=1):
                names[k] = f"{name} {rank}"
    return tuple(names)
