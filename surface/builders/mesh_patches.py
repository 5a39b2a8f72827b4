"""Patches of a mesh: subsets of its triangles, whether they are disks, and how they are split and tidied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components

from surface.segmentation import minimum_cut
from surface.topology import boundary_loops, compact, edge_faces, euler_characteristic, face_areas, face_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FLAT = 0.4  # a patch whose mean unit normal is shorter is split: half a ball has 0.5, half a tube 0.64, a tube 0
STIFF = 2.0  # how much the normals count against the length of the seam, over the patch's mean radius
FEW = 16  # triangles below which a disk is not split for its shape


def cut_fans(faces: Ints) -> tuple[Ints, Ints]:
    """Splits every vertex whose triangles do not form one fan: where a patch touches itself or solids share a point.

    Args:
        faces: `(F, 3)`, edge-manifold.

    Returns:
        origin: `(V',)` the vertex that each new vertex was; the first fan of each vertex, in order of vertices,
            comes first.
        faces: `(F, 3)` over the new vertices.
    """
    return fans(faces, *edge_faces(faces))


def fans(faces: Ints, edges: Ints, sides: Ints) -> tuple[Ints, Ints]:
    """As `cut_fans`, but triangles are joined only by the given edges `(E, 2)`, between the faces `sides` `(E, 2)`."""
    rows, columns = [], []
    for end in (0, 1):
        corner = [3 * sides[:, s] + (faces[sides[:, s]] == edges[:, end, None]).argmax(axis=1) for s in (0, 1)]
        rows.append(corner[0])
        columns.append(corner[1])
    row, column = np.concatenate(rows), np.concatenate(columns)
    size = 3 * len(faces)
    graph = coo_matrix((np.ones(len(row)), (row, column)), shape=(size, size))
    _, fan = connected_components(graph, directed=False)
    first = np.unique(fan, return_index=True)[1]
    vertex = faces.ravel()[first]
    # Fans in order of their vertex; second fans of a vertex behind all first ones.
    order = np.lexsort((first, vertex))
    again = np.concatenate([[False], vertex[order][1:] == vertex[order][:-1]])
    order = np.concatenate([order[~again], order[again]])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return vertex[order], number[fan].reshape(-1, 3)


def is_disk(faces: Ints) -> bool:
    """Whether triangles form one disk; a patch that touches itself in single vertices counts as cut open there."""
    return len(faces) > 0 and face_components(faces)[0] == 1 and euler_characteristic(cut_fans(faces)[1]) == 1


def smooth_normals(vertices: Floats, faces: Ints, reach: float) -> Floats:
    """Unit normals `(F, 3)` of triangles, averaged over their surroundings of about `reach` metres."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    cross = np.cross(b - a, c - a)
    area = 0.5 * np.linalg.norm(cross, axis=1)
    normal = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-300)
    step = np.sqrt(area.sum() / max(len(faces), 1))
    _, sides = edge_faces(faces)
    link = coo_matrix((np.ones(len(sides)), (sides[:, 0], sides[:, 1])), shape=(len(faces), len(faces)))
    weight = csr_matrix((link + link.T + diags(np.ones(len(faces)))) @ diags(area + 1e-300))
    for _ in range(int(np.clip((reach / step) ** 2, 1, 60))):
        normal = weight @ normal
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    return np.asarray(normal)


def flatness(normals: Floats, areas: Floats) -> float:
    """Length of the mean unit normal, 1 for a plane, 0 for a closed surface."""
    return float(np.linalg.norm(areas @ normals) / areas.sum())


def tidy(faces: Ints, inside: Bools) -> Bools:
    """Both sides of a split in one piece each where that is possible: smaller pieces join the other side."""
    inside = inside.copy()
    for side in (True, False, True):
        members = np.flatnonzero(inside == side)
        if not len(members):
            continue
        count, piece = face_components(faces[members])
        if count > 1:
            largest = int(np.bincount(piece).argmax())
            inside[members[piece != largest]] = not side
    return inside


def absorb_islands(faces: Ints, number: Ints) -> Ints:
    """Labels `(F,)` in which each has one piece: smaller pieces take the label of most edges around them."""
    number = number.copy()
    _, sides = edge_faces(faces)
    for _ in range(10):
        same = number[sides[:, 0]] == number[sides[:, 1]]
        graph = coo_matrix((np.ones(same.sum()), (sides[same, 0], sides[same, 1])), shape=(len(faces), len(faces)))
        count, piece = connected_components(graph, directed=False)
        size = np.bincount(piece)
        label = np.zeros(count, dtype=np.int64)
        label[piece] = number
        best = np.zeros(number.max() + 1, dtype=np.int64)
        np.maximum.at(best, label, size)
        small = size < best[label]
        if not small.any():
            break
        a, b = sides[~same].T
        near = np.concatenate([np.stack([piece[a], number[b]], axis=1), np.stack([piece[b], number[a]], axis=1)])
        near = near[small[near[:, 0]]]
        pair, votes = np.unique(near, axis=0, return_counts=True)
        order = np.argsort(votes, kind="stable")
        label[pair[order, 0]] = pair[order, 1]  # the most votes are written last
        number = np.where(small[piece], label[piece], number)
    return number


