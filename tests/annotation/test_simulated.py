"""The simulated annotator knows the truth and errs by what it is told to, on the surface and within the part."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from annotation.simulated import paint, place, truth_at
from surface.body import Body

SIDE, CELLS = 1.0, 20


@pytest.fixture(scope="module")
def sheet():
    """A flat sheet of 2 x 1 metres in z = 0: part 1 at x < 0, part 2 its mirror image."""
    steps = np.linspace(0, SIDE, CELLS + 1)
    x, y = np.meshgrid(-SIDE + steps, steps)
    right = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    corner = (np.arange(CELLS)[:, None] * (CELLS + 1) + np.arange(CELLS)).ravel()
    below, above = corner, corner + CELLS + 1
    half = np.concatenate([np.stack([below, below + 1, above], 1), np.stack([below + 1, above + 1, above], 1)])
    vertices = np.concatenate([right, right * [-1, 1, 1]])
    faces = np.concatenate([half, half[:, [0, 2, 1]] + len(right)])
    count = len(half)
    uv = np.abs(vertices[:, :2])[faces] * 0.98 + 0.01
    matrix = csr_array(np.eye(1, len(vertices)))
    return Body.from_arrays(
        {
            "format": np.int64(1), "name": np.array("sheet"), "vertices": vertices, "faces": faces,
            "face_chart": np.repeat([1, 2], count), "face_uv": uv,
            "chart_names": np.array(["Right", "Left"]), "chart_part": np.array([1, 2]),
            "part_names": np.array(["Right", "Left"]), "part_mirror": np.array([0, 2, 1]),
            "chart_mirror": np.array([0, 2, 1]), "mirror_face": np.roll(np.arange(2 * count), count),
            "mirror_corner": np.tile([0, 2, 1], (2 * count, 1)), "keypoint_names": np.array(["nose"]),
            **{f"keypoint_regressor_{k}": getattr(matrix, k) for k in ("data", "indices", "indptr")},
        },
        "sheet",
    )  # fmt: skip


def interior(body, count, margin, seed=0):
    """Surface points of part 1 at least ``margin`` from its border."""
    rng = np.random.default_rng(seed)
    xyz = np.column_stack(
        [rng.uniform(margin - SIDE, -margin, count), rng.uniform(margin, SIDE - margin, count), np.zeros(count)]
    )
    face, bary, _ = body.nearest(xyz)
    return face, bary


def test_errors_are_isotropic_and_of_the_size_asked_for(sheet):
    face, bary = interior(sheet, 4000, 0.1)
    moved = sheet.position(*place(sheet, face, bary, 0.02, np.random.default_rng(1))) - sheet.position(face, bary)
    assert np.abs(moved.mean(axis=0)).max() < 0.001
    assert np.allclose(moved.std(axis=0)[:2], 0.02, rtol=0.05)
    assert abs(np.corrcoef(moved[:, 0], moved[:, 1])[0, 1]) < 0.05
    assert np.linalg.norm(moved, axis=1).mean() == pytest.approx(0.02 * np.sqrt(np.pi / 2), rel=0.05)


def test_marks_stay_on_their_part(sheet):
    xyz = np.column_stack([np.full(500, -0.01), np.linspace(0.1, 0.9, 500), np.zeros(500)])
    face, bary, _ = sheet.nearest(xyz)
    moved, weights = place(sheet, face, bary, 0.05, np.random.default_rng(2))
    assert (sheet.part(moved) == sheet.part(face)).all()
    distance = np.linalg.norm(sheet.position(moved, weights) - xyz, axis=1)
    assert np.median(distance) > 0.02, "they move nevertheless"


def test_no_noise_is_the_truth_and_a_seed_repeats(sheet):
    face, bary = interior(sheet, 50, 0.1)
    same = sheet.position(*place(sheet, face, bary, 0.0, np.random.default_rng(0)))
    assert np.allclose(same, sheet.position(face, bary), atol=1e-12)
    first, second = (place(sheet, face, bary, 0.01, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_truth_is_read_at_the_pixel_under_a_point(sheet):
    face_map = np.array([[-1, 3], [801, 5]], np.int32)
    bary_map = np.zeros((2, 2, 3), np.float32)
    bary_map[...] = [0.2, 0.3, 0.5]
    assert paint(sheet, face_map).tolist() == [[0, 1], [2, 1]]
    face, bary = truth_at(face_map, bary_map, np.array([[1.5, 0.5], [0.0, 1.99]]))
    assert face.tolist() == [3, 801]
    assert np.allclose(bary.sum(axis=1), 1, atol=1e-15)
    for xy in ([0.5, 0.5], [2.0, 0.5], [-0.1, 1.5]):
        with pytest.raises(ValueError, match=r"point 1 at .* lies on no body"):
            truth_at(face_map, bary_map, np.array([[1.5, 0.5], xy]))
