"""The files with which the reference code trains and evaluates on a body that is not SMPL.

For charts those of DensePose (Güler et al., CVPR 2018), for continuous surface embeddings those of a mesh in its
catalogue (Neverova et al., NeurIPS 2020). The reference code opens them by name, so the names keep their "SMPL".
Shapes, types and units: docs/formats.md.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from export import pickles
from export.densepose_parts import FINE_COUNT, FINE_MIRROR
from export.files import replacing_bytes
from export.on_body import require_charts
from surface.body import Body, barycentric
from surface.geodesic_table import GeodesicTable, Located

Purpose = Literal["charts", "embeddings"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]

CELLS = 256
"""Cells along U and along V of a mirror table; read at [int(v * 255), int(u * 255)]."""

_HEADER = b"MATLAB 5.0 MAT-file".ljust(116)  # instead of one with the date: the same body, the same bytes
_PIECE = 2**20  # distances in a piece


@dataclass(frozen=True)
class ChartVertices:
    """The body's vertices, once for each chart and each place in it that they have; N of them.

    :param vertex: (N,) vertices of the body.
    :param chart: (N,) 1..24.
    :param uv: (N, 2) f8.
    :param faces: (F, 3) indices 0..N-1, in the order of the body's faces and corners.
    """

    vertex: Ints
    chart: NDArray[np.uint8]
    uv: Floats
    faces: Ints


def chart_vertices(body: Body) -> ChartVertices:
    """The body's vertices by chart, in the order of the body's vertices; those on seams come several times."""
    corner = np.column_stack([body.faces.reshape(-1), np.repeat(body.face_chart, 3), body.face_uv.reshape(-1, 2)])
    found, place = np.unique(corner, axis=0, return_inverse=True)
    return ChartVertices(
        found[:, 0].astype(np.int64), found[:, 1].astype(np.uint8), found[:, 2:], place.reshape(-1, 3).astype(np.int64)
    )


def mirror_tables(body: Body) -> tuple[Floats, Floats]:
    """U_transforms and V_transforms (24, 256, 256): where the point of a chart at a cell's centre lies in the mirror.

    :raises ValueError: the body is not symmetric, or its charts are not DensePose's.
    """
    require_charts(body)
    if tuple(body.chart_mirror.tolist()) != FINE_MIRROR:
        raise ValueError(f"the charts of body {body.name!r} do not mirror each other as those of DensePose do")
    tables = np.stack([mirror_table(body, chart) for chart in range(1, FINE_COUNT + 1)], axis=1)
    return tables[0], tables[1]


def mirror_table(body: Body, chart: int) -> Floats:
    """The tables (2, 256, 256) of one chart, U and V: row v, column u of the chart.

    A cell whose centre no triangle covers has the mirror image of the chart's nearest point, so that whatever a reader
    asks for is on the surface.

    :raises ValueError: the body is not symmetric.
    """
    centre = np.minimum((np.arange(CELLS) + 0.5) / (CELLS - 1), 1.0)
    u, v = (axis.reshape(-1) for axis in np.meshgrid(centre, centre))
    face, bary = body.mirror(*body.from_iuv(np.full(len(u), chart), u, v))
    _, mirrored_u, mirrored_v = body.to_iuv(*_within(body, int(body.chart_mirror[chart]), face, bary))
    return np.stack([mirrored_u, mirrored_v]).reshape(2, CELLS, CELLS)


def mirrored_vertices(body: Body) -> Ints:
    """(V,) the vertex that each vertex becomes in the mirror: the one nearest to its image in that image's triangle.

    :raises ValueError: the body is not symmetric.
    """
    used, face, bary = _corners(body)
    image, weight = body.mirror(face, bary)
    out = np.arange(len(body.vertices))
    out[used] = body.faces[image, weight.argmax(axis=1)]
    return out


def write(
    body: Body, out: str | Path, table: GeodesicTable, purpose: Purpose, progress: Progress | None = None
) -> list[Path]:
    """Write the files for charts or for embeddings into a folder, all of them or none; memory stays flat.

    :param table: the body's geodesic table.
    :param progress: told rows of distances written, and how many there are.
    :return: the files. Those for mirroring are left out on a body that is not symmetric.
    :raises ValueError: charts on a body that does not have DensePose's, or with too many vertices for their table.
    """
    if purpose == "charts":
        require_charts(body)
        check_size(len(body.vertices))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    writers = (_of_charts if purpose == "charts" else _of_embeddings)(body, table, progress or (lambda *_: None))
    with ExitStack() as open_:
        files = {name: open_.enter_context(replacing_bytes(out / name)) for name in writers}
        for name, writer in writers.items():
            writer(files[name])
    return [out / name for name in writers]


def check_size(vertices: int) -> None:
    """Raises ValueError if the distances between so many vertices do not fit the pickle that the evaluator reads."""
    if vertices * (vertices - 1) // 2 * 4 > pickles.MOST_TEXT:
        raise ValueError(
            f"{vertices:,} vertices are too many: their distances do not fit a pickle of protocol 2 (32,768 do)"
        )


Writer = Callable[[BinaryIO], None]


def _of_charts(body: Body, table: GeodesicTable, progress: Progress) -> dict[str, Writer]:
    points = chart_vertices(body)
    by_row: dict[str, Any] = {"Part_ID_subdiv": points.chart, "U_subdiv": points.uv[:, 0], "V_subdiv": points.uv[:, 1]}
    subdivided = {name: values[None] for name, values in by_row.items()} | {
        "vertex": body.vertices[points.vertex].T,
        "faces": (points.faces + 1).T,
    }
    processed = {
        "All_vertices": points.vertex[None] + 1,
        "All_Faces": points.faces + 1,
        "All_FaceIndices": body.face_chart[:, None],
        "All_U_norm": points.uv[:, :1],
        "All_V_norm": points.uv[:, 1:],
    }
    count = len(body.vertices)
    distances = pickles.Pieces((count * (count - 1) // 2, 1), "f4", _joined(_rows(body, table, progress, False)))
    writers: dict[str, Writer] = {
        "SMPL_subdiv.mat": partial(_mat, subdivided),
        "SMPL_SUBDIV_TRANSFORM.mat": partial(_mat, {"index": points.vertex[None] + 1}),
        "UV_Processed.mat": partial(_mat, processed),
    }
    if body.symmetric:
        tables = dict(zip(("U_transforms", "V_transforms"), map(_cells, mirror_tables(body)), strict=True))
        writers["UV_symmetry_transforms.mat"] = partial(_mat, tables)
    return writers | {"Pdist_matrix.pkl": partial(_pickle, {"Pdist_matrix": distances}, True)}


def _of_embeddings(body: Body, table: GeodesicTable, progress: Progress) -> dict[str, Writer]:
    count = len(body.vertices)
    mesh = {
        "vertices": pickles.whole(body.vertices.astype("f4")),
        "faces": pickles.whole(body.faces.astype("i8")),
    }
    distances = pickles.Pieces((count, count), "f4", _joined(_rows(body, table, progress, True)))
    writers: dict[str, Writer] = {
        f"{body.name}.pkl": partial(_pickle, mesh, False),
        f"texcoords_{body.name}.pkl": partial(_pickle, pickles.whole(_atlas(body).astype("f4")), False),
    }
    if body.symmetric:
        mirrored = {"vertex_transforms": pickles.whole(mirrored_vertices(body))}
        writers[f"symmetry_{body.name}.pkl"] = partial(_pickle, mirrored, False)
    return writers | {f"geodists_{body.name}.pkl": partial(_pickle, distances, False)}


def _within(body: Body, chart: int, face: NDArray[np.int32], bary: Floats) -> tuple[NDArray[np.int32], Floats]:
    """The points, those outside the chart moved to the point of the chart that is nearest to them: the mirror image of
    a chart on a body whose triangles are not symmetric ends beside its counterpart, not on its border."""
    beyond = np.flatnonzero(body.face_chart[face] != chart)
    if len(beyond):
        import igl

        inside = np.flatnonzero(body.face_chart == chart)
        where = body.position(face[beyond], bary[beyond])
        _, row, closest = igl.point_mesh_squared_distance(where, np.array(body.vertices), body.faces[inside])
        face[beyond] = inside[row]
        bary[beyond] = barycentric(closest, body.vertices[body.faces[face[beyond]]])
    return face, bary


def _corners(body: Body) -> tuple[Ints, NDArray[np.int32], Floats]:
    """The vertices (n,) that have triangles, and each as a surface point: face (n,), bary (n, 3)."""
    used, first = np.unique(body.faces, return_index=True)
    return used.astype(np.int64), (first // 3).astype(np.int32), np.eye(3)[first % 3]


def _rows(body: Body, table: GeodesicTable, progress: Progress, square: bool) -> Iterator[NDArray[np.float32]]:
    """Distances in metres from each vertex to all (V,) of them, or to those before it; infinite where no path leads."""
    used, face, bary = _corners(body)
    located: Located = table.locate(face, bary)
    count = len(body.vertices)
    place = np.full(count, -1)
    place[used] = np.arange(len(used))
    for vertex in range(count):
        end = count if square else vertex
        row = np.full(end, np.inf, np.float32)
        at = place[vertex]
        if at >= 0:
            before = len(used) if square else at
            row[used[:before]] = table.between(located[at : at + 1], located[:before])
        if square:
            row[vertex] = 0.0
        progress(vertex + 1, count)
        yield row


def _joined(rows: Iterator[NDArray[np.float32]]) -> Iterator[bytes]:
    """Rows joined to pieces that are worth writing."""
    kept: list[NDArray[np.float32]] = []
    size = 0
    for row in rows:
        kept.append(row)
        size += len(row)
        if size >= _PIECE:
            yield np.concatenate(kept).astype("<f4").tobytes()
            kept, size = [], 0
    yield b"".join(row.astype("<f4").tobytes() for row in kept)


def _atlas(body: Body) -> Floats:
    """(V, 2) texture coordinates: the charts side by side in a square, a vertex on a seam in the first of them."""
    side = int(np.ceil(np.sqrt(len(body.chart_names))))
    points = chart_vertices(body)
    vertex, first = np.unique(points.vertex, return_index=True)
    cell = points.chart[first].astype(np.int64) - 1
    out = np.zeros((len(body.vertices), 2))
    out[vertex] = (np.stack([cell % side, cell // side], axis=1) + points.uv[first]) / side
    return out


def _cells(table: Floats) -> NDArray[np.object_]:
    """A MATLAB cell array (1, 24) of the charts' tables."""
    cells = np.empty((1, len(table)), object)
    for index, chart in enumerate(table):
        cells[0, index] = chart
    return cells


def _mat(arrays: Mapping[str, Any], file: BinaryIO) -> None:
    from scipy.io import savemat

    content = io.BytesIO()
    savemat(content, dict(arrays), do_compression=True)
    file.write(_HEADER + content.getvalue()[len(_HEADER) :])


def _pickle(value: Mapping[str, pickles.Pieces] | pickles.Pieces, python2: bool, file: BinaryIO) -> None:
    pickles.write(file, value, python2)
