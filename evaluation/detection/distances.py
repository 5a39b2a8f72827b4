"""Geodesic distances between surface points given as I,U,V: of the reference's files or of a body."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evaluation.detection.chart_vertices import ChartVertices

if TYPE_CHECKING:
    from surface.body import Body
    from surface.geodesic_table import GeodesicTable, Located

Floats = NDArray[np.float64]

CHARTS = 24


class SurfaceDistances(Protocol):
    """A surface with charts 1..``charts`` and distances between its points.

    What ``locate`` returns is opaque: a sequence of points that takes rows by a slice or an array of indices.
    """

    name: str
    charts: int

    def locate(self, I: NDArray[Any], U: Floats, V: Floats) -> Any:
        """Points (N,) of I (N,) in 1..charts, U (N,), V (N,)."""
        ...

    def locate_bytes(self, I: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> Any:
        """The same of predictions, whose U and V are bytes: 0..255 for 0..1."""
        ...

    def between(self, a: Any, b: Any) -> Floats:
        """Distances (N,) in metres between points a (N,) and b (N,)."""
        ...


class ReferenceSurface:
    """The surface of the reference evaluator: points are vertices of a mesh of n vertices, from 0.

    Args:
        name: what it is called.
        vertices: its vertices by chart.
        mesh_vertex: (N,) the mesh's vertex of each of them, from 0.
        table: (n (n - 1) / 2,) distances in metres: the strict lower triangle, row by row.
    """

    charts = CHARTS

    def __init__(
        self, name: str, vertices: ChartVertices, mesh_vertex: NDArray[Any], table: NDArray[np.floating]
    ) -> None:
        self.name = name
        self._vertices, self._mesh_vertex, self._table = vertices, mesh_vertex.astype(np.int64), table

    def locate(self, I: NDArray[Any], U: Floats, V: Floats) -> NDArray[np.int64]:
        """Vertices (N,) of the mesh: of those nearest in U,V in chart I, the first."""
        return self._mesh_vertex[self._vertices.find(I, U, V)]

    def locate_bytes(self, I: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The same of U and V of a byte each."""
        return self._mesh_vertex[self._vertices.find_bytes(I, U, V)]

    def between(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
        """Distances (N,) in metres.

        Raises:
            ValueError: the table holds something that is no distance.
        """
        high, low = np.maximum(a, b), np.minimum(a, b)
        row = high * (high - 1) // 2 + low
        apart = np.flatnonzero(high != low)
        out = np.zeros(len(a))
        # In the order of the file: each page of it is then asked for once.
        apart = apart[np.argsort(row[apart])]
        out[apart] = self._table[row[apart]]
        bad = ~(out >= 0)
        if bad.any():
            raise ValueError(f"{self.name}: row {int(row[bad][0])} of the table of distances is {out[bad][0]}")
        return out


class BodyDistances:
    """A body of ours: exact geodesics between surface points."""

    def __init__(self, body: Body, table: GeodesicTable) -> None:
        self.name, self.charts = f"body {body.name}, exact geodesics", len(body.chart_names)
        self._body, self._table = body, table

    def locate(self, I: NDArray[Any], U: Floats, V: Floats) -> Located:
        """Surface points (N,)."""
        return self._table.locate(*self._body.from_iuv(I, U, V))

    def locate_bytes(self, I: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> Located:
        """Surface points (N,) of U and V of a byte each."""
        return self.locate(I, U / 255.0, V / 255.0)

    def between(self, a: Located, b: Located) -> Floats:
        """Distances (N,) in metres; infinite where no path leads."""
        return self._table.between(a, b)


class BodyVertexDistances:
    """A body of ours as the reference evaluator would take it: points move to the nearest vertex of their chart."""

    def __init__(self, body: Body, table: GeodesicTable) -> None:
        self.name, self.charts = f"body {body.name}, nearest vertices", len(body.chart_names)
        self._table = table
        # A vertex has one place in each chart that meets there, or more where the chart is cut.
        corners = np.stack([np.repeat(body.face_chart, 3), body.faces.reshape(-1), *body.face_uv.reshape(-1, 2).T], 1)
        _, first = np.unique(corners, axis=0, return_index=True)
        self._vertices = ChartVertices.build(corners[first, 0], corners[first, 2], corners[first, 3], self.charts)
        self._points = table.locate((first // 3).astype(np.int32), np.eye(3)[first % 3])

    def locate(self, I: NDArray[Any], U: Floats, V: Floats) -> Located:
        """Vertices (N,) as surface points."""
        return self._points[self._vertices.find(I, U, V)]

    def locate_bytes(self, I: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> Located:
        """The same of U and V of a byte each."""
        return self._points[self._vertices.find_bytes(I, U, V)]

    def between(self, a: Located, b: Located) -> Floats:
        """Distances (N,) in metres; infinite where no path leads."""
        return self._table.between(a, b)


def open_surface(folder: str | Path) -> ReferenceSurface:
    """The reference evaluator's own surface: SMPL_subdiv.mat, SMPL_SUBDIV_TRANSFORM.mat and Pdist_matrix.pkl (or .mat,
    .h5) in a folder. The table of distances is mapped into memory, not read.

    Raises:
        ValueError: a file is damaged, or not what its name says, or wants to run code; the message names it.
        OSError: a file is missing or cannot be read.
    """
    from evaluation.detection import surface_files

    files = surface_files.read(Path(folder))
    vertices = ChartVertices.build(files.chart, files.U, files.V, CHARTS)
    return ReferenceSurface(str(folder), vertices, files.mesh_vertex, files.table)


def of_body(body: Body, nearest_vertex: bool = False, folder: str | Path | None = None) -> SurfaceDistances:
    """A body of ours: exact geodesics between surface points, through its geodesic table.

    Args:
        body: the body.
        nearest_vertex: move every point to the vertex nearest in U,V first, as the reference evaluator does.
        folder: where the table is; the cache folder if not given.

    Raises:
        ValueError: there is no geodesic table of the body (``densemark body geodesics`` builds it), or it is damaged.
    """
    from surface import geodesic_table

    table = geodesic_table.find(body, None if folder is None else Path(folder))
    if table is None:
        raise ValueError(f"no geodesic table of body {body.name!r}: `densemark body geodesics` builds it")
    return BodyVertexDistances(body, table) if nearest_vertex else BodyDistances(body, table)
