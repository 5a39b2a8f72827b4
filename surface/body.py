"""The body: a reference surface with charts, parts, a mirror map and a rig, immutable and named by a content hash.

A surface point is a face index and barycentric coordinates; its chart form is I,U,V (Güler et al., "DensePose",
CVPR 2018). Axes: metres, y up, the person faces +z, the person's left is +x. Left and right are the person's own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from surface import bodyfile
from surface.bodyfile import frozen
from surface.rig import Rig
from surface.surfacemap import SurfaceMap

if TYPE_CHECKING:
    from surface.lookup import ChartLookup

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Body:
    """A reference surface of V vertices, F faces, C charts and P coarse parts. All arrays are read-only.

    Attributes:
        name: the body's name.
        vertices: (V,3) metres, rest pose.
        faces: (F,3) vertex indices, counter-clockwise seen from outside.
        face_chart: (F,) chart 1..C of each face.
        face_uv: (F,3,2) U,V in [0,1] of each corner.
        chart_names: C names.
        chart_part: (C,) coarse part 1..P of each chart.
        part_names: P names.
        part_mirror: (P+1,) mirrored coarse label, 0 is background.
        chart_mirror: (C+1,) mirrored chart, 0 is background.
        mirror_face: (F,) the mirrored face, or None where the triangles are not mirror images of each other.
        mirror_corner: (F,3) the corner of the mirrored face that corner k becomes, or None.
        mirror_map: the body's map onto itself where it is symmetric but its triangles are not, or None.
        keypoint_names: K names (COCO's 17 for the default body).
        keypoint_regressor: (K,V) sparse; keypoints are ``keypoint_regressor @ vertices``.
        part_colours: (P,3) sRGB of each part, or None; ``colours`` always has some.
        rig: the rig, or None.
        charts_from: "file" where the charts were brought by a file rather than made here, else None.
    """

    name: str
    vertices: Floats
    faces: Ints
    face_chart: Bytes
    face_uv: Floats
    chart_names: tuple[str, ...]
    chart_part: Bytes
    part_names: tuple[str, ...]
    part_mirror: Bytes
    chart_mirror: Bytes
    keypoint_names: tuple[str, ...]
    keypoint_regressor: csr_array
    mirror_face: Ints | None = None
    mirror_corner: Bytes | None = None
    mirror_map: SurfaceMap | None = None
    part_colours: Bytes | None = None
    rig: Rig | None = None
    charts_from: str | None = None

    # ------------------------------------------------------------------ files

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], source: str = "body") -> Self:
        """Make a body of the arrays of a body file (see ``arrays``).

        Raises:
            ValueError: a key is missing, a shape or an index is wrong; the message names it.
        """
        return cls(**bodyfile.read(arrays, source))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a body file (.npz). Raises ValueError when it is no body file, OSError when it cannot be read."""
        return cls.from_arrays(bodyfile.load(path), str(path))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The body as the plain arrays of its file: no objects, sparse matrices as CSR triples, nothing for None."""
        out: dict[str, Any] = {"format": np.int64(bodyfile.FORMAT)}
        for field in fields(self):
            if field.name != "rig":
                _flatten(out, field.name, getattr(self, field.name))
        if self.rig is not None:
            for field in fields(self.rig):
                value = getattr(self.rig, field.name)
                if field.name != "v_template" or not np.array_equal(value, self.vertices):
                    _flatten(out, field.name, value)
        return {key: np.asarray(value) for key, value in out.items() if value is not None}

    def save(self, path: str | Path) -> None:
        """Write the body file (.npz), whole or not at all."""
        path = Path(path)
        temporary = path.with_name(path.name + ".part")
        with temporary.open("wb") as file:
            arrays: dict[str, Any] = self.arrays()
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over the content: every array's key, type, shape and little-endian bytes, by key."""
        digest = hashlib.sha256()
        for key, value in sorted(self.arrays().items()):
            array = np.ascontiguousarray(value)
            array = array.astype(array.dtype.newbyteorder("<"), copy=False)
            digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    # ------------------------------------------------------------------ surface points

    def position(self, face: ArrayLike, bary: ArrayLike, vertices: ArrayLike | None = None) -> Floats:
        """Positions (N,3) in metres of surface points, on the body or on other ``vertices`` (V,3) of its mesh."""
        f, b = self._points(face, bary)
        v = self.vertices if vertices is None else np.asarray(vertices, dtype=np.float64)
        return np.einsum("nk,nkc->nc", b, v[self.faces[f]])

    def to_iuv(self, face: ArrayLike, bary: ArrayLike) -> tuple[Bytes, Floats, Floats]:
        """Chart form of surface points: I (N,) in 1..C, U (N,), V (N,) in [0,1]."""
        f, b = self._points(face, bary)
        uv = np.clip(np.einsum("nk,nkc->nc", b, self.face_uv[f]), 0.0, 1.0)
        return self.face_chart[f], uv[:, 0], uv[:, 1]

    def from_iuv(self, I: ArrayLike, U: ArrayLike, V: ArrayLike) -> tuple[Ints, Floats]:
        """Surface points (face (N,), bary (N,3)) of I,U,V; outside the chart's image its nearest point (in U,V).

        Raises:
            ValueError: shapes differ, I is not in 1..C, or U or V is not finite.
        """
        i = np.atleast_1d(np.asarray(I))
        u, v = (np.atleast_1d(np.asarray(a, dtype=np.float64)) for a in (U, V))
        if not (i.shape == u.shape == v.shape and i.ndim == 1):
            raise ValueError(f"I, U, V have shapes {i.shape}, {u.shape}, {v.shape}; they must be equal and flat")
        charts = len(self.chart_names)
        _require((i >= 1) & (i <= charts) & (i == np.floor(i)), f"I must be a whole number in 1..{charts}", i)
        _require(np.isfinite(u) & np.isfinite(v), "U and V must be finite", np.stack([u, v], axis=-1))
        return self._lookup.find(i.astype(np.uint8), u, v)

    def nearest(self, xyz: ArrayLike) -> tuple[Ints, Floats, Floats]:
        """The nearest surface points to positions (N,3): face (N,), bary (N,3), distance (N,) in metres."""
        p = np.atleast_2d(np.asarray(xyz, dtype=np.float64))
        if p.ndim != 2 or p.shape[1] != 3:
            raise ValueError(f"positions have shape {p.shape}; they must be (N, 3)")
        _require(np.asarray(np.isfinite(p).all(axis=1)), "positions must be finite", p)
        vertices, faces, tree = self._tree
        squared, face, closest = tree.squared_distance(vertices, faces, np.ascontiguousarray(p))
        face = np.asarray(face).reshape(-1).astype(np.int32)
        bary = barycentric(np.asarray(closest).reshape(-1, 3), self.vertices[self.faces[face]])
        return face, bary, np.sqrt(np.asarray(squared).reshape(-1))

    def mirror(self, face: ArrayLike, bary: ArrayLike) -> tuple[Ints, Floats]:
        """The mirrored surface points (face (N,), bary (N,3)): the person's left becomes the right.

        Raises:
            ValueError: the body has no mirror image of itself (see ``symmetric``).
        """
        f, b = self._points(face, bary)
        if self.mirror_map is not None:
            return self.mirror_map.apply(self, self, f, b)
        if self.mirror_face is None or self.mirror_corner is None:
            raise ValueError(f"body {self.name!r} is not symmetric: it has no mirror map")
        out = np.empty_like(b)
        np.put_along_axis(out, self.mirror_corner[f].astype(np.int64), b, axis=1)
        return self.mirror_face[f], out

    def part(self, face: ArrayLike) -> Bytes:
        """Coarse parts (N,) in 1..P of faces; 0 for face -1 (background)."""
        f = np.asarray(face)
        _require((f >= -1) & (f < len(self.faces)), f"faces must be in -1..{len(self.faces) - 1}", f)
        return np.where(f < 0, np.uint8(0), self.face_part[f]).astype(np.uint8)

    def geodesic(
        self,
        a: tuple[ArrayLike, ArrayLike],
        b: tuple[ArrayLike, ArrayLike],
        method: Literal["auto", "table", "exact"] = "auto",
        folder: str | Path | None = None,
    ) -> Floats:
        """Geodesic distances (N,) in metres between surface points a and b, each (face (N,), bary (N,3)).

        Infinite where no path leads. Tables are made by ``densemark body geodesics`` or ``surface.geodesic_build``.

        Args:
            a: one side.
            b: the other side.
            method: ``exact`` measures on the mesh; ``table`` reads the body's table; ``auto`` reads it if there is one.
            folder: where the table is; the cache folder if not given.

        Raises:
            ValueError: a point is none of the body's, the numbers of points differ, or there is no usable table.
        """
        from surface import geodesic, geodesic_table

        if method not in ("auto", "table", "exact"):
            raise ValueError(f"method is 'auto', 'table' or 'exact', not {method!r}")
        table = geodesic_table.find(self, None if folder is None else Path(folder)) if method != "exact" else None
        if table is not None:
            return table.distances(a, b)
        if method == "table":
            raise ValueError(f"no geodesic table of body {self.name!r}: `densemark body geodesics` builds it")
        return geodesic.pairs(self, self._points(*a), self._points(*b))

    # ------------------------------------------------------------------ derived, made once

    @property
    def symmetric(self) -> bool:
        """Whether the body is its own mirror image, so that ``mirror`` works."""
        return self.mirror_face is not None or self.mirror_map is not None

    @cached_property
    def colours(self) -> Bytes:
        """(P,3) sRGB of each coarse part: the body's own, else colours that stand apart from one another."""
        return frozen(palette(len(self.part_names))) if self.part_colours is None else self.part_colours

    @cached_property
    def face_part(self) -> Bytes:
        """(F,) coarse part 1..P of each face."""
        return frozen(self.chart_part[self.face_chart.astype(np.int64) - 1])

    @cached_property
    def face_area(self) -> Floats:
        """(F,) square metres."""
        a, b, c = np.moveaxis(self.vertices[self.faces], 1, 0)
        return frozen(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1))

    @cached_property
    def vertex_normals(self) -> Floats:
        """(V,3) outward unit normals of the rest pose, weighted by area."""
        return frozen(vertex_normals(self.vertices, self.faces))

    @cached_property
    def _lookup(self) -> ChartLookup:
        from surface.lookup import ChartLookup

        return ChartLookup.build(self.face_chart, self.face_uv, len(self.chart_names))

    @cached_property
    def _tree(self) -> tuple[Floats, NDArray[np.int64], Any]:
        import igl

        vertices, faces = np.array(self.vertices), self.faces.astype(np.int64)
        tree = igl.AABB()
        tree.init(vertices, faces)
        return vertices, faces, tree

    def _points(self, face: ArrayLike, bary: ArrayLike) -> tuple[Ints, Floats]:
        f, b = np.atleast_1d(np.asarray(face)), np.atleast_2d(np.asarray(bary, dtype=np.float64))
        if f.ndim != 1 or b.shape != (len(f), 3):
            raise ValueError(f"faces have shape {f.shape} and barycentrics {b.shape}; they must be (N,) and (N, 3)")
        if f.dtype.kind not in "iu":
            raise ValueError(f"faces must be integers, not {f.dtype}")
        _require((f >= 0) & (f < len(self.faces)), f"faces must be in 0..{len(self.faces) - 1}", f)
        good = np.isfinite(b).all(axis=1) & (b >= -1e-6).all(axis=1) & (np.abs(b.sum(axis=1) - 1) <= 1e-6)
        _require(good, "barycentrics must be finite, not negative, and sum to 1", b)
        return f.astype(np.int32, copy=False), b


