"""Reading a body file: every array checked, every complaint names the file and the key."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from surface.rig import Rig
from surface.surfacemap import SurfaceMap

FORMAT = 1
SPARSE = ("data", "indices", "indptr")
MOST_BYTES = 2**31
"""Most that a body file may unpack to. A million triangles of any rig known here take a tenth of it."""
MOST_CHARTS = 255
"""Most charts, and most parts: their numbers are bytes, and 0 is the background."""


def load(path: str | Path) -> dict[str, NDArray[Any]]:
    """The arrays of a body file (.npz); nothing in it is executed.

    Raises:
        OSError: there is no such file, or it may not be read.
        ValueError: it is no archive of plain arrays, is damaged, or unpacks to over ``MOST_BYTES``.
    """
    try:
        with zipfile.ZipFile(path) as file:
            # What a file is said to unpack to is also the most that is read of it.
            total = sum(entry.file_size for entry in file.infolist())
            if total > MOST_BYTES:
                raise ValueError(f"it unpacks to {total:,} bytes; at most {MOST_BYTES:,} are read")
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except Exception as error:  # damage shows itself in dozens of ways, from zlib's error to tokenize's
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise ValueError(f"{path}: not a body file ({error or type(error).__name__})") from error


def read(arrays: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The fields of a Body, from the arrays of a body file.

    Raises:
        ValueError: a key is missing, or a shape, a type or an index is wrong; the message names source and key.
    """
    return _Reader(arrays, source).body()


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The array, contiguous and read-only."""
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class _Reader:
    """Reads and checks the arrays of a body file; every complaint names the source and the key."""

    arrays: Mapping[str, Any]
    source: str

    def fail(self, message: str) -> ValueError:
        return ValueError(f"{self.source}: {message}")

    def raw(self, key: str) -> NDArray[Any]:
        if key not in self.arrays:
            raise self.fail(f"not a body file: {key!r} is missing")
        return np.asarray(self.arrays[key])

    def array(self, key: str, shape: tuple[int | None, ...], dtype: Any) -> Any:
        value = self.raw(key)
        if value.dtype.kind not in "iufb" or value.ndim != len(shape):
            raise self.fail(f"{key} is {value.dtype} of shape {value.shape}; expected numbers of {len(shape)} axes")
        if any(want is not None and want != got for want, got in zip(shape, value.shape, strict=True)):
            raise self.fail(f"{key} has shape {value.shape}; expected {shape}")
        if not np.isfinite(value).all():
            raise self.fail(f"{key} holds a value that is not finite")
        out = np.array(value, dtype=dtype)
        if not np.array_equal(out, value) and np.dtype(dtype).kind in "iu":
            raise self.fail(f"{key} does not fit {np.dtype(dtype)}")
        return frozen(out)

    def index(self, key: str, shape: tuple[int | None, ...], dtype: Any, low: int, high: int) -> Any:
        value = self.array(key, shape, dtype)
        bad = np.argwhere((value < low) | (value > high))
        if len(bad):
            at = tuple(bad[0].tolist())
            raise self.fail(f"{key}[{', '.join(map(str, at))}] is {value[at]}; expected {low}..{high}")
        return value

    def names(self, key: str, count: int | None = None) -> tuple[str, ...]:
        value = self.raw(key)
        if value.dtype.kind != "U" or value.ndim != 1 or (count is not None and len(value) != count):
            raise self.fail(f"{key} must be {'a list of' if count is None else count} names")
        return tuple(str(name) for name in value)

    def sparse(self, key: str, shape: tuple[int, int]) -> csr_array:
        data, indices, indptr = (
            self.array(f"{key}_data", (None,), np.float64),
            self.index(f"{key}_indices", (None,), np.int32, 0, shape[1] - 1),
            self.array(f"{key}_indptr", (shape[0] + 1,), np.int32),
        )
        if indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any() or len(indices) != len(data):
            raise self.fail(f"{key} is not a compressed sparse row matrix of shape {shape}")
        return csr_array((data, indices, indptr), shape=shape)

    def body(self) -> dict[str, Any]:
        stated = self.raw("format")
        version = int(stated) if stated.ndim == 0 and stated.dtype.kind in "iu" else -1
        if version != FORMAT:
            raise self.fail(f"body file format {version}; this version reads format {FORMAT}")
        vertices = self.array("vertices", (None, 3), np.float64)
        v = len(vertices)
        faces = self.index("faces", (None, 3), np.int32, 0, v - 1)
        f = len(faces)
        chart_names, part_names = self.names("chart_names"), self.names("part_names")
        c, p = len(chart_names), len(part_names)
        for count, what in ((c, "chart_names"), (p, "part_names")):
            if not 1 <= count <= MOST_CHARTS:
                raise self.fail(f"{what} holds {count} names; expected 1..{MOST_CHARTS}")
        keypoint_names = self.names("keypoint_names")
        return {
            "name": str(self.raw("name")),
            "vertices": vertices,
            "faces": faces,
            "face_chart": self.index("face_chart", (f,), np.uint8, 1, c),
            "face_uv": self.index("face_uv", (f, 3, 2), np.float64, 0, 1),
            "chart_names": chart_names,
            "chart_part": self.index("chart_part", (c,), np.uint8, 1, p),
            "part_names": part_names,
            "part_mirror": self.index("part_mirror", (p + 1,), np.uint8, 0, p),
            "chart_mirror": self.index("chart_mirror", (c + 1,), np.uint8, 0, c),
            "keypoint_names": keypoint_names,
            "keypoint_regressor": self.sparse("keypoint_regressor", (len(keypoint_names), v)),
            "rig": self.rig(vertices) if "shapedirs" in self.arrays else None,
            **self.mirror(v, f),
            "part_colours": self.index("part_colours", (p, 3), np.uint8, 0, 255)
            if "part_colours" in self.arrays
            else None,
            "charts_from": self.origin() if "charts_from" in self.arrays else None,
        }

    def origin(self) -> str:
        value = self.raw("charts_from")
        if value.shape != () or str(value) != "file":
            raise self.fail("charts_from must be 'file'")
        return "file"

    def mirror(self, v: int, f: int) -> dict[str, Any]:
        """The exact mirror of the triangles, or a map of the surface onto itself, or neither."""
        out: dict[str, Any] = {}
        if "mirror_face" in self.arrays or "mirror_corner" in self.arrays:
            corners = self.index("mirror_corner", (f, 3), np.uint8, 0, 2)
            if f and (np.sort(corners, axis=1) != [0, 1, 2]).any():
                raise self.fail("mirror_corner must hold a permutation of 0, 1, 2 for each face")
            out = {"mirror_face": self.index("mirror_face", (f,), np.int32, 0, f - 1), "mirror_corner": corners}
        if "mirror_map_face" in self.arrays or "mirror_map_bary" in self.arrays:
            if out:
                raise self.fail("a body has mirror_face or mirror_map_face, not both")
            bary = self.array("mirror_map_bary", (v, 3), np.float64)
            bad = np.flatnonzero((bary < -1e-6).any(axis=1) | (np.abs(bary.sum(axis=1) - 1) > 1e-6))
            if len(bad):
                raise self.fail(f"mirror_map_bary[{bad[0]}] is {bary[bad[0]].tolist()}; expected weights that sum to 1")
            out = {"mirror_map": SurfaceMap(self.index("mirror_map_face", (v,), np.int32, 0, f - 1), bary)}
        return out

    def rig(self, vertices: NDArray[np.float64]) -> Rig:
        v, joints, shapes = len(vertices), self.names("joint_names"), self.names("shape_names")
        own = "v_template" in self.arrays
        tree = self.array("kintree_table", (2, len(joints)), np.int64)
        late = [j for j, parent in enumerate(tree[0]) if j and not 0 <= parent < j]
        if late:
            raise self.fail(f"kintree_table: joint {late[0]} must have a parent that comes before it")
        return Rig(
            v_template=self.array("v_template", (v, 3), np.float64) if own else vertices,
            shapedirs=self.array("shapedirs", (v, 3, len(shapes)), np.float32),
            J_regressor=self.sparse("J_regressor", (len(joints), v)),
            weights=self.sparse("weights", (v, len(joints))),
            kintree_table=tree,
            joint_names=joints,
            shape_names=shapes,
            posedirs=self.array("posedirs", (v, 3, 9 * (len(joints) - 1)), np.float32)
            if "posedirs" in self.arrays
            else None,
        )
