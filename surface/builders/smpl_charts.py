"""The 24 charts of a body of SMPL's family that comes without charts: DensePose's numbers, the default body's ways.

What is cut where: `smpl_parts`. What U and V mean and how charts are numbered: docs/methods/charts.md. The left half is
cut and unfolded, the right half is its mirror image: exactly where the triangles are, else along its own edges.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from surface import bijective, flatten
from surface.builders import smpl_parts
from surface.builders.anatomy import FORWARD, HALF_RATE, LEFT, UP, across
from surface.builders.anny_charts import CHART_MIRROR, CHART_NAMES, CHART_PART, PART_MIRROR
from surface.builders.book import open_book, seam
from surface.builders.mesh_patches import absorb_islands, is_disk, local, tidy
from surface.builders.mesh_symmetry import labels_across, layout_across
from surface.builders.orientation import orient
from surface.builders.smpl_joints import (
    HEAD,
    L_ARM,
    L_FOOT,
    L_FOREARM,
    L_HAND,
    L_SHIN,
    L_THIGH,
    TORSO,
)
from surface.builders.smpl_mirror import Exact
from surface.builders.smpl_parts import Person
from surface.segmentation import halve
from surface.topology import boundary_loops, vertex_areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None] | None

WHOLE = {L_HAND: 4, L_FOOT: 5, HEAD: 24}
HALVED = {TORSO: (1, 2), L_THIGH: (8, 10), L_SHIN: (12, 14), L_ARM: (15, 17), L_FOREARM: (19, 21)}  # back, front
BOOK_RATES = (400.0, 200.0, 800.0, 100.0)  # 1/m, tried in turn until both sides of a hand or foot are disks


def make(person: Person, mirror: Exact | None, progress: Progress = None) -> tuple[NDArray[np.uint8], Floats]:
    """Cuts and unfolds a body.

    Args:
        person: the mesh and its joints.
        mirror: how its triangles are mirrored, None where they are not.
        progress: called with a chart's name, how many charts are unfolded, and of how many.

    Returns:
        face_chart `(F,)` 1..24 and face_uv `(F, 3, 2)`.

    Raises:
        ValueError: a part is missing, or a chart is no disk; the message names it.
    """
    left = left_half(person, mirror)
    chart = _cut(person, left)
    uv = np.zeros((len(chart), 3, 2))
    numbers = [number for number in np.unique(chart[left]).tolist() if number not in (1, 2)]
    absent = sorted({*WHOLE.values(), *(n for pair in HALVED.values() for n in pair)} - set(numbers) - {1, 2})
    if absent:
        raise ValueError(f"no triangle belongs to chart {absent[0]} ({CHART_NAMES[absent[0] - 1]})")
    chart[~left] = _right(person, mirror, left, chart)
    total = len(numbers) + 2
    for done, number in enumerate([1, 2, *numbers]):
        if progress:
            progress(CHART_NAMES[number - 1], done, total)
        members = np.flatnonzero(chart == number)
        part = int(CHART_PART[number - 1])
        try:
            uv[members] = _unfold(person, part, members, mirror)
            if number not in (1, 2):
                image = np.flatnonzero(chart == CHART_MIRROR[number])
                _mirrored(person, mirror, uv, members, image, part)
        except ValueError as error:
            raise ValueError(f"chart {number} ({CHART_NAMES[number - 1]}): {error}") from error
    return chart.astype(np.uint8), uv


def left_half(person: Person, mirror: Exact | None) -> Bools:
    """Which triangles `(F,)` are the person's left half; one of each mirrored pair, and those that are their own."""
    x = person.vertices[person.faces][..., 0].mean(axis=1)
    if mirror is not None:
        middle = mirror.face == np.arange(len(x))
        return np.asarray((x > x[mirror.face]) | middle)
    half = halve(person.vertices, person.faces, person.vertices[:, 0], HALF_RATE)
    return tidy(person.faces, half)


def _cut(person: Person, left: Bools) -> Ints:
    """Charts of the left half's triangles, `(F,)`; 0 on the right."""
    label = smpl_parts.coarse_parts(person)
    # A seam may run a little over the middle.
    label = np.where(left, label, np.array(PART_MIRROR)[label])
    chart = np.zeros(len(label), dtype=np.int64)
    for part, number in WHOLE.items():
        chart[left & (label == part)] = number
    for part, (back, front) in HALVED.items():
        members = np.flatnonzero((label == part) & (left | (part == TORSO)))
        if len(members):
            chart[members] = np.where(smpl_parts.front_half(person, part, members), front, back)
    chart[~left] = 0
    stray = np.flatnonzero(left & (chart == 0))  # a right part on the left half
    chart[stray] = [WHOLE.get(p, HALVED.get(p, (0,))[0]) for p in np.array(PART_MIRROR)[label[stray]]]
    chart[left] = absorb_islands(person.faces[left], chart[left])
    return chart


def _right(person: Person, mirror: Exact | None, left: Bools, chart: Ints) -> Ints:
    """Charts of the right half's triangles."""
    swap = np.array(CHART_MIRROR)
    if mirror is not None:
        return np.asarray(swap[chart[mirror.face[~left]]])
    taken = labels_across(person.vertices, person.faces, left, chart[left])
    return np.asarray(swap[absorb_islands(person.faces[~left], taken)])


