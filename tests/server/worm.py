"""A small body that is no human: an egg cut into nose, belly and tail, without sides, keypoints or a rig."""

from typing import Any

import numpy as np
import trimesh

from surface.body import Body

NOSE, BELLY, TAIL = 1, 2, 3


def worm_arrays(name: str = "worm", length: float = 0.4) -> dict[str, Any]:
    """The arrays of its file: 320 faces, 4 charts (the belly has a front and a back), 3 parts."""
    ball = trimesh.creation.icosphere(subdivisions=2)
    sphere, faces = np.asarray(ball.vertices), np.asarray(ball.faces)
    centre = sphere[faces].mean(axis=1)
    chart = np.where(centre[:, 1] > 0.5, 1, np.where(centre[:, 1] < -0.5, 4, np.where(centre[:, 2] > 0, 2, 3)))
    flat = np.where(np.isin(chart, [1, 4])[:, None, None], sphere[faces][..., [0, 2]], sphere[faces][..., [0, 1]])
    return {
        "format": np.int64(1),
        "name": np.array(name),
        "vertices": sphere * [0.1, length / 2, 0.1],
        "faces": faces,
        "face_chart": chart,
        "face_uv": flat * 0.49 + 0.5,
        "chart_names": np.array(["Nose", "Belly front", "Belly back", "Tail"]),
        "chart_part": np.array([NOSE, BELLY, BELLY, TAIL]),
        "part_names": np.array(["Nose", "Belly", "Schwänzchen"]),
        "part_mirror": np.arange(4),
        "chart_mirror": np.arange(5),
        "part_colours": np.array([[255, 0, 0], [0, 200, 9], [0, 0, 255]]),
        "keypoint_names": np.array([], "U1"),
        "keypoint_regressor_data": np.zeros(0),
        "keypoint_regressor_indices": np.zeros(0, np.int32),
        "keypoint_regressor_indptr": np.zeros(1, np.int32),
    }


def worm(name: str = "worm", length: float = 0.4) -> Body:
    """The body; of another length it is another one."""
    return Body.from_arrays(worm_arrays(name, length))
