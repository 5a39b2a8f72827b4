"""Opening a closed end (a hand, a foot) as a book: cut along the seam between its two sides, but for one hinge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surface.topology import boundary_loops

Ints = NDArray[np.int64]


def seam(faces: Ints, side: NDArray[np.bool_]) -> Ints:
    """The vertices between the two sides of a disk, in order, from its boundary to its boundary.

    Args:
        faces: `(F, 3)` a disk.
        side: `(F,)` true on one side; both are disks.

    Raises:
        ValueError: if a side is no disk, or the sides meet along more than one path.
    """
    (loop, *more), (other, *others) = boundary_loops(faces[side]), boundary_loops(faces[~side])
    if more or others:
        raise ValueError(f"the sides have {1 + len(more)} and {1 + len(others)} boundaries, expected one each")
    edges = {frozenset(pair) for pair in zip(other.tolist(), np.roll(other, -1).tolist(), strict=True)}
    shared = np.array([frozenset(p) in edges for p in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)])
    begin = np.flatnonzero(shared & ~np.roll(shared, 1))
    if len(begin) != 1:
        raise ValueError(f"the two sides meet along {len(begin)} paths, expected one")
    return np.roll(loop, -begin[0])[: shared.sum() + 1]


def open_book(faces: Ints, side: NDArray[np.bool_], path: Ints, hinge: int) -> tuple[Ints, Ints]:
    """Cuts a disk along `path[: hinge + 1]`; from `path[hinge]` on it stays joined.

    Args:
        faces: `(F, 3)` over the vertices 0..V-1.
        side: `(F,)` true on one side.
        path: the seam, the cut end first.
        hinge: index in the path where the hinge begins.

    Returns:
        origin: `(V + hinge,)` the vertex that each vertex of the opened disk comes from.
        faces: `(F, 3)` over them.
    """
    count = int(faces.max()) + 1
    twin = np.arange(count)
    twin[path[:hinge]] = count + np.arange(hinge)
    return np.concatenate([np.arange(count), path[:hinge]]), np.where(side[:, None], faces, twin[faces])
