"""The default body, built from Anny: `densemark body build anny`.

Anny's skin without mouth bag and eye sockets, the mean of a population of adults, in 24 charts and with a rig in
SMPL's terms. Deterministic; the result ships as `surface/data/anny.npz`. Method and figures: docs/methods/charts.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from surface.body import Body
from surface.builders import anny_charts, anny_mesh, anny_rig, anny_source
from surface.builders.anatomy import Half

SHAPES = 16


def build() -> Body:
    """Builds the body; a minute or two, most of it Anny reading its blend shapes the first time (it caches them).

    Raises:
        ModuleNotFoundError: without the packages `torch` and `anny` (`pip install densemark[model]`).
        ValueError: if the installed Anny is not the mesh that this builder knows.
    """
    return Body.from_arrays(arrays(anny_source.load()), "anny")


def arrays(source: anny_source.Source) -> dict[str, Any]:
    """The arrays of the body file, from Anny's arrays."""
    joint = anny_rig.joint_of_bones(source.bone_names, source.bone_parents)
    weights = anny_rig.reduce_weights(source.skin, joint)
    mean = source.shapes.mean(axis=0)
    half = len(source.faces) // 2
    head = weights.toarray()[source.faces[:half]].mean(axis=1).argmax(axis=1) == anny_rig.JOINTS.index("head")
    inside = anny_mesh.cavities(mean, source.faces, head)
    used, faces, mirror = anny_mesh.close_cavities(mean, source.faces, source.mirror, inside)

    shapes, weights = source.shapes[:, used], weights[used]
    template, directions, _ = anny_rig.shape_space(shapes, SHAPES)
    heads = source.bone_heads.mean(axis=0)
    charts = anny_charts.make(
        Half(
            vertices=template,
            faces=faces[: len(faces) // 2],
            middle=mirror == np.arange(len(mirror)),
            weights=weights.toarray(),
            skin=source.skin[used],
            bone_names=source.bone_names,
            heads=dict(zip(source.bone_names, heads, strict=True)),
        ),
        mirror,
    )
    joints, keypoints = anny_rig.regressors(source, shapes, weights.toarray(), mirror)
    count = len(faces) // 2
    return {
        "format": np.int64(1),
        "name": np.array("anny"),
        "vertices": template,
        "faces": faces.astype(np.int32),
        "face_chart": charts.face_chart,
        "face_uv": charts.face_uv,
        "chart_names": np.array(anny_charts.CHART_NAMES),
        "chart_part": np.array(anny_charts.CHART_PART, dtype=np.uint8),
        "part_names": np.array(anny_charts.PART_NAMES),
        "part_colours": np.array([list(bytes.fromhex(c[1:])) for c in anny_charts.PART_COLOURS], dtype=np.uint8),
        "part_mirror": np.array(anny_charts.PART_MIRROR, dtype=np.uint8),
        "chart_mirror": np.array(anny_charts.CHART_MIRROR, dtype=np.uint8),
        "mirror_face": np.roll(np.arange(2 * count), count).astype(np.int32),
        "mirror_corner": np.tile(np.array([0, 2, 1], dtype=np.uint8), (2 * count, 1)),
        "keypoint_names": np.array(anny_source.KEYPOINTS),
        "shapedirs": directions.astype(np.float32),
        "kintree_table": np.stack([anny_rig.PARENTS, np.arange(len(anny_rig.JOINTS))]),
        "joint_names": np.array(anny_rig.JOINTS),
        "shape_names": np.array([f"shape {k + 1}" for k in range(SHAPES)]),
        **_sparse("keypoint_regressor", keypoints),
        **_sparse("J_regressor", joints),
        **_sparse("weights", weights),
    }


def _sparse(key: str, matrix: csr_matrix) -> dict[str, Any]:
    matrix.sort_indices()
    return {f"{key}_data": matrix.data, f"{key}_indices": matrix.indices, f"{key}_indptr": matrix.indptr}
