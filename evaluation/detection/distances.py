"""Geodesic distances between surface points given as I,U,V: of the reference's files or of a body."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]


class SurfaceDistances(Protocol):
    """A surface with charts 1..``charts`` and distances between its points. What ``locate`` returns is opaque: a
    sequence of points that takes rows by an array of indices."""

    name: str
    charts: int

    def locate(self, I: NDArray[Any], U: Floats, V: Floats) -> Any:
        """Points (N,) of I (N,) in 1..charts, U (N,), V (N,)."""
        ...

    def locate_bytes(self, I: NDArray[np.uint8], U: NDArray[np.uint8], V: NDArray[np.uint8]) -> Any:
        """The same of predictions, whose U and V are bytes: 0..255 for 0..1."""
        ...

    def between(self, a: Any, b: Any) -> Floats:
        """Distances (N,) in metres between points a (N,) and b (N,)."""
        ...


def open_surface(folder: str | Path) -> SurfaceDistances:
    """The reference evaluator's own surface: SMPL_subdiv.mat, SMPL_SUBDIV_TRANSFORM.mat and Pdist_matrix.pkl (or .mat or
    .h5) in a folder. The table of distances is mapped into memory, not read.

    Raises:
        ValueError: a file is damaged, or not what its name says, or wants to run code; the message names it.
        OSError: a file is missing or cannot be read.
    """
    raise NotImplementedError


def of_body(body: Body, nearest_vertex: bool = False, folder: str | Path | None = None) -> SurfaceDistances:
    """A body of ours: exact geodesics between surface points, through its geodesic table.

    Args:
        body: the body.
        nearest_vertex: move every point to the vertex nearest in U,V first, as the reference evaluator does.
        folder: where the table is; the cache folder if not given.

    Raises:
        ValueError: there is no geodesic table of the body (``densemark body geodesics`` builds it), or it is damaged.
    """
    raise NotImplementedError
