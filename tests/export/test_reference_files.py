"""The reference code's files for a body: read as that code reads them, they give the body's own answers."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import loadmat

import surface
from evaluation.detection import surface_files
from export.densepose_parts import COARSE_NAMES, FINE_TO_COARSE
from export.reference_files import chart_vertices, check_size, mirror_table, mirror_tables, mirrored_vertices, write
from surface.body import Body
from surface.builders import smpl_uv
from surface.geodesic_build import build
from surface.geodesic_table import GeodesicTable
from surface.surfacemap import SurfaceMap
from tests.server.worm import worm, worm_arrays

ANNY = surface.load()


@pytest.fixture(scope="module")
def globe():
    """A small closed surface with DensePose's 24 charts, as slices of longitude, and a vertex without triangles."""
    arrays = worm_arrays("globe")
    corners = arrays["vertices"][arrays["faces"]]
    centre = corners.mean(axis=1)
    chart = ((np.arctan2(centre[:, 2], centre[:, 0]) / (2 * np.pi) % 1) * 24).astype(int) + 1
    return Body.from_arrays(
        arrays
        | {
            "vertices": np.concatenate([arrays["vertices"], [[9.0, 9.0, 9.0]]]),
            "face_chart": chart,
            "face_uv": np.stack([corners[..., 0] * 4, corners[..., 1] * 2], axis=-1) * 0.49 + 0.5,
            "chart_names": np.array([f"chart {n}" for n in range(24)]),
            "chart_part": np.array(FINE_TO_COARSE[1:]),
            "part_names": np.array(COARSE_NAMES[1:]),
            "part_mirror": np.arange(15),
            "chart_mirror": np.arange(25),
            "part_colours": np.zeros((14, 3), np.uint8),
            "keypoint_regressor_data": np.zeros(0),
        }
    )


@pytest.fixture(scope="module")
def table(globe, tmp_path_factory):
    path = build(globe.hash, globe.vertices, globe.faces, tmp_path_factory.mktemp("tables"), processes=1)
    return GeodesicTable.open(path, globe)


