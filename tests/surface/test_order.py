"""Parts come in an order in which each borders on one before it, from the top down, the person's right first."""

from dataclasses import replace

import numpy as np
import trimesh

from surface.body import Body
from surface.order import part_order


def test_the_human_body_is_walked_from_head_to_foot(anny: Body) -> None:
    names = [anny.part_names[part - 1] for part in part_order(anny)]
    right = ["Upper Arm Right", "Lower Arm Right", "Right Hand"]
    left = ["Upper Arm Left", "Lower Arm Left", "Left Hand"]
    legs = ["Upper Leg Right", "Lower Leg Right", "Right Foot", "Upper Leg Left", "Lower Leg Left", "Left Foot"]
    assert names == ["Head", "Torso", *right, *left, *legs]


def test_mirrored_parts_begin_with_the_right_one_whatever_the_last_bits_say(tiny: Body) -> None:
    assert part_order(tiny) == (1, 2)
    for lift in (1e-15, -1e-15):
        assert part_order(replace(tiny, vertices=tiny.vertices * [1, 1 + lift, 1] + [0, lift, 0])) == (1, 2)


def labelled(mesh: trimesh.Trimesh, part: np.ndarray) -> Body:
    """A body without charts worth the name: one for each part."""
    count = int(part.max())
    from scipy.sparse import csr_array

    return Body(
        name="labelled",
        vertices=np.asarray(mesh.vertices),
        faces=np.asarray(mesh.faces, np.int32),
        face_chart=part.astype(np.uint8),
        face_uv=np.zeros((len(part), 3, 2)),
        chart_names=tuple(map(str, range(1, count + 1))),
        chart_part=np.arange(1, count + 1, dtype=np.uint8),
        part_names=tuple(map(str, range(1, count + 1))),
        part_mirror=np.arange(count + 1, dtype=np.uint8),
        chart_mirror=np.arange(count + 1, dtype=np.uint8),
        keypoint_names=(),
        keypoint_regressor=csr_array((0, len(mesh.vertices))),
    )


def test_a_chain_of_parts_is_walked_along_itself_from_its_higher_end() -> None:
    mesh = trimesh.creation.cylinder(0.1, 2.0, sections=24).subdivide_to_size(0.08)
    along = mesh.triangles_center[:, 2]  # a cylinder that leans, its far end the higher one
    mesh.apply_transform(trimesh.transformations.rotation_matrix(-1.2, [1, 0, 0]))
    part = 1 + np.digitize(along, [-0.6, -0.2, 0.2, 0.6])
    names = np.array([0, 3, 5, 1, 4, 2])
    assert part_order(labelled(mesh, names[part])) == (2, 4, 1, 5, 3)


def test_pieces_apart_follow_each_other_from_the_top(tiny: Body) -> None:
    balls = [trimesh.creation.icosphere(subdivisions=1, radius=0.1) for _ in range(4)]
    for ball, height in zip(balls, (0.3, 0.9, 0.0, 0.6), strict=True):
        ball.apply_translation([0, height, 0])
    part = np.repeat([1, 2, 3, 4], len(balls[0].faces))
    assert part_order(labelled(trimesh.util.concatenate(balls), part)) == (2, 4, 1, 3)
