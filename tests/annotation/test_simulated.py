"""The simulated annotator knows the truth and errs by what it is told to, on the surface and within the part."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import surface
from annotation.simulated import Model, draw, expected, mark, meant, place
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


def test_swaps_go_to_the_mirror_image_on_the_same_part_and_turns_through_the_limb():
    body = surface.load("anny")
    rng = np.random.default_rng(4)
    face = rng.choice(len(body.faces), 4000, p=body.face_area / body.face_area.sum()).astype(np.int32)
    bary = rng.dirichlet(np.ones(3), len(face))
    part = body.part(face)
    central = body.part_mirror[part] == part

    swapped = mark(Model(swaps=0.3), body, part, face, bary, 0, rng)
    there, weights = body.mirror(face, bary)
    moved = swapped.face != face
    assert not moved[~central].any(), "a limb's views show no other side"
    assert moved[central].mean() == pytest.approx(0.3, abs=0.04)
    away = body.position(swapped.face[moved], swapped.bary[moved]) - body.position(there[moved], weights[moved])
    assert np.abs(away).max() < 1e-9

    turned = mark(Model(turns=1.0), body, part, face, bary, 0, rng)
    assert (body.part(turned.face) == part).all()
    moved = turned.face != face
    assert moved.mean() > 0.8
    normals = np.cross(*np.moveaxis(np.diff(body.vertices[body.faces], axis=1), 1, 0))
    assert ((normals[face[moved]] * normals[turned.face[moved]]).sum(axis=1) < 0).mean() > 0.9


def test_a_limb_drawn_as_the_other_side_s_is_marked_there(sheet):
    truth = np.zeros((40, 60), np.uint8)
    truth[5:35, 5:25], truth[5:35, 35:55] = 1, 2
    drawn = draw(Model(swaps=1.0), sheet, truth, np.random.default_rng(0))
    assert (drawn == np.array([0, 2, 1])[truth]).all()
    face, bary = interior(sheet, 50, 0.1)
    found = meant(sheet, np.full(50, 2), face, bary)
    assert np.allclose(sheet.position(*found), sheet.position(face, bary) * [-1, 1, 1])


def test_borders_are_off_by_what_is_asked_for(sheet):
    truth = np.zeros((6000, 80), np.uint8)
    truth[:, 40:] = 1
    drawn = draw(Model(boundary=3.0), sheet, truth, np.random.default_rng(1))
    border = 80 - drawn.sum(axis=1)
    assert border.std() == pytest.approx(3.0, rel=0.15)
    assert abs(border.mean() - 40) < 0.8


def test_the_expected_error_is_what_marks_have(sheet):
    face, bary = interior(sheet, 400, 0.4)
    part, done = np.ones(400, int), np.arange(400)

    def metric(f, b, g, c):
        return np.linalg.norm(sheet.position(f, b) - sheet.position(g, c), axis=1)

    wanted = np.sqrt(np.pi / 2) * 0.03
    mean = expected(Model(noise=0.03), sheet, part, face, bary, done, metric).mean()
    assert mean == pytest.approx(wanted, rel=0.03)
    bad = expected(Model(noise=0.01, bad={1: 0.03}), sheet, part, face, bary, done, metric).mean()
    assert bad == pytest.approx(wanted, rel=0.03)
    tired = expected(Model(noise=0.02, drift=0.25), sheet, part, face, bary, done, metric)
    assert tired[350:].mean() / tired[:50].mean() == pytest.approx((1 + 0.25 * 3.75) / (1 + 0.25 * 0.25), rel=0.1)


def test_flags_and_times(sheet):
    face, bary = interior(sheet, 3000, 0.1)
    made = mark(Model(flags=0.1, seconds=4.0), sheet, np.ones(3000, int), face, bary, 0, np.random.default_rng(5))
    assert made.flagged.mean() == pytest.approx(0.1, abs=0.02)
    assert np.median(made.seconds) == pytest.approx(4.0, rel=0.05)
    for wrong in ({"swaps": 1.1}, {"noise": -0.1}, {"bad": {3: -1.0}}):
        with pytest.raises(ValueError, match=r"share|below 0"):
            Model(**wrong)
