"""A body from the user's own SMPL, SMPL-H or SMPL-X file: `densemark body build smpl`. Method: docs/methods/smpl.md.

Nothing of these models ships with DenseMark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from surface.body import Body
from surface.builders import smpl_charts, smpl_file, smpl_joints, smpl_mirror, smpl_uv
from surface.builders.anny_charts import CHART_MIRROR, CHART_NAMES, CHART_PART, PART_MIRROR, PART_NAMES
from surface.builders.anny_source import KEYPOINTS
from surface.builders.smpl_file import Model
from surface.builders.smpl_parts import Person
from surface.topology import edge_faces, face_areas, face_components, half_edges

Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None] | None

# Light for the person's right, dark for the left; as in the browser.
COLOURS = (
    0x685DD1, 0xFBCDA9, 0xD43C28, 0xCB7603, 0xC1B55D, 0xCF82C9, 0xA1368A,
    0x9EF35E, 0x559980, 0x3497EB, 0xA9BFED, 0x966784, 0xEF9397, 0xF66A9D,
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A built body and what is worth knowing of how it came about.

    Attributes:
        body: the body.
        family: "SMPL", "SMPL-H" or "SMPL-X".
        uv: DensePose's charts as they were read; None where they were made.
        dropped: triangles left out because they are no skin (the eyeballs of SMPL-X).
        mirror_error: metres between the surface and its mirror image: the mean and the largest, over the vertices.
    """

    body: Body
    family: str
    uv: smpl_uv.Charts | None
    dropped: int
    mirror_error: tuple[float, float]


def build(model: Path, uv_processed: Path | None = None, name: str = "smpl", progress: Progress = None) -> Built:
    """Build a body.

    Args:
        model: the model's file, .npz or .pkl; see `smpl_file.read`.
        uv_processed: DensePose's UV_Processed.mat, if the charts shall be DensePose's own; see `smpl_uv.read`.
        name: the body's name.
        progress: called with what is being done, how much is done, and of how much.

    Raises:
        ValueError: a file cannot be used; the message names it and what is wrong.
    """
    if progress:
        progress("reading", 0, 1)
    read = smpl_file.read(model)
    faces = read.faces
    if uv_processed is None:
        faces = skin(read.faces, read.vertices)
    _check_mesh(model, read.vertices, faces)
    uv = None if uv_processed is None else smpl_uv.read(uv_processed, read.vertices, faces)
    mirror = smpl_mirror.exact(read.vertices, faces)
    if uv is not None:
        face_chart, face_uv = uv.face_chart, uv.face_uv
    else:
        try:
            face_chart, face_uv = smpl_charts.make(_person(read, faces), mirror, progress)
        except ValueError as error:
            raise ValueError(f"{model}: {error}") from error
    arrays = _arrays(read, faces, name) | {"face_chart": face_chart, "face_uv": face_uv}
    if uv is not None:
        arrays["charts_from"] = np.array("file")
    part = np.array(CHART_PART)[face_chart.astype(np.int64) - 1]
    if mirror is not None and _same_parts(mirror, face_chart):
        arrays |= {"mirror_face": mirror.face, "mirror_corner": mirror.corner}
        gap = mirror.error
    else:
        mapped, gap = smpl_mirror.surface_map(read.vertices, faces, part, np.array(PART_MIRROR))
        arrays |= {"mirror_map_face": mapped.face, "mirror_map_bary": mapped.bary}
    used = np.unique(faces)
    figures = (float(gap[used].mean()), float(gap[used].max()))
    return Built(Body.from_arrays(arrays, str(model)), read.family, uv, len(read.faces) - len(faces), figures)


def _same_parts(mirror: smpl_mirror.Exact, face_chart: NDArray[np.uint8]) -> bool:
    """Whether mirrored triangles lie in mirrored parts; DensePose's charts need not be cut alike on both sides."""
    part = np.array(CHART_PART)[face_chart.astype(np.int64) - 1]
    return bool((part[mirror.face] == np.array(PART_MIRROR)[part]).all())


def skin(faces: Ints, vertices: NDArray[np.float64]) -> Ints:
    """The triangles of the largest connected surface; SMPL-X's eyeballs are others.

    The vertices stay as they are, so that they keep the numbers that they have in the file.
    """
    count, piece = face_components(faces)
    if count == 1:
        return faces
    area = np.bincount(piece, face_areas(vertices, faces))
    return faces[piece == area.argmax()]


def _check_mesh(path: Path, vertices: NDArray[np.float64], faces: Ints) -> None:
    """A surface that charts, mirror and geodesics can stand on: edge-manifold, one way round."""
    directed = half_edges(faces)
    unique, count = np.unique(directed, axis=0, return_counts=True)
    if (count > 1).any():
        a, b = unique[count.argmax()].tolist()
        raise ValueError(f"{path}: f has {count.max()} triangles on the same side of the edge from {a} to {b}")
    flat = np.flatnonzero(face_areas(vertices, faces) <= 0)
    if len(flat):
        raise ValueError(f"{path}: triangle {flat[0]} of f has no area")
    if not len(edge_faces(faces)[0]):
        raise ValueError(f"{path}: f has no two triangles that share an edge")
    corner = vertices[faces]
    volume = np.einsum("fc,fc->f", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6.0
    if volume <= 0:
        raise ValueError(f"{path}: the triangles of f face inward")


def _person(model: Model, faces: Ints) -> Person:
    joints = model.J_regressor @ model.vertices
    return Person(
        vertices=model.vertices,
        faces=faces,
        weights=model.weights.toarray(),
        at=dict(zip(model.joint_names, joints, strict=True)),
        names=model.joint_names,
    )


def _arrays(model: Model, faces: Ints, name: str) -> dict[str, Any]:
    """Everything of the body's file but charts and mirror."""
    keypoints = smpl_joints.keypoints(
        model.vertices, model.faces, model.weights.toarray(), model.J_regressor, model.joint_names
    )
    colours = np.array([[c >> 16, c >> 8 & 255, c & 255] for c in COLOURS], dtype=np.uint8)
    out = {
        "format": np.int64(1),
        "name": np.array(name),
        "vertices": model.vertices,
        "faces": faces.astype(np.int32),
        "chart_names": np.array(CHART_NAMES),
        "chart_part": np.array(CHART_PART, dtype=np.uint8),
        "part_names": np.array(PART_NAMES),
        "part_mirror": np.array(PART_MIRROR, dtype=np.uint8),
        "chart_mirror": np.array(CHART_MIRROR, dtype=np.uint8),
        "part_colours": colours,
        "keypoint_names": np.array(KEYPOINTS),
        "shapedirs": model.shapedirs,
        "kintree_table": np.stack([model.parents, np.arange(len(model.parents))]),
        "joint_names": np.array(model.joint_names),
        "shape_names": np.array(model.shape_names),
        **_sparse("keypoint_regressor", keypoints),
        **_sparse("J_regressor", model.J_regressor),
        **_sparse("weights", model.weights),
    }
    return out if model.posedirs is None else out | {"posedirs": model.posedirs}


def _sparse(key: str, matrix: csr_array) -> dict[str, Any]:
    matrix.sort_indices()
    return {f"{key}_data": matrix.data, f"{key}_indices": matrix.indices, f"{key}_indptr": matrix.indptr}