def vertex_normals(vertices: Floats, faces: NDArray[Any]) -> Floats:
    """Outward unit normals (V,3) of a mesh, each face weighted by its area."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    normals = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(faces[:, corner], normals[:, axis], minlength=len(vertices))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return total / np.where(length > 0, length, 1.0)


def barycentric(points: Floats, triangles: Floats) -> Floats:
    """Barycentrics (N,3), clipped to the triangle, of points (N,D) in the planes of triangles (N,3,D)."""
    e1, e2, p = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0], points - triangles[:, 0]
    aa, ab, bb = (np.einsum("nd,nd->n", x, y) for x, y in ((e1, e1), (e1, e2), (e2, e2)))
    pa, pb = (np.einsum("nd,nd->n", p, y) for y in (e1, e2))
    det = aa * bb - ab * ab
    det = np.where(det > 0, det, 1.0)
    v, w = (bb * pa - ab * pb) / det, (aa * pb - ab * pa) / det
    bary = np.clip(np.stack([1 - v - w, v, w], axis=1), 0.0, 1.0)
    return bary / bary.sum(axis=1, keepdims=True)


def _require(good: NDArray[np.bool_], message: str, values: NDArray[Any]) -> None:
    if not good.all():
        at = int(np.argmin(good))
        raise ValueError(f"{message}: item {at} is {np.asarray(values)[at].tolist()}")


def palette(count: int) -> Bytes:
    """Colours (count,3) sRGB for parts without colours of their own: hues by the golden angle, three lightnesses."""
    n = np.arange(count)
    hue, light = n * 0.61803398875 % 1.0, np.array([0.62, 0.45, 0.78])[n % 3]
    wave = np.clip(np.abs((hue[:, None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    chroma = 0.62 * (1 - np.abs(2 * light - 1))
    return np.round(255 * (light[:, None] + (wave - 0.5) * chroma[:, None])).astype(np.uint8)


def _flatten(out: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(value, SurfaceMap):
        out.update({f"{key}_face": value.face, f"{key}_bary": value.bary})
    elif isinstance(value, csr_array):
        out.update({f"{key}_{part}": getattr(value, part) for part in bodyfile.SPARSE})
    elif isinstance(value, tuple):
        out[key] = np.array(value, dtype=np.str_)  # names, also where there are none
    else:
        out[key] = value
