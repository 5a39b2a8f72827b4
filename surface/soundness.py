"""Whether a body's mesh is sound: boundaries, edges of three triangles, orientation, pieces, triangles without area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.self_crossing import crossings
from surface.topology import face_components, half_edges

if TYPE_CHECKING:
    from surface.body import Body

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeshFigures:
    """Figures of a mesh.

    Attributes:
        vertices: number of vertices.
        triangles: number of triangles.
        components: edge-connected pieces.
        boundary_edges: edges with one triangle; a closed mesh has none.
        holes: closed rings of those.
        crowded_edges: edges with more than two triangles.
        turned_edges: edges whose two triangles are turned against each other.
        degenerate: triangles whose height is below a millionth of their longest edge.
        unused: vertices without a triangle.
        self_crossings: pairs of triangles that pass through one another.
        volume: cubic metres enclosed; negative when the triangles face inward. Of an open mesh, seen from its middle.
        area: square metres.
    """

    vertices: int
    triangles: int
    components: int
    boundary_edges: int
    holes: int
    crowded_edges: int
    turned_edges: int
    degenerate: int
    unused: int
    self_crossings: int
    volume: float
    area: float

    @property
    def closed(self) -> bool:
        """Whether it has no boundary."""
        return self.boundary_edges == 0

    @property
    def problems(self) -> list[str]:
        """What keeps the mesh from being an oriented surface, in words."""
        found = []
        for count, what in (
            (self.crowded_edges, "edge|s with more than two triangles"),
            (self.turned_edges, "edge|s between triangles that are turned against each other"),
            (self.degenerate, "triangle|s without area"),
        ):
            if count:
                found.append(f"mesh: {count} {what.replace('|s', '') if count == 1 else what.replace('|', '')}")
        if self.closed and not self.volume > 0:
            found.append("mesh: the triangles face inward")
        return found

    @property
    def notes(self) -> list[str]:
        """What is worth knowing of the mesh, in words."""
        found = []
        if not self.closed:
            found.append(f"the mesh is open: {self.holes} hole{'s' * (self.holes != 1)}")
        if self.components > 1:
            found.append(f"the mesh is in {self.components} pieces: no geodesic leads from one to another")
        if self.unused:
            found.append(f"{self.unused:,} {'vertex is' if self.unused == 1 else 'vertices are'} of no triangle")
        if self.self_crossings:
            found.append(f"{self.self_crossings} pairs of triangles pass through one another")
        return found


def mesh_figures(body: Body) -> MeshFigures:
    """Figures of a body's mesh."""
    faces = body.faces.astype(np.int64)
    directed = half_edges(faces)
    size = len(body.vertices)
    low, high = directed.min(axis=1), directed.max(axis=1)
    _, edge, count = np.unique(low * size + high, return_inverse=True, return_counts=True)
    balance = np.bincount(edge.ravel(), np.where(directed[:, 0] == low, 1, -1), len(count))
    border = directed[count[edge.ravel()] == 1]
    corner = body.vertices[faces]
    longest = np.linalg.norm(np.roll(corner, -1, axis=1) - corner, axis=2).max(axis=1)
    from_middle = corner - body.vertices.mean(axis=0)
    return MeshFigures(
        vertices=size,
        triangles=len(faces),
        components=face_components(faces)[0],
        boundary_edges=len(border),
        holes=_rings(border),
        crowded_edges=int((count > 2).sum()),
        turned_edges=int(((count == 2) & (balance != 0)).sum()),
        degenerate=int((2.0 * body.face_area <= 1e-6 * longest**2).sum()),
        unused=size - len(np.unique(faces)),
        self_crossings=len(crossings(body.vertices, faces)),
        volume=float(
            np.einsum("fc,fc->f", from_middle[:, 0], np.cross(from_middle[:, 1], from_middle[:, 2])).sum() / 6
        ),
        area=float(body.face_area.sum()),
    )


def _rings(border: Ints) -> int:
    """Connected groups of boundary edges `(B, 2)`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(border):
        return 0
    used, local = np.unique(border, return_inverse=True)
    ends = local.reshape(-1, 2).T
    graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(used),) * 2)
    return int(connected_components(graph, directed=False)[0])
