"""The order in which an annotator works on a body's parts: neighbours follow each other, from the top down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surface.topology import edge_faces

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]


def part_order(body: Body) -> tuple[int, ...]:
    """All coarse parts 1..P, each once, so that a part follows one it borders on wherever that can be.

    The parts hang together in the tree of the longest common borders, whose root is the topmost part (the highest
    centroid). It is walked from the root down, of branches the higher first and of mirrored ones the person's right:
    a human body goes from the head to the torso, along each arm to the hand, then along each leg to the foot. Pieces
    that touch nothing follow, the topmost first.
    """
    centres = _centres(body)
    # Two mirrored parts count as equally high, whatever the last bits of their vertices say.
    height = (centres[:, 1] + centres[body.part_mirror[1:].astype(np.int64) - 1, 1]) / 2
    rank = np.argsort(np.lexsort((centres[:, 0], -height)))  # 0 is the topmost
    branches = _tree(_borders(body), rank)
    order: list[int] = []
    todo = sorted(
        set(range(len(rank))) - {child for children in branches for child in children}, key=lambda p: -rank[p]
    )
    while todo:
        part = todo.pop()
        order.append(part + 1)
        todo += sorted(branches[part], key=lambda p: -rank[p])
    return tuple(order)


def _centres(body: Body) -> Floats:
    """Centroids (P,3) of the parts' surfaces; a part without surface lies at the origin."""
    part = body.face_part.astype(np.int64) - 1
    middle = body.vertices[body.faces].mean(axis=1)
    count = len(body.part_names)
    total = np.bincount(part, body.face_area, minlength=count)
    sums = [np.bincount(part, body.face_area * middle[:, axis], minlength=count) for axis in range(3)]
    return np.stack(sums, axis=1) / np.where(total > 0, total, 1.0)[:, None]


def _borders(body: Body) -> Floats:
    """Symmetric (P,P) matrix: metres of border that two parts share."""
    edges, sides = edge_faces(body.faces.astype(np.int64))
    part = body.face_part.astype(np.int64)[sides] - 1
    length = np.linalg.norm(body.vertices[edges[:, 0]] - body.vertices[edges[:, 1]], axis=1)
    border = np.zeros((len(body.part_names),) * 2)
    np.add.at(border, (part[:, 0], part[:, 1]), length)
    border += border.T
    np.fill_diagonal(border, 0.0)
    return border


def _tree(border: Floats, rank: NDArray[np.int64]) -> list[list[int]]:
    """The children of each part in the spanning trees of the longest borders (Prim 1957), rooted at the topmost."""
    children: list[list[int]] = [[] for _ in rank]
    left = sorted(range(len(rank)), key=lambda part: rank[part])
    while left:
        inside = [left.pop(0)]
        while left:
            reach = border[np.ix_(inside, left)]
            if reach.max() <= 0:
                break
            row, column = np.unravel_index(int(reach.argmax()), reach.shape)
            children[inside[row]].append(left[column])
            inside.append(left.pop(int(column)))
    return children