def split(vertices: Floats, faces: Ints, normals: Floats) -> Bools:
    """Splits a patch in two along a short seam, `(F,)` true on the side that faces front, up or left.

    Tried are: halving by where triangles face, along the direction in which normals vary most; and planes across the
    principal and the body's axes, through the middle of the area or through the holes. Each is a minimum cut of

        rate * sum_f area_f s_f + seam length,

    with s_f the negated height over the plane, or of the normal (and a little of the triangle, so that flat sides part
    in their middle). The one that leaves the fewest pieces, the most disks, and the shortest seam is taken.
    """
    area = face_areas(vertices, faces)
    share = area / area.sum()
    centre = vertices[faces].mean(axis=1)
    offset = centre - share @ centre
    axes = np.linalg.eigh((offset * share[:, None]).T @ offset)[1].T[::-1]
    extent = max(float(np.ptp(offset @ axes[0])), 1e-300)
    radius = area.sum() / (2 * np.pi * extent)
    heights = []
    if flatness(normals, area) < FLAT:
        direction = _across(normals, share)
        heights.append(normals @ direction + 0.3 * (offset @ direction) / extent)
    holes = _hole_centres(vertices, faces) - share @ centre
    if flatness(normals, area) >= FLAT or len(holes):
        for axis in (*axes[:2], *np.eye(3)):
            direction = _signed(axis)
            along = offset @ direction
            order = np.argsort(along)
            middle = float(along[order[np.searchsorted(np.cumsum(share[order]), 0.5)]])
            level = [middle]
            if len(holes):
                level += [float((holes @ direction).mean()), *(holes @ direction)[:4]]
            heights += [3.0 * (along - x) / extent for x in level]
    best, least = None, np.inf
    for height in heights:
        inside = tidy(faces, minimum_cut(vertices, faces, -STIFF / radius * area * height))
        if 0.02 < share[inside].sum() < 0.98 and (score := _score(vertices, faces, normals, area, inside)) < least:
            best, least = inside, score
    if best is None:
        best = tidy(faces, offset @ axes[0] > np.median(offset @ axes[0]))
    if best.all() or not best.any():
        best = np.arange(len(faces)) < len(faces) // 2
    return best


def _hole_centres(vertices: Floats, faces: Ints) -> Floats:
    """Middles `(H, 3)` of all boundaries of a patch but the longest."""
    origin, opened = cut_fans(faces)
    v = vertices[origin]
    rims = [v[loop] for loop in boundary_loops(opened)]
    rims.sort(key=lambda rim: -float(np.linalg.norm(rim - np.roll(rim, 1, axis=0), axis=1).sum()))
    return np.array([rim.mean(axis=0) for rim in rims[1:]]).reshape(-1, 3)


def _score(vertices: Floats, faces: Ints, normals: Floats, area: Floats, inside: Bools) -> float:
    """What a split leaves to do: pieces, the cuts that make them disks, those not flat, and the seam's length."""
    total = 0.0
    for side in (inside, ~inside):
        own, own_normals, own_area = faces[side], normals[side], area[side]
        count, piece = face_components(own)
        for k in range(count):
            patch = piece == k
            loops = 1 - euler_characteristic(cut_fans(own[patch])[1])
            total += 1.0 + abs(loops) + 1.0 * (flatness(own_normals[patch], own_area[patch]) < FLAT)
    edges, sides = edge_faces(faces)
    seam = edges[inside[sides[:, 0]] != inside[sides[:, 1]]]
    length = np.linalg.norm(vertices[seam[:, 0]] - vertices[seam[:, 1]], axis=1).sum()
    return total + float(length / np.sqrt(area.sum()))


def _across(normals: Floats, share: Floats) -> Floats:
    """The direction in which normals vary most; of near equals the one nearest to front, then up, then left."""
    mean = share @ normals
    spread = (normals * share[:, None]).T @ normals - np.outer(mean, mean)
    value, vector = np.linalg.eigh(spread)
    if value[2] > 1.3 * value[1]:
        return _signed(vector[:, 2])
    keep = np.eye(3) - np.outer(vector[:, 0], vector[:, 0]) if value[1] > 1.3 * value[0] else np.eye(3)
    candidates = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]) @ keep
    length = np.linalg.norm(candidates, axis=1)
    best = int((length * [1.1, 1.05, 1.0]).argmax())
    return np.asarray(candidates[best] / length[best])


def _signed(direction: Floats) -> Floats:
    """The direction or its negative: its largest component (front, up, left first on ties) is positive."""
    order = np.abs(direction[[2, 1, 0]])
    return direction * np.sign(direction[[2, 1, 0]][int(np.argmax(order > 0.99 * order.max()))])


def disks(vertices: Floats, faces: Ints, normals: Floats) -> Ints:
    """Parts a patch into disks that are flat enough to be unfolded well, `(F,)` numbers from 0.

    Args:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)` any triangles, in one or several pieces.
        normals: `(F, 3)` smoothed unit normals.
    """
    area = face_areas(vertices, faces)
    out = np.zeros(len(faces), dtype=np.int64)
    count, piece = face_components(faces)
    todo = [np.flatnonzero(piece == k) for k in range(count - 1, -1, -1)]
    done = 0
    while todo:
        members = todo.pop()
        own = faces[members]
        fine = len(members) <= FEW or flatness(normals[members], area[members]) >= FLAT
        if fine and is_disk(own):
            out[members] = done
            done += 1
            continue
        inside = split(vertices, own, normals[members])
        for side in (~inside, inside):
            pieces, piece = face_components(own[side])
            todo += [members[side][piece == k] for k in range(pieces)]
    return out


def local(vertices: Floats, faces: Ints) -> tuple[Ints, Floats, Ints]:
    """A patch as a mesh of its own, cut open where it touches itself: used `(n,)`, vertices `(n, 3)`, faces."""
    used, own = compact(faces)
    origin, opened = cut_fans(own)
    return used[origin], vertices[used[origin]], opened
