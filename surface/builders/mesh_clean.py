"""From any triangles to a sound surface: one piece, edge-manifold, oriented outward, small holes closed.

Every repair is counted; what cannot be repaired safely is refused with its place. Faces are tracked through all of it,
so that labels follow them.
"""

from __future__ import annotations

from dataclasses import dataclass

import igl
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from surface.builders.anny_mesh import close_polygon
from surface.builders.mesh_patches import cut_fans, fans
from surface.builders.mesh_report import Report
from surface.topology import boundary_loops, compact, face_areas, half_edges

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 4  # faces
COARSE = 20  # faces; meshes with fewer are divided, because charts follow the edges
ENOUGH = 100  # faces after dividing
SAME = 1e-7  # of the diagonal: vertices this near are one
FIN = 0.01  # of the area: what hangs on a non-manifold edge and is open elsewhere may be removed up to this share
LOOSE = 0.2  # of the area: more in other pieces than the largest is left out only with consent
SMALL_HOLE = 0.2  # of the diagonal: rims up to this length are closed without being asked
LONG_RIM = 400  # vertices; longer rims are closed around a vertex in the middle


@dataclass
class Mesh:
    """Triangles on their way to a body.

    Attributes:
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        origin: `(F,)` the face of the file that each came from, -1 where a hole was filled.
    """

    vertices: Floats
    faces: Ints
    origin: Ints

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Drops the faces outside the mask."""
        self.faces, self.origin = self.faces[mask], self.origin[mask]


def clean(vertices: Floats, faces: Ints, report: Report, holes: str = "small", largest: bool = False) -> Mesh:
    """Makes a mesh sound.

    Args:
        vertices: `(V, 3)` metres, finite.
        faces: `(F, 3)`.
        report: takes what is found.
        holes: which to fill: "small" (rim up to a fifth of the diagonal), "all" or "none".
        largest: consent to leave out all pieces but the largest, however much they are.

    Raises:
        ValueError: the mesh has fewer than four faces, has no area, consists of several large pieces, has non-manifold
            edges that cannot be repaired, or is not orientable.
    """
    mesh = Mesh(vertices, faces, np.arange(len(faces)))
    _merge(mesh, report)
    _duplicates(mesh, report)
    _manifold(mesh, report)
    _largest_piece(mesh, report, largest)
    _orient(mesh, report)
    count = len(np.unique(mesh.faces))
    origin, mesh.faces = cut_fans(mesh.faces)
    mesh.vertices = mesh.vertices[origin]
    report.split_vertices += len(origin) - count
    _fill(mesh, report, holes)
    _outward(mesh, report)
    if len(mesh.faces) < FEWEST:
        raise ValueError(f"{len(mesh.faces)} faces are left after cleaning; a body needs at least {FEWEST}")
    if len(mesh.faces) < COARSE:
        _divide(mesh, report)
    return mesh


def _divide(mesh: Mesh, report: Report) -> None:
    """Each triangle becomes four, again and again until there are enough; the surface stays the same."""
    report.divided_from = len(mesh.faces)
    while len(mesh.faces) < ENOUGH:
        edges, _, edge = _edges(mesh.faces)
        # Of half-edges in the order of `half_edges`, three of each face.
        ab, bc, ca = (len(mesh.vertices) + edge.reshape(-1, 3)).T
        a, b, c = mesh.faces.T
        mesh.vertices = np.concatenate([mesh.vertices, mesh.vertices[edges].mean(axis=1)])
        four = np.stack([[a, ab, ca], [b, bc, ab], [c, ca, bc], [ab, bc, ca]])
        mesh.faces = np.ascontiguousarray(four.transpose(2, 0, 1).reshape(-1, 3))
        mesh.origin = np.repeat(mesh.origin, 4)


def _merge(mesh: Mesh, report: Report) -> None:
    """Vertices at one place become one; faces that collapse go, faces without area are swapped away."""
    diagonal = float(np.linalg.norm(np.ptp(mesh.vertices[np.unique(mesh.faces)], axis=0)))
    if face_areas(mesh.vertices, mesh.faces).sum() < 1e-6 * diagonal**2 or diagonal == 0:
        raise ValueError("the mesh has no area: its faces are points or lines")
    cell = np.round((mesh.vertices - mesh.vertices.min(axis=0)) / (SAME * diagonal)).astype(np.int64)
    _, first, same = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    report.merged_vertices = len(mesh.vertices) - len(first)
    # The first of each place stays, in the file's order.
    mesh.faces = first[same.reshape(-1)][mesh.faces]
    a, b, c = mesh.faces.T
    collapsed = (a == b) | (b == c) | (c == a)
    mesh.keep(~collapsed)
    report.degenerate_faces = int(collapsed.sum()) + _swap_flat(mesh, SAME * diagonal)
    used, mesh.faces = compact(mesh.faces)
    mesh.vertices = mesh.vertices[used]


def _swap_flat(mesh: Mesh, height: float) -> int:
    """Faces whose vertices lie on a line: the longest edge is swapped with the face beyond it, again and again."""
    swapped = 0
    for _ in range(100):
        corner = mesh.vertices[mesh.faces]
        length = np.linalg.norm(np.roll(corner, -1, axis=1) - corner, axis=2)
        flat = np.flatnonzero(2 * face_areas(mesh.vertices, mesh.faces) <= height * length.max(axis=1))
        if not len(flat):
            break
        done = _swap_once(mesh, flat, length.argmax(axis=1))
        swapped += done
        if not done:
            mesh.keep(~np.isin(np.arange(len(mesh.faces)), flat))
            return swapped + len(flat)
    return swapped


def _swap_once(mesh: Mesh, flat: Ints, longest: Ints) -> int:
    edge: dict[tuple[int, int], list[int]] = {
        (int(min(a, b)), int(max(a, b))): []
        for f in flat
        for a, b in [mesh.faces[f][[longest[f], (longest[f] + 1) % 3]]]
    }
    directed = half_edges(mesh.faces)
    wanted = np.isin(directed.min(axis=1), [a for a, _ in edge]) & np.isin(directed.max(axis=1), [b for _, b in edge])
    for row in np.flatnonzero(wanted):
        edge.get((int(directed[row].min()), int(directed[row].max())), []).append(int(row) // 3)
    busy: set[int] = set()
    done = 0
    for f in flat.tolist():
        k = int(longest[f])
        a, b, tip = (int(mesh.faces[f][(k + i) % 3]) for i in range(3))
        beyond = [g for g in edge[(min(a, b), max(a, b))] if g != f]
        if len(beyond) != 1 or busy & {f, beyond[0]}:
            continue
        g = beyond[0]
        rest = [int(x) for x in mesh.faces[g] if x not in (a, b)]
        if len(rest) != 1 or rest[0] == tip:
            continue
        other = rest[0]
        # The face beyond keeps its own orientation, whatever that of the flat one was.
        at = mesh.faces[g].tolist()
        same = at[(at.index(b) + 1) % 3] == a
        first, second = ([b, tip, other], [tip, a, other]) if same else ([tip, b, other], [a, tip, other])
        mesh.faces[f], mesh.faces[g], mesh.origin[f] = first, second, mesh.origin[g]
        busy |= {f, g}
        done += 1
    return done


def _duplicates(mesh: Mesh, report: Report) -> None:
    first = np.unique(np.sort(mesh.faces, axis=1), axis=0, return_index=True)[1]
    report.duplicate_faces = len(mesh.faces) - len(first)
    mesh.keep(np.isin(np.arange(len(mesh.faces)), first))


def _edges(faces: Ints) -> tuple[Ints, Ints, Ints]:
    """Edges `(E, 2)`, how many faces each has `(E,)`, and the edge `(3F,)` of each half-edge."""
    # One number per edge: over pairs, the sorting of a million faces takes many times as long.
    size = int(faces.max(initial=0)) + 1
    pair = np.sort(half_edges(faces), axis=1)
    key, edge, count = np.unique(pair[:, 0] * size + pair[:, 1], return_inverse=True, return_counts=True)
    return np.stack(np.divmod(key, size), axis=1), count, edge.reshape(-1)


def _manifold(mesh: Mesh, report: Report) -> None:
    """Edges of more than two faces: fins are removed, solids that share the edge are parted, all else is refused."""
    edges, count, edge = _edges(mesh.faces)
    bad = np.flatnonzero(count > 2)
    if not len(bad):
        return
    report.nonmanifold_edges = len(bad)
    report.nonmanifold_at = tuple(mesh.vertices[edges[bad[0]]].mean(axis=0).tolist())
    _remove_fins(mesh, report, count, edge)
    edges, count, edge = _edges(mesh.faces)
    bad = np.flatnonzero(count > 2)
    pairs = [_wedges(mesh, edges[e], np.flatnonzero(edge == e) // 3) for e in bad]
    order = np.argsort(edge, kind="stable")
    good = np.flatnonzero(count == 2)
    start = np.concatenate([[0], np.cumsum(count)])[good]
    sides = np.stack([order[start], order[start + 1]], axis=1) // 3
    extra = [(edges[e], pair) for e, found in zip(bad, pairs, strict=True) for pair in found]
    joined = np.concatenate([edges[good], np.array([e for e, _ in extra], dtype=np.int64).reshape(-1, 2)])
    sides = np.concatenate([sides, np.array([p for _, p in extra], dtype=np.int64).reshape(-1, 2)])
    before = len(np.unique(mesh.faces))
    origin, mesh.faces = fans(mesh.faces, joined, sides)
    mesh.vertices = mesh.vertices[origin]
    report.split_vertices += len(origin) - before
    edges, count, _ = _edges(mesh.faces)
    if (count > 2).any():
        _refuse_edge(mesh, edges[int((count > 2).argmax())], "that could not be parted")


def _remove_fins(mesh: Mesh, report: Report, count: Ints, edge: Ints) -> None:
    """Small patches between non-manifold edges that have an open border elsewhere."""
    pair = np.argsort(edge, kind="stable")
    pair = pair[count[edge[pair]] == 2].reshape(-1, 2) // 3
    size = len(mesh.faces)
    graph = coo_matrix((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(size, size))
    patches, patch = connected_components(graph, directed=False)
    of_half_edge = np.repeat(patch, 3)
    area = np.bincount(patch, face_areas(mesh.vertices, mesh.faces), patches)
    hangs, is_open = (np.bincount(of_half_edge, which[edge], patches) > 0 for which in (count > 2, count == 1))
    fin = hangs & is_open & (area <= FIN * area.sum())
    report.fin_faces = int(fin[patch].sum())
    mesh.keep(~fin[patch])


def _wedges(mesh: Mesh, edge: Ints, members: Ints) -> list[tuple[int, int]]:
    """Which faces around an edge belong together: neighbours around it with the inside between them."""
    a, b = mesh.vertices[edge]
    axis = (b - a) / np.linalg.norm(b - a)
    tips = np.array([next(x for x in mesh.faces[f] if x not in edge) for f in members])
    arm = mesh.vertices[tips] - a
    arm -= (arm @ axis)[:, None] * axis
    u = arm[0] / max(float(np.linalg.norm(arm[0])), 1e-300)
    angle = np.arctan2(arm @ np.cross(axis, u), arm @ u)
    forward = np.array([mesh.faces[f][(mesh.faces[f].tolist().index(edge[0]) + 1) % 3] == edge[1] for f in members])
    order = np.argsort(angle)
    turn = forward[order]
    if len(members) % 2 or (turn == np.roll(turn, 1)).any():
        _refuse_edge(mesh, edge, f"with {len(members)} faces that bound no solid")
    # Seen along the edge, the inside of a face that runs along it lies clockwise.
    rank = np.flatnonzero(turn)
    return [(int(members[order[k]]), int(members[order[k - 1]])) for k in rank]


def _refuse_edge(mesh: Mesh, edge: Ints, why: str) -> None:
    x, y, z = mesh.vertices[edge].mean(axis=0)
    raise ValueError(f"non-manifold edge at ({x:.4g}, {y:.4g}, {z:.4g}) m {why}; repair it in a mesh editor")


def _pieces(faces: Ints) -> tuple[int, Ints]:
    """Pieces joined by edges."""
    edge = _edges(faces)[2]
    size = len(faces)
    order = np.argsort(edge, kind="stable")
    same = edge[order][1:] == edge[order][:-1]
    a, b = order[:-1][same] // 3, order[1:][same] // 3
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(size, size))
    count, piece = connected_components(graph, directed=False)
    return int(count), piece


def _largest_piece(mesh: Mesh, report: Report, largest: bool) -> None:
    count, piece = _pieces(mesh.faces)
    report.components = count
    if count == 1:
        return
    area = np.bincount(piece, face_areas(mesh.vertices, mesh.faces), count)
    share = 1.0 - float(area.max() / area.sum())
    if share > LOOSE and not largest:
        raise ValueError(
            f"the mesh is in {count} pieces, and {share:.0%} of the area is not in the largest: join them, "
            "or pass --largest to keep that one only"
        )
    report.dropped_components, report.dropped_share = count - 1, share
    mesh.keep(piece == area.argmax())


def _orient(mesh: Mesh, report: Report) -> None:
    turned, _ = igl.bfs_orient(np.ascontiguousarray(mesh.faces))
    turned = np.asarray(turned, dtype=np.int64)
    directed = half_edges(turned)
    unique, count = np.unique(directed, axis=0, return_counts=True)
    if (count > 1).any():
        x, y, z = mesh.vertices[unique[int((count > 1).argmax())]].mean(axis=0)
        raise ValueError(
            f"the surface has only one side (like a Möbius strip; seen at ({x:.4g}, {y:.4g}, {z:.4g}) m), "
            "so it has no outside"
        )
    changed = _reversed(turned, mesh.faces)
    if changed.sum() > len(changed) / 2:
        turned, changed = turned[:, ::-1].copy(), ~changed
    report.flipped_faces = int(changed.sum())
    mesh.faces = turned


def _reversed(a: Ints, b: Ints) -> NDArray[np.bool_]:
    """Which faces of b run the other way round in a."""
    start = (a == b[:, :1]).argmax(axis=1)
    return np.take_along_axis(a, ((start + 1) % 3)[:, None], axis=1)[:, 0] != b[:, 1]


def _fill(mesh: Mesh, report: Report, holes: str) -> None:
    diagonal = np.linalg.norm(np.ptp(mesh.vertices, axis=0))
    loops = boundary_loops(mesh.faces)
    report.holes = len(loops)
    for loop in loops:
        rim = mesh.vertices[loop]
        length = float(np.linalg.norm(rim - np.roll(rim, 1, axis=0), axis=1).sum())
        if holes == "none" or (holes == "small" and length > SMALL_HOLE * diagonal):
            report.largest_open = max(report.largest_open, length)
            continue
        report.filled_holes += 1
        report.largest_filled = max(report.largest_filled, length)
        _close(mesh, loop)


def _close(mesh: Mesh, loop: Ints) -> None:
    """Triangles over a rim; around a new vertex in its middle where it is long or diagonals would meet other edges."""
    backward = loop[::-1]
    if len(loop) <= LONG_RIM:
        cap = backward[close_polygon(mesh.vertices[backward])]
        if (_edges(np.concatenate([mesh.faces, cap]))[1] <= 2).all():
            _add(mesh, cap)
            return
    middle = len(mesh.vertices)
    mesh.vertices = np.concatenate([mesh.vertices, mesh.vertices[loop].mean(axis=0, keepdims=True)])
    _add(mesh, np.stack([backward, np.roll(backward, -1), np.full(len(loop), middle)], axis=1))


def _add(mesh: Mesh, faces: Ints) -> None:
    mesh.faces = np.concatenate([mesh.faces, faces])
    mesh.origin = np.concatenate([mesh.origin, np.full(len(faces), -1)])


def _outward(mesh: Mesh, report: Report) -> None:
    """All faces turned around if they enclose a negative volume, open rims closed by fans for the count."""
    caps = []
    points = [mesh.vertices]
    for k, loop in enumerate(boundary_loops(mesh.faces)):
        points.append(mesh.vertices[loop].mean(axis=0, keepdims=True))
        caps.append(np.stack([np.roll(loop, -1), loop, np.full(len(loop), len(mesh.vertices) + k)], axis=1))
    v = np.concatenate(points) - mesh.vertices.mean(axis=0)
    a, b, c = np.moveaxis(v[np.concatenate([mesh.faces, *caps])], 1, 0)
    volume = float(np.einsum("nc,nc->", a, np.cross(b, c))) / 6.0
    if volume < -1e-9 * float(np.linalg.norm(np.ptp(v, axis=0))) ** 3:
        mesh.faces = mesh.faces[:, ::-1].copy()
        report.flipped_faces = int((mesh.origin >= 0).sum()) - report.flipped_faces
