"""How labels, keypoints and surface points look in the mirror: the person's left becomes the right.

A body's own mirror map is exact. The reference's tables (UV_symmetry_transforms.mat, Güler et al., CVPR 2018) give U
and V of 256 x 256 places a chart, and serve where there are charts and no body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from export.coco import KEYPOINT_NAMES
from export.densepose_parts import COARSE_MIRROR, FINE_COUNT, FINE_MIRROR
from export.on_body import has_charts
from model import vertices
from model.data.points import Points
from surface.body import Body

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_CELLS = 256


class Mirror(Protocol):
    """What mirrors an image's truth."""

    @property
    def parts(self) -> Bytes:
        """(P + 1,) the mirrored coarse label, 0 is background."""

    @property
    def keypoints(self) -> Ints:
        """(K,) the keypoint that each becomes."""

    def points(self, points: Points) -> Points:
        """The mirrored surface points; where they are in the image is left to the caller.

        :raises ValueError: they cannot be mirrored.
        """


@dataclass(frozen=True, eq=False)
class BodyMirror:
    """The mirror of a symmetric body."""

    body: Body

    @property
    def parts(self) -> Bytes:
        """(P + 1,) coarse labels."""
        return self.body.part_mirror

    @cached_property
    def keypoints(self) -> Ints:
        """(K,) keypoints."""
        return mirrored_names(self.body.keypoint_names)

    @cached_property
    def vertices(self) -> Ints:
        """(V,) the vertex of each vertex's mirror image; the nearest corner where its triangles are not symmetric."""
        return vertices.of_points(self.body, *self.body.mirror(*vertices.points(self.body)))

    def points(self, points: Points) -> Points:
        """The mirrored points, exact. A vertex that an annotator chose becomes a vertex."""
        if points.face is None or points.bary is None:
            raise ValueError("points that are not on a body have no mirror image on it")
        face, bary = self.body.mirror(points.face, points.bary)
        chart, u, v = self.body.to_iuv(face, bary)
        return replace(
            points,
            chart=chart.astype(np.int64),
            uv=np.stack([u, v], axis=1).astype(np.float32),
            vertex=self.vertices[points.vertex],
            face=face,
            bary=bary,
        )


@dataclass(frozen=True, eq=False)
class TableMirror:
    """The mirror of DensePose's charts by the reference's tables.

    :param u, v: (24, 256, 256) the mirrored U and V by chart and, rounded down, 255 V and 255 U.
    :param names: of the keypoints.
    """

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    names: tuple[str, ...] = KEYPOINT_NAMES

    @property
    def parts(self) -> Bytes:
        """(15,) coarse labels."""
        return np.array(COARSE_MIRROR, np.uint8)

    @cached_property
    def keypoints(self) -> Ints:
        """(K,) keypoints."""
        return mirrored_names(self.names)

    def points(self, points: Points) -> Points:
        """The mirrored points as the reference's trainer has them; their vertices are not known."""
        if (points.chart < 1).any() or (points.chart > FINE_COUNT).any():
            raise ValueError(f"the symmetry tables know charts 1..{FINE_COUNT} alone, and no vertices")
        old = points.chart - 1
        column, row = (points.uv.astype(np.float64) * (_CELLS - 1)).astype(np.int64).T
        uv = np.stack([self.u[old, row, column], self.v[old, row, column]], axis=1)
        chart = np.array(FINE_MIRROR, np.int64)[points.chart]
        vertex = np.full_like(points.vertex, -1)
        return replace(points, chart=chart, uv=uv.clip(0, 1).astype(np.float32), vertex=vertex, face=None, bary=None)


def read_table(path: str | Path) -> TableMirror:
    """The mirror of a file UV_symmetry_transforms.mat.

    :raises ValueError: naming the file, when it cannot be read or is none.
    """
    name = Path(path).name
    try:
        found = loadmat(path)
        u, v = (np.stack([np.asarray(cell, np.float64) for cell in found[f"{x}_transforms"].ravel()]) for x in "UV")
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        raise ValueError(f"{name}: is no table of symmetries ({error})") from error
    wanted = (FINE_COUNT, _CELLS, _CELLS)
    if u.shape != wanted or v.shape != wanted or not (np.isfinite(u).all() and np.isfinite(v).all()):
        raise ValueError(f"{name}: its tables have shapes {u.shape} and {v.shape}, not {wanted}, or are not finite")
    return TableMirror(u, v)


def mirror_of(body: Body | None, symmetry: str | Path | None) -> Mirror | None:
    """The mirror of a file of tables where one is named, else of the body; None without, or for a body that is not
    symmetric.

    :raises ValueError: naming the file, when it cannot be read or the body has other charts than it is of.
    """
    if symmetry is not None:
        table = read_table(symmetry)
        if body is not None and not has_charts(body):
            raise ValueError(f"{Path(symmetry).name}: is of DensePose's 24 charts, and body {body.name!r} has others")
        return table if body is None else replace(table, names=body.keypoint_names)
    return BodyMirror(body) if body is not None and body.symmetric else None


def mirrored_names(names: tuple[str, ...]) -> Ints:
    """(K,) the place of each name's counterpart, with left for right; its own place where it has none."""
    place = {name: k for k, name in enumerate(names)}
    swapped = (name.replace("left", "\0").replace("right", "left").replace("\0", "right") for name in names)
    return np.array([place.get(other, k) for k, other in enumerate(swapped)], np.int64)