@pytest.fixture(scope="module")
def charts(globe, table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("charts")
    files = write(globe, folder, table, "charts")
    assert sorted(folder.iterdir()) == sorted(files)
    return folder


def test_the_evaluator_reads_the_bodys_charts_and_distances(globe, table, charts):
    read = surface_files.read(charts)
    points = chart_vertices(globe)
    assert np.array_equal(read.chart, points.chart)
    assert np.array_equal(np.stack([read.U, read.V], axis=1), points.uv)
    assert np.array_equal(read.mesh_vertex, points.vertex)
    subdivided = loadmat(charts / "SMPL_subdiv.mat")
    assert np.array_equal(subdivided["vertex"].T, globe.vertices[points.vertex])
    assert np.array_equal(points.vertex[subdivided["faces"].T - 1], globe.faces)
    with (charts / "Pdist_matrix.pkl").open("rb") as file:
        assert file.read(2) == b"\x80\x02"
        file.seek(0)
        stored = pickle.load(file, encoding="latin1")["Pdist_matrix"]
    count = len(globe.vertices)
    assert (stored.shape, stored.dtype) == ((count * (count - 1) // 2, 1), np.float32)
    rng = np.random.default_rng(0)
    corner = np.eye(3)
    faces, k = rng.integers(0, len(globe.faces), (2, 300)), rng.integers(0, 3, (2, 300))
    i, j = globe.faces[faces[0], k[0]].astype(np.int64), globe.faces[faces[1], k[1]].astype(np.int64)
    high, low = np.maximum(i, j), np.minimum(i, j)
    got = np.where(i == j, 0, stored[np.where(i == j, 0, high * (high - 1) // 2 + low), 0])
    a, b = ((faces[side], corner[k[side]]) for side in (0, 1))
    assert np.allclose(got, globe.geodesic(a, b, "table", table.path.parent), atol=1e-6)
    assert np.allclose(got, globe.geodesic(a, b, "exact"), atol=2e-3)
    assert np.isinf(stored[-count + 1 :]).all(), "no path leads to a vertex without triangles"


def test_uv_processed_gives_the_same_body_back(globe, charts):
    found = smpl_uv.read(charts / "UV_Processed.mat", globe.vertices, globe.faces)
    assert np.array_equal(found.face_chart, globe.face_chart)
    assert np.array_equal(found.face_uv, globe.face_uv)
    assert len(found.missing) == 0
    assert found.split == len(chart_vertices(globe).vertex) > len(globe.vertices)
    assert loadmat(charts / "UV_Processed.mat")["All_Faces"].min() == 1


def test_the_same_body_gives_the_same_bytes(globe, table, charts, tmp_path):
    for file in write(globe, tmp_path, table, "charts"):
        assert file.read_bytes() == (charts / file.name).read_bytes()


def random_points(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, len(ANNY.faces), count), rng.dirichlet(np.ones(3), count)


def read_tables(points, tables):
    """U and V in the mirror, read as the reference code reads them."""
    i, u, v = points
    row, column = (v * 255).astype(int), (u * 255).astype(int)
    return np.stack([table[i - 1, row, column] for table in tables])


def test_a_flip_by_the_table_is_the_bodys_mirror_within_a_cell():
    tables = mirror_tables(ANNY)
    points = random_points(20_000)
    flipped = read_tables(ANNY.to_iuv(*points), tables)
    _, u, v = ANNY.to_iuv(*ANNY.mirror(*points))
    away = np.linalg.norm(flipped - [u, v], axis=0) * 255
    assert np.quantile(away, 0.98) < np.sqrt(0.5) + 1e-9, "half the diagonal of a cell"
    assert away.max() < np.sqrt(2), "twice that where a chart ends within the cell"
    everywhere = np.stack([table.reshape(24, -1) for table in tables])
    face, bary = ANNY.from_iuv(
        np.repeat(ANNY.chart_mirror[1:], 256 * 256), everywhere[0].reshape(-1), everywhere[1].reshape(-1)
    )
    assert np.abs(np.stack(ANNY.to_iuv(face, bary)[1:]) - everywhere.reshape(2, -1)).max() < 1e-6, "on the surface"


def test_images_beyond_a_seam_are_put_onto_it():
    """A mirror that is a map between unlike triangles misses the border of the counterpart a little: here by 2 mm."""
    face, bary, _ = ANNY.nearest(ANNY.vertices * [-1, 1, 1] + [0, 0.002, 0])
    turned = replace(ANNY, mirror_face=None, mirror_corner=None, mirror_map=SurfaceMap(face, bary))
    for chart in (2, 16):
        exact, mapped = (mirror_table(body, chart) for body in (ANNY, turned))
        assert 0 < np.abs(exact - mapped).max() < 0.05
    assert np.array_equal(mirrored_vertices(turned)[::50], turned.faces[face, bary.argmax(axis=1)][::50])


def test_embeddings_get_mesh_symmetry_and_a_square_of_distances(table, globe, tmp_path):
    files = {file.name: file for file in write(globe, tmp_path, table, "embeddings")}
    assert set(files) == {"globe.pkl", "texcoords_globe.pkl", "geodists_globe.pkl"}
    mesh, texture, distances = (pickle.loads(file.read_bytes()) for file in sorted_as(files))
    assert np.array_equal(mesh["faces"], globe.faces)
    assert np.allclose(mesh["vertices"], globe.vertices)
    assert texture.shape == (len(globe.vertices), 2)
    assert (texture.min() >= 0) & (texture.max() <= 1)
    assert distances.shape == (len(globe.vertices),) * 2
    assert np.array_equal(distances, distances.T)
    assert not distances.diagonal().any()
    ends = np.array([[3, 50], [77, 120]])
    face, corner = np.array([[divmod(int((globe.faces == v).argmax()), 3) for v in side] for side in ends]).T
    exact = globe.geodesic((face[0], np.eye(3)[corner[0]]), (face[1], np.eye(3)[corner[1]]), "exact")
    assert np.allclose(distances[ends[:, 0], ends[:, 1]], exact, atol=2e-3)
    twins = mirrored_vertices(ANNY)
    assert np.array_equal(twins[twins], np.arange(len(twins)))
    assert np.allclose(ANNY.vertices[twins], ANNY.vertices * [-1, 1, 1], atol=1e-6)


def sorted_as(files):
    return [files[name] for name in ("globe.pkl", "texcoords_globe.pkl", "geodists_globe.pkl")]


def test_an_interrupted_write_leaves_what_was_there(globe, table, tmp_path):
    (tmp_path / "SMPL_subdiv.mat").write_text("as it was")

    def interrupt(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(globe, tmp_path, table, "charts", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["SMPL_subdiv.mat"]
    assert (tmp_path / "SMPL_subdiv.mat").read_text() == "as it was"


def test_what_cannot_be_written_is_refused(globe, table, tmp_path):
    with pytest.raises(ValueError, match="needs the 14 parts of DensePose"):
        write(worm(), tmp_path / "x", table, "charts")
    with pytest.raises(ValueError, match="do not mirror each other as those of DensePose do"):
        mirror_tables(globe)
    with pytest.raises(ValueError, match="32,769 vertices are too many"):
        check_size(32_769)
    check_size(32_768)
    assert not (tmp_path / "x").exists()
