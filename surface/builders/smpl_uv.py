"""DensePose's own charts, from the user's UV_Processed.mat, onto the triangles of the user's SMPL.

The file has 7,829 vertices where SMPL has 6,890, because a vertex on a border of charts has one U,V for each chart; and
13,774 triangles where SMPL has 13,776. A body keeps U,V per corner of a triangle, so nothing is split; the triangles
that the file leaves out are filled in from their neighbours (see `fill`).
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surface.topology import edge_faces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHARTS = 24
MOST_MISSING = 16  # DensePose's file leaves out two
ROUNDING = 1e-6  # how far U and V may be outside of 0..1; they are then put onto its edge
MOST_ITEMS = 5_000_000
KEYS = ("All_vertices", "All_Faces", "All_FaceIndices", "All_U_norm", "All_V_norm")


@dataclass(frozen=True)
class Charts:
    """DensePose's charts on the F triangles of a mesh.

    Attributes:
        face_chart: `(F,)` 1..24.
        face_uv: `(F, 3, 2)` U,V of each corner, value for value as in the file.
        split: number of vertices in the file, those on borders counted once for each chart.
        missing: `(M,)` triangles that the file leaves out.
        closed: how many of them had to be laid flat onto a neighbour's edge.
    """

    face_chart: NDArray[np.uint8]
    face_uv: Floats
    split: int
    missing: Ints
    closed: int


def read(path: Path, vertices: Floats, faces: Ints) -> Charts:
    """Read the file for the mesh of a model, vertices `(V, 3)` and faces `(F, 3)`.

    Raises:
        ValueError: the file cannot be read, lacks a key, or is of another mesh; the message names file and key.
    """
    arrays = _arrays(path)
    ids = _whole(path, "All_vertices", arrays["All_vertices"].ravel(), 1, len(vertices)) - 1
    triangles = arrays["All_Faces"]
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"{path}: All_Faces has shape {triangles.shape}; expected (any, 3)")
    corners = _whole(path, "All_Faces", triangles, 1, len(ids)) - 1
    chart = _whole(path, "All_FaceIndices", arrays["All_FaceIndices"].ravel(), 1, CHARTS)
    uv = np.stack([_unit(path, key, arrays[key].ravel()) for key in ("All_U_norm", "All_V_norm")], axis=1)
    if len(uv) != len(ids):
        raise ValueError(f"{path}: All_U_norm has {len(uv)} values; All_vertices has {len(ids)}")
    if len(chart) != len(corners):
        raise ValueError(f"{path}: All_FaceIndices has {len(chart)} values; All_Faces has {len(corners)} triangles")
    row, turn = _match(path, ids[corners], faces)
    face_chart = np.zeros(len(faces), dtype=np.uint8)
    face_uv = np.zeros((len(faces), 3, 2))
    face_chart[row] = chart
    face_uv[row] = np.take_along_axis(uv[corners], turn[:, :, None], axis=1)
    missing = np.flatnonzero(face_chart == 0)
    if len(missing) > MOST_MISSING:
        raise ValueError(
            f"{path}: All_Faces leaves out {len(missing):,} of the model's {len(faces):,} triangles; "
            "DensePose's file leaves out 2 of SMPL's"
        )
    empty = sorted(set(range(1, CHARTS + 1)) - set(chart.tolist()))
    if empty:
        raise ValueError(f"{path}: All_FaceIndices has no triangle of chart {empty[0]}")
    closed = fill(vertices, faces, face_chart, face_uv)
    return Charts(face_chart, face_uv, len(ids), missing, closed)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        with path.open("rb") as file:
            listed = {name: (shape, kind) for name, shape, kind in whosmat(file)}
            for key in KEYS:
                _expect_numbers(path, key, listed)
            file.seek(0)
            found = loadmat(file, variable_names=list(KEYS))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except NotImplementedError as error:
        raise ValueError(f"{path}: a MATLAB 7.3 file; UV_Processed.mat is an older one (save it with -v7)") from error
    except (MatReadError, zlib.error, TypeError, KeyError, IndexError, OverflowError, MemoryError) as error:
        raise ValueError(f"{path}: not a MATLAB file, or a damaged one ({error})") from error
    except ValueError as error:
        raise (
            error
            if str(error).startswith(str(path))
            else ValueError(f"{path}: not a MATLAB file, or a damaged one ({error})")
        ) from error
    return {key: found[key] for key in KEYS}


def _expect_numbers(path: Path, key: str, listed: dict[str, tuple[tuple[int, ...], str]]) -> None:
    """Refuses before anything is unpacked."""
    if key not in listed:
        raise ValueError(f"{path}: not a UV_Processed.mat, or one that is cut off: {key!r} is missing")
    shape, kind = listed[key]
    if kind in ("cell", "struct", "object", "function", "char", "unknown") or math.prod(shape) > MOST_ITEMS:
        raise ValueError(f"{path}: {key} is a {kind} of shape {shape}; expected numbers")


def _whole(path: Path, key: str, values: NDArray[Any], low: int, high: int) -> Ints:
    with np.errstate(invalid="ignore"):
        found = np.asarray(values.real, dtype=np.float64)
    bad = np.argwhere(~((found >= low) & (found <= high) & (found == np.floor(found))))
    if len(bad):
        at = ", ".join(str(n) for n in bad[0])
        raise ValueError(f"{path}: {key}[{at}] is {found[tuple(bad[0])]:g}; expected a whole number in {low}..{high}")
    return found.astype(np.int64)


def _unit(path: Path, key: str, values: NDArray[Any]) -> Floats:
    found = np.asarray(values.real, dtype=np.float64)
    bad = np.flatnonzero(~((found >= -ROUNDING) & (found <= 1 + ROUNDING)))
    if len(bad):
        raise ValueError(f"{path}: {key}[{bad[0]}] is {found[bad[0]]:g}; expected 0..1")
    return np.clip(found, 0.0, 1.0)


def _match(path: Path, theirs: Ints, ours: Ints) -> tuple[Ints, Ints]:
    """For each of the file's triangles the model's triangle, and which of its corners each corner of ours is."""
    index = {key: f for f, key in enumerate(map(tuple, np.sort(ours, axis=1).tolist()))}
    row = np.array([index.get(key, -1) for key in map(tuple, np.sort(theirs, axis=1).tolist())], dtype=np.int64)
    foreign = np.flatnonzero(row < 0)
    if len(foreign):
        at = int(foreign[0])
        raise ValueError(
            f"{path}: triangle {at} of All_Faces joins the vertices {theirs[at].tolist()}, which the model's `f` "
            "does not; the file belongs to another mesh"
        )
    if len(np.unique(row)) != len(row):
        raise ValueError(f"{path}: All_Faces holds a triangle twice")
    turn = (ours[row][:, :, None] == theirs[:, None, :]).argmax(axis=2)
    return row, turn


def fill(vertices: Floats, faces: Ints, face_chart: NDArray[np.uint8], face_uv: Floats) -> int:
    """Gives triangles without a chart (0) a chart and U,V, in place; returns how many had to be laid flat.

    Such a triangle joins the chart of the neighbour across its longest edge and takes that edge's U,V. The third corner
    takes the U,V that its vertex has in the chart, where the triangle then covers nothing that is covered already;
    otherwise it is put onto the edge: every point of the triangle still has an I,U,V, next to where it is, and no I,U,V
    of the chart leads to it.

    Raises:
        ValueError: a triangle has no neighbour with a chart.
    """
    flat = 0
    edges, sides = edge_faces(faces)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    while (face_chart == 0).any():
        across = (face_chart[sides] == 0).sum(axis=1) == 1
        if not across.any():
            raise ValueError("a triangle without a chart has no neighbour with one")
        edge = np.flatnonzero(across)[length[across].argmax()]
        first, second = sides[edge].tolist()
        new, old = (first, second) if face_chart[first] == 0 else (second, first)
        flat += _join(vertices, faces, face_chart, face_uv, new, old)
    return flat


def _join(vertices: Floats, faces: Ints, face_chart: NDArray[np.uint8], face_uv: Floats, new: int, old: int) -> bool:
    """Fills one triangle from a neighbour; true when it had to be laid flat."""
    chart = face_chart[old]
    members = np.flatnonzero(face_chart == chart)
    uv = np.zeros((3, 2))
    shared = [k for k in range(3) if faces[new, k] in faces[old]]
    for k in shared:
        uv[k] = face_uv[old, faces[old].tolist().index(faces[new, k])]
    (third,) = {0, 1, 2} - set(shared)
    face_chart[new] = chart
    corner = faces[members] == faces[new, third]
    for candidate in np.unique(face_uv[members][corner], axis=0):
        uv[third] = candidate
        if _free(uv, face_uv[members]):
            face_uv[new] = uv
            return False
    a, b = (vertices[faces[new, k]] for k in shared)
    t = float(np.clip((vertices[faces[new, third]] - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1))
    uv[third] = (1 - t) * uv[shared[0]] + t * uv[shared[1]]
    face_uv[new] = uv
    return True


def _free(uv: Floats, others: Floats) -> bool:
    """Whether a triangle `(3, 2)` turns like most of the others `(N, 3, 2)` and overlaps none of them."""
    areas = _doubled_area(others)
    sign = 1.0 if (areas > 0).sum() >= (areas < 0).sum() else -1.0
    if sign * _doubled_area(uv[None])[0] <= 1e-12:
        return False
    # Of two triangles that overlap but share their corners, one holds a point near the other's middle.
    inner = np.concatenate([np.full((3, 3), 0.1) + 0.7 * np.eye(3), np.full((1, 3), 1 / 3)])
    mine, theirs = inner @ uv, np.einsum("pk,nkc->npc", inner, others)
    return not (_inside(mine[None], others).any() or _inside(theirs, uv[None]).any())


def _doubled_area(uv: Floats) -> Floats:
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _inside(points: Floats, triangles: Floats) -> NDArray[np.bool_]:
    """Which of the points `(N or 1, P, 2)` lie in the triangles `(N or 1, 3, 2)`, `(N, P)`."""
    sign = np.sign(_doubled_area(triangles))[:, None]
    inside = sign != 0
    for k in range(3):
        p, q = triangles[:, None, k], triangles[:, None, (k + 1) % 3]
        side = (q[..., 0] - p[..., 0]) * (points[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (
            points[..., 0] - p[..., 0]
        )
        inside = inside & (sign * side > 0)
    return inside
