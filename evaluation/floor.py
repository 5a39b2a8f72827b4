"""The tool's own floor: the error of a perfect clicker, who knows the true place and clicks it as exactly as can be.

On the view that shows it best the clicker hits the display pixel that the true place falls in, or the nearest one that
shows the part. What is left is the size of a pixel, and parts of the surface that no view shows well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface import cameras, raster, views

if TYPE_CHECKING:
    from surface.body import Body

DISPLAY = 512
"""Pixels of the square that a view is shown in."""

_AROUND = sorted(((i, j) for i in range(-3, 4) for j in range(-3, 4)), key=lambda d: d[0] ** 2 + d[1] ** 2)


def perfect_clicks(body: Body, face: ArrayLike, bary: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Where a perfect clicker puts surface points (face (N,), bary (N,3)): the same; face -1 where no view shows it."""
    f, b = np.atleast_1d(np.asarray(face, np.int32)), np.atleast_2d(np.asarray(bary, np.float64))
    out_face, out_bary = np.full(len(f), -1, np.int32), np.zeros((len(f), 3))
    part = body.face_part[f]
    for label in np.unique(part):
        own = np.flatnonzero(part == label)
        best, _ = views.best_view(body, int(label), f[own], b[own])
        for index in np.unique(best[best >= 0]):
            rows = own[best == index]
            view = views.views(body, int(label))[index]
            out_face[rows], out_bary[rows] = _click(body, view, f[rows], b[rows])
    return out_face, out_bary


def _click(body: Body, view: cameras.View, face: Any, bary: Any) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The points shown at the display pixels nearest to the given ones that show the part; face -1 beyond 3 pixels."""
    at, _ = view.camera(body.position(face, bary), DISPLAY)
    xy, depth = view.camera(body.vertices, DISPLAY)
    mine = cameras.meshes(body, view.part)[0]
    out_face, out_bary = np.full(len(face), -1, np.int32), np.zeros((len(face), 3))
    todo = np.arange(len(face))
    for i, j in _AROUND:
        if not len(todo):
            break
        pixel = np.floor(at[todo]) + np.array([i + 0.5, j + 0.5])
        inside = ((pixel >= 0) & (pixel <= DISPLAY)).all(axis=1)
        found, weights, _ = raster.cast(xy, depth, body.faces[mine], pixel[:, 0], pixel[:, 1])
        hit = inside & (found >= 0)
        hit[hit] = cameras.facing(body, view, mine[found[hit]]) > 0
        out_face[todo[hit]], out_bary[todo[hit]] = mine[found[hit]], weights[hit]
        todo = todo[~hit]
    return out_face, out_bary
