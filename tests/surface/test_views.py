"""Part views: what is picked is what is shown, marks come back where they were set, and left is left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.scripted import relative_clicks
from surface import views as part_views
from surface.body import Body
from surface.cameras import SIZE, facing
from surface.frames import LOOKS, frame, kind, side
from surface.shading import LEFT, PALETTES, RIGHT, ambient

SPOT = st.floats(0, 1, allow_nan=False)
MIRROR = np.array([-1.0, 1.0, 1.0])


def parts(body):
    return range(1, len(body.part_names) + 1)


@pytest.fixture(scope="module", params=["tiny", "anny"])
def body(request):
    return request.getfixturevalue(request.param)


def test_six_views_show_the_whole_part(body):
    for part in parts(body):
        views = part_views.views(body, part)
        assert [v.index for v in views] == list(range(6))
        assert [v.name for v in views[:4]] == ["front", "back", "left", "right"]
        assert len({v.name for v in views}) == len({v.title for v in views}) == 6
        points = body.vertices[np.unique(body.faces[body.face_part == part])]
        for view in views:
            axes = np.array([view.right, view.up, view.forward])
            assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-12)
            assert np.allclose(np.cross(view.forward, view.up), view.right, atol=1e-12)
            xy, _ = view.camera(points)
            assert (xy >= SIZE * 0.069).all()
            assert (xy <= SIZE * 0.931).all()


def test_left_views_are_taken_from_the_persons_left(anny):
    """For parts on the midline; front looks at the face, so the person's left is on the image's right."""
    for part in (p for p in parts(anny) if side(anny.part_names[p - 1]) is None):
        front, back, left, right = part_views.views(anny, part)[:4]
        assert np.allclose(front.forward, [0, 0, -1])
        assert np.allclose(front.right, [1, 0, 0])
        assert np.allclose(back.right, [-1, 0, 0])
        assert np.allclose(left.forward, [-1, 0, 0])
        assert np.allclose(right.forward, [1, 0, 0])


def test_views_of_mirrored_parts_are_mirror_images(body):
    for part in parts(body):
        other = part_views.views(body, int(body.part_mirror[part]))
        for view in part_views.views(body, part):
            twin = other[part_views.MIRROR_VIEW[view.index]]
            assert np.allclose(np.array(view.forward) * MIRROR, twin.forward, atol=1e-9)
            assert np.allclose(np.array(view.up) * MIRROR, twin.up, atol=1e-9)
            assert np.allclose(np.array(view.right) * MIRROR, -np.array(twin.right), atol=1e-9)
            assert np.allclose(np.array(view.centre) * MIRROR, twin.centre, atol=1e-6)
            assert view.scale == pytest.approx(twin.scale, rel=1e-6)
            if side(body.part_names[part - 1]):
                assert view.title == twin.title


def test_marks_of_mirrored_points_are_mirrored(anny, random_points):
    face, bary = random_points(anny, 4000)
    hand = anny.part_names.index("Left Hand") + 1
    mine = anny.face_part[face] == hand
    face, bary = face[mine], bary[mine]
    twin = anny.mirror(face, bary)
    for view in part_views.views(anny, hand):
        other = part_views.views(anny, int(anny.part_mirror[hand]))[part_views.MIRROR_VIEW[view.index]]
        x, y, seen = part_views.project(anny, view, face, bary)
        mx, my, mseen = part_views.project(anny, other, *twin)
        assert np.abs(1 - x - mx).max() < 1e-5
        assert np.abs(y - my).max() < 1e-5
        assert (seen == mseen).mean() > 0.995


def test_the_hand_is_seen_from_where_its_title_says(anny):
    hand = anny.part_names.index("Left Hand") + 1
    views = {v.title: np.array(v.forward) for v in part_views.views(anny, hand)}
    names = anny.rig.joint_names
    joints = anny.rig.J_regressor @ anny.rig.v_template
    thumb, little, wrist, middle = (joints[names.index(f"left_{n}")] for n in ("thumb3", "pinky1", "wrist", "middle3"))
    assert views["Thumb side"] @ (thumb - little) < 0 < views["Little-finger side"] @ (thumb - little)
    up = np.array(part_views.views(anny, hand)[0].up)
    assert up @ (middle - wrist) / np.linalg.norm(middle - wrist) > 0.8
    # In the rest pose the arms hang and the palms face the thighs.
    assert views["Palm"][0] > 0.5 > -0.5 > views["Back of hand"][0]


def test_limbs_hang_from_the_torso(anny):
    for name, upper, lower in (
        ("Upper Arm Left", "shoulder", "elbow"),
        ("Lower Arm Left", "elbow", "wrist"),
        ("Upper Leg Left", "hip", "knee"),
        ("Lower Leg Left", "knee", "ankle"),
    ):
        names = anny.rig.joint_names
        joints = anny.rig.J_regressor @ anny.rig.v_template
        up = frame(anny, anny.part_names.index(name) + 1)[1]
        along = joints[names.index(f"left_{upper}")] - joints[names.index(f"left_{lower}")]
        assert up @ along / np.linalg.norm(along) > 0.9


@given(SPOT, SPOT, st.integers(0, 5), st.integers(1, 14))
@settings(max_examples=150, deadline=None)
def test_what_is_picked_is_there_and_visible(anny, x, y, index, part):
    view = part_views.views(anny, part)[index]
    found = part_views.pick(anny, view, x, y)
    if found is None:
        return
    face, bary = found
    assert facing(anny, view, [face])[0] > 0
    px, py, visible = part_views.project(anny, view, [face], bary[None])
    assert abs(px[0] - x) < 1e-9
    assert abs(py[0] - y) < 1e-9
    assert visible[0]


@pytest.mark.parametrize("name", ["Upper Leg Left", "Torso", "Right Hand"])
def test_visible_is_what_would_be_picked(anny, random_points, name):
    """Of the part and of the rest: a point is visible exactly if a click on its place picks it."""
    part = anny.part_names.index(name) + 1
    for view in part_views.views(anny, part):
        face, bary = random_points(anny, 150, seed=view.index)
        x, y, visible = part_views.project(anny, view, face, bary)
        for n in np.flatnonzero((x > 0) & (x < 1) & (y > 0) & (y < 1)):
            found = part_views.pick(anny, view, x[n], y[n])
            here = found is not None and np.linalg.norm(
                anny.position([found[0]], found[1][None])[0] - anny.position(face[[n]], bary[[n]])[0]
            )
            assert visible[n] == (here is not False and here < 1e-6), (view.name, face[n])


def test_picking_is_what_the_picture_shows(anny):
    """A pixel of the lit part picks the part; a pixel of the background picks nothing."""
    part = anny.part_names.index("Right Hand") + 1
    view = part_views.views(anny, part)[0]
    pixels = part_views.image(anny, view, 128).astype(int)
    background = np.round(np.array(PALETTES["light"].background) * 255)
    rng = np.random.default_rng(0)
    hits = 0
    for row, column in rng.integers(20, 128, (400, 2)):
        found = part_views.pick(anny, view, (column + 0.5) / 128, (row + 0.5) / 128)
        warm = pixels[row, column, 0] - pixels[row, column, 2]
        if (pixels[row, column] == background).all():
            assert found is None
        elif warm > 40:  # the part's tint; the rest of the body is grey
            assert found is not None
            assert anny.face_part[found[0]] == part
            hits += 1
    assert hits > 50


def test_the_picture_tells_which_clicks_are_beside_the_part(anny):
    rng, size = np.random.default_rng(3), 128
    for part, index in ((3, 0), (14, 1), (1, 4)):
        view = part_views.views(anny, part)[index]
        opaque = np.pad(part_views.clickable(anny, view, size)[..., 3] == 255, 1)
        assert 0.05 < opaque.mean() < 0.95
        for x, y in rng.random((60, 2)):
            column, row = int(x * size), int(y * size)
            around = opaque[row : row + 3, column : column + 3]
            picked = part_views.pick(anny, view, x, y)
            hit = picked is not None and anny.face_part[picked[0]] == part
            assert hit or not around.all()
            assert not hit or around.any()


def test_the_part_is_in_front_of_everything(anny):
    """From its inner side the left leg is hidden behind the right one, yet shown."""
    part = anny.part_names.index("Upper Leg Left") + 1
    inner = part_views.views(anny, part)[3]
    faces = np.flatnonzero((anny.face_part == part) & (facing(anny, inner, np.arange(len(anny.faces))) > 0.7))
    visible = part_views.project(anny, inner, faces, np.full((len(faces), 3), 1 / 3))[2]
    assert visible.mean() > 0.99


def test_hidden_and_averted_points_are_not_visible(tiny):
    front, back = part_views.views(tiny, 2)[2:4]
    face = np.flatnonzero(tiny.face_part == 2)
    bary = np.full((len(face), 3), 1 / 3)
    for view in (front, back):
        visible = part_views.project(tiny, view, face, bary)[2]
        assert np.array_equal(visible, facing(tiny, view, face) > 0)  # half an ellipsoid: convex
    # The other half is shown where this one is not, and only there.
    rest = np.flatnonzero(tiny.face_part == 1)
    seen = part_views.project(tiny, front, rest, np.full((len(rest), 3), 1 / 3))[2]
    assert not seen[facing(tiny, front, rest) <= 0].any()


def test_positions_outside_the_square_and_wrong_parts_are_refused(tiny):
    view = part_views.views(tiny, 1)[0]
    for x, y in ((-0.01, 0.5), (0.5, 1.01), (float("nan"), 0.5)):
        with pytest.raises(ValueError, match=r"is not in the view's square"):
            part_views.pick(tiny, view, x, y)
    for part in (0, 3):
        with pytest.raises(ValueError, match=rf"part {part} is not in 1\.\.2"):
            part_views.views(tiny, part)
    with pytest.raises(ValueError, match=r"size 16 is not in 32\.\.2048"):
        part_views.image(tiny, view, 16)
    with pytest.raises(ValueError, match="theme 'pink' is not one of light, dark"):
        part_views.image(tiny, view, 64, "pink")


def test_pictures_say_left_and_right(anny):
    """The badge has the side's colour: in the corner of paired parts, at the person's own side on midline parts."""
    left, right = (np.round(np.array(c) * 255) for c in (LEFT, RIGHT))

    def columns(view, colour):
        pixels = part_views.image(anny, view, 200, "dark").astype(float)
        return np.flatnonzero((np.abs(pixels - colour) < 3).all(axis=2).any(axis=0))

    for part in parts(anny):
        views = part_views.views(anny, part)
        own = side(anny.part_names[part - 1])
        if own:
            mine, other = (left, right) if own == "left" else (right, left)
            assert len(columns(views[0], mine)) > 10
            assert len(columns(views[0], other)) == 0
        else:
            assert columns(views[0], left).min() > 150  # seen from the front: left is on the right
            assert columns(views[0], right).max() < 50
            assert columns(views[1], left).max() < 50
            assert columns(views[1], right).min() > 150
            assert len(columns(views[2], right)) == len(columns(views[3], left)) == 0


def test_themes_and_sizes(tiny):
    view = part_views.views(tiny, 1)[0]
    for theme, palette in PALETTES.items():
        pixels = part_views.image(tiny, view, 96, theme)
        assert pixels.shape == (96, 96, 3)
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels[-1, -1], np.round(np.array(palette.background) * 255))
    sheet = part_views.contact_sheet(tiny, 64)
    assert sheet.size == (6 * 64, 2 * 64)


def test_every_part_is_covered(anny):
    """At less than 70 degrees in at least one of its six views: nearly all of every part."""
    for part in parts(anny):
        assert part_views.coverage(anny, part) > 0.95, anny.part_names[part - 1]


def test_best_view_is_the_one_that_faces_the_point(tiny):
    face = np.flatnonzero(tiny.face_part == 1)
    best, cosine = part_views.best_view(tiny, 1, face, np.full((len(face), 3), 1 / 3))
    every = np.stack([facing(tiny, v, face) for v in part_views.views(tiny, 1)])
    assert np.array_equal(best, every.argmax(axis=0))
    assert np.allclose(cosine, every.max(axis=0))


def shape(arrays, own, names, mirrored):
    """The tiny body without a rig, in two parts: the faces `own`, and the rest; `mirrored` as in a body file."""
    for key in [k for k in arrays if k.split("_")[0] in ("shape", "shapedirs", "kintree", "joint", "J", "weights")]:
        del arrays[key]
    if not mirrored:
        del arrays["mirror_face"], arrays["mirror_corner"]
    arrays["part_mirror"] = arrays["chart_mirror"] = np.array(mirrored or [0, 1, 2])
    arrays["part_names"] = arrays["chart_names"] = np.array(names)
    arrays["face_chart"] = np.where(own, 1, 2)
    return Body.from_arrays(arrays, "shape")


@pytest.fixture(params=["tail", "flank", "halves"])
def open_ended(request, tiny_arrays):
    """A cap on the midline, a cap of a body without symmetry, and two halves: each has its open end on one side."""
    if request.param == "tail":
        tiny_arrays["vertices"][tiny_arrays["vertices"][:, 2] < 0, 2] *= 3
    middle = tiny_arrays["vertices"][tiny_arrays["faces"]].mean(axis=1)
    if request.param == "tail":
        return shape(tiny_arrays, middle[:, 2] < -0.03, ["Tail", "Trunk"], [0, 1, 2])
    if request.param == "flank":
        return shape(tiny_arrays, middle[:, 0] > 0.05, ["Flank", "Trunk"], None)
    return shape(tiny_arrays, middle[:, 0] > 0, ["Left Blob", "Right Blob"], [0, 2, 1])


def test_every_view_shows_a_part_of_unknown_shape(open_ended):
    body, steep = open_ended, np.cos(np.radians(70))
    assert body.rig is None
    for part in parts(body):
        views = part_views.views(body, part)
        faces = np.flatnonzero(body.face_part == part)
        area, seen = body.face_area[faces], np.zeros(len(faces), dtype=bool)
        assert len({view.title for view in views}) == len({view.name for view in views}) == 6
        for view in views:
            own = part_views.project(body, view, faces, np.full((len(faces), 3), 1 / 3))[2]
            own &= facing(body, view, faces) > steep
            assert area[own].sum() > 0.14 * area.sum(), view.title
            seen |= own
        assert area[seen].sum() > 0.99 * area.sum()
    # No view is from the open end.
    assert any(
        len({v.name for v in part_views.views(body, p)} & {"front", "back", "left", "right"}) < 4 for p in (1, 2)
    )


def test_views_that_replace_sides_are_mirrored_too(open_ended):
    if not open_ended.symmetric:
        return
    test_views_of_mirrored_parts_are_mirror_images(open_ended)


def test_sides_that_show_a_part_keep_their_places(open_ended):
    for part in parts(open_ended):
        views = part_views.views(open_ended, part)
        for index, (name, forward) in enumerate(
            {"front": (0, 0, -1), "back": (0, 0, 1), "left": (-1, 0, 0), "right": (1, 0, 0)}.items()
        ):
            for view in views:
                assert (view.name == name) == np.allclose(view.forward, forward)
                assert view.name != name or view.index == index


def test_relative_clicks_fall_on_the_part(open_ended):
    points = [{"part": part, "x": x, "y": y} for part in (1, 2) for x, y in ((10, 20), (30, 25), (20, 60))]
    for point, (index, x, y) in zip(points, relative_clicks(open_ended, points), strict=True):
        found = part_views.pick(open_ended, part_views.views(open_ended, point["part"])[index], x, y)
        assert found is not None
        assert open_ended.face_part[found[0]] == point["part"]


def test_relative_clicks_leave_out_a_view_that_shows_nothing(tiny, monkeypatch):
    """The first two look into the open end of the half ellipsoid."""
    part, every = 2, part_views.views(tiny, 2)
    outer = max(every, key=lambda view: -view.forward[0])
    into = replace(outer, index=0, right=tuple(-np.array(outer.right)), forward=tuple(-np.array(outer.forward)))
    hidden = [into, replace(into, index=1)]
    monkeypatch.setattr(part_views, "views", lambda body, part: [*hidden, replace(outer, index=2)])
    points = [{"part": part, "x": x, "y": x} for x in (10, 30)]
    assert [view for view, _, _ in relative_clicks(tiny, points)] == [2, 2]
    monkeypatch.setattr(part_views, "views", lambda body, part: hidden)
    with pytest.raises(ValueError, match=r"no view of part 2 \(Left Hand\) shows it"):
        relative_clicks(tiny, points)


def test_ambient_light_is_full_on_a_convex_body(tiny):
    assert np.allclose(ambient(tiny), 1)


def test_kinds_and_sides_by_name():
    assert kind("Upper Arm Left") == kind("left_upper-arm") == "upper arm"
    assert kind("Tail") == "other"
    assert side("Left Hand") == "left"
    assert side("right foot") == "right"
    assert side("Torso") is None
    for looks in LOOKS.values():
        assert len({look.title for look in looks}) == 6