def _mirrored(person: Person, mirror: Exact | None, uv: Floats, own: Ints, image: Ints, part: int) -> None:
    """U,V of a right chart from its left twin's, in place: the same at mirrored points."""
    if mirror is not None:
        found = mirror.face[image]  # on the left
        uv[image] = np.take_along_axis(uv[found], mirror.corner[image].astype(np.int64)[:, :, None], axis=1)
        return
    if is_disk(person.faces[image]) and part not in (L_HAND, L_FOOT):
        _, points, faces = local(person.vertices, person.faces[image])
        flat = layout_across(person.vertices, person.faces[own], uv[own], points)
        (loop,) = boundary_loops(faces)
        if bijective.is_bijective(flat * [-1.0, 1.0], faces, loop):
            both = np.concatenate([uv[own].reshape(-1, 2), flat])
            low, size = both.min(axis=0), np.ptp(both, axis=0)
            uv[own], uv[image] = (uv[own] - low) / size, (flat[faces] - low) / size
            return
    uv[image] = _unfold(reflected(person), part, image)[:, [0, 2, 1]]


def reflected(person: Person) -> Person:
    """The person as their mirror image: the same vertices at -x, left joints called right, triangles turned round."""
    flip = np.array([-1.0, 1.0, 1.0])

    def other(name: str) -> str:
        for a, b in (("left_", "right_"), ("right_", "left_")):
            if name.startswith(a):
                return b + name.removeprefix(a)
        return name

    return Person(
        person.vertices * flip,
        person.faces[:, [0, 2, 1]],
        person.weights,
        {other(name): at * flip for name, at in person.at.items()},
        tuple(other(name) for name in person.names),
    )


def _unfold(person: Person, part: int, members: Ints, mirror: Exact | None = None) -> Floats:
    """U,V `(n, 3, 2)` of a chart of the left half or the torso."""
    if part in (L_HAND, L_FOOT):
        return _book(person, part, members)
    used, v, f = local(person.vertices, person.faces[members])
    area = vertex_areas(v, f)
    flat = _flat(v, f)
    if part == TORSO:
        uv = orient(flat, area, v @ UP, v @ LEFT)
        return (uv if mirror is None else _symmetric(uv, f, mirror.vertex[used], used))[f]
    if part == HEAD:
        return orient(flat, area, v @ UP, -v @ FORWARD)[f]
    _, along, front = smpl_parts.bones(person)[part]
    return orient(flat, area, -v @ along, v @ across(along, across(front, LEFT)))[f]


def _flat(vertices: Floats, faces: Ints) -> Floats:
    """A bijective layout `(V, 2)` of a disk, which may have holes: they are closed for the time being."""
    filled, points = [faces], [vertices]
    for loop in boundary_loops(faces)[1:]:
        centre = len(vertices) + len(points) - 1
        points.append(vertices[loop].mean(axis=0)[None])
        filled.append(np.stack([np.roll(loop, -1), loop, np.full(len(loop), centre)], axis=1))
    return flatten.disk(np.concatenate(points), np.concatenate(filled))[: len(vertices)]


def _symmetric(uv: Floats, faces: Ints, image: Ints, used: Ints) -> Floats:
    """The layout `(V, 2)` with its mirror image averaged in, where that leaves it bijective."""
    other = np.searchsorted(used, image)
    if len(np.unique(used)) != len(used) or not np.array_equal(used[other.clip(max=len(used) - 1)], image):
        return uv
    both = np.stack([0.5 + 0.5 * (uv[:, 0] - uv[other, 0]), 0.5 * (uv[:, 1] + uv[other, 1])], axis=1)
    both = (both - both.min(axis=0)) / np.ptp(both, axis=0)
    (loop, *_) = boundary_loops(faces)
    sign = [np.sign(bijective.turned(both, faces)), 1.0]
    return both if bijective.is_bijective(both * sign, faces, loop) else uv


def _book(person: Person, part: int, members: Ints) -> Floats:
    """U,V of a hand or a foot, opened as a book; as it is where its two sides are no disks."""
    closed = (smpl_parts.hand if part == L_HAND else smpl_parts.foot)(person, members)
    _, v, faces = local(person.vertices, person.faces[members])
    for rate in BOOK_RATES:
        side = smpl_parts.second_side(v, faces, closed.second, rate)
        try:
            path = seam(faces, side)
        except ValueError:
            continue
        if v[path[0]] @ closed.outward > v[path[-1]] @ closed.outward:
            path = path[::-1]
        # The hinge runs up the outer side to where the little finger's last segment (the little toe) begins.
        outer = len(path) // 2 + int(np.linalg.norm(v[path[len(path) // 2 :]] - closed.hinge, axis=1).argmin())
        origin, opened = open_book(faces, side, path, outer)
        break
    else:
        side, origin, opened = closed.second > 0, np.arange(len(v)), faces
    w = v[origin]
    on_side = np.bincount(opened.ravel(), weights=np.repeat(side, 3).astype(float), minlength=len(w))
    share = on_side / np.bincount(opened.ravel(), minlength=len(w))
    return orient(_flat(w, opened), vertex_areas(w, opened), -w @ closed.along, share)[opened]
