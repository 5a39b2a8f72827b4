"""Fingers and toes found by shape alone, so that bodies whose rigs end at the wrist have them, too.

A digit is a peak of the distance from the wrist (or ankle) along the surface: the superlevel sets of that distance are
followed downwards, and where two meet, the lower peak ends (0-dimensional persistence; Edelsbrunner, Letscher and
Zomorodian, "Topological persistence and simplification", 2002). The five most persistent peaks are the digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from surface.topology import vertex_adjacency

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENDS = ("left_wrist", "right_wrist", "left_ankle", "right_ankle")
_OTHER = {"left_ankle": "right_ankle", "right_ankle": "left_ankle"}
# Lower peaks than these, in shares of the largest distance, are bumps and no digits.
_LEAST = {"wrist": 0.08, "ankle": 0.015}
# Peaks nearer to the wrist than this, in shares of the largest distance, are no digits.
_FAR = 0.55
# A digit with fewer vertices than this share of the median digit's is a bump on another one.
_SMALL = 0.2
# A thumb begins this many times as far from the long fingers as the little finger does; on the default body 2.3.
_APART = 1.4


@dataclass(frozen=True)
class Digits:
    """The five digits of a hand or foot, thumb (or big toe) first.

    Attributes:
        tips: (5,) vertices.
        member: (V,) 0 for vertices of no digit, 1..5 for those of a digit, beyond the fork to the next one.
    """

    tips: Ints
    member: NDArray[np.int8]


def region(body: Body, joint: str) -> NDArray[np.bool_]:
    """Vertices (V,) that a joint and everything below it move more than the rest of the body does."""
    rig = body.rig
    assert rig is not None
    root, below = rig.joint_names.index(joint), set()
    for j, parent in enumerate(rig.parents):
        if j == root or parent in below:
            below.add(j)
    return np.asarray(rig.weights[:, sorted(below)].sum(axis=1)).reshape(-1) > 0.5


def _joint(body: Body, name: str) -> Floats:
    assert body.rig is not None
    return np.asarray(body.rig.J_regressor @ body.vertices)[body.rig.joint_names.index(name)]


def digits(body: Body, joint: str) -> Digits | None:
    """The digits of the hand or foot below a joint; None where there are not five."""
    inside = np.flatnonzero(region(body, joint))
    if len(inside) < 20:
        return None
    whole = vertex_adjacency(np.asarray(body.vertices), body.faces.astype(np.int64))
    graph = whole[inside][:, inside]
    border = np.flatnonzero(np.diff(whole[inside].indptr) > np.diff(graph.indptr))
    if not len(border):
        return None
    height = dijkstra(graph, directed=False, indices=border, min_only=True)
    least = _LEAST["wrist" if "wrist" in joint else "ankle"] * height[np.isfinite(height)].max()
    found = _peaks(graph, height, least)
    if found is None:
        return None
    peak, label = found
    size = np.bincount(label[label >= 0], minlength=5)
    if size.min() < _SMALL * np.median(size):
        return None
    member = np.zeros(len(body.vertices), np.int8)
    at = body.vertices[inside]
    if "wrist" in joint:
        order = _fingers(np.stack([_root(at, height, label == n) for n in range(5)]), height[peak])
    else:
        order = _row(at[peak], _joint(body, _OTHER[joint]))
    if order is None:
        return None
    rank = np.empty(5, np.int8)
    rank[order] = np.arange(1, 6)
    member[inside] = np.where(label >= 0, rank[label.clip(0)], 0)
    return Digits(inside[peak[order]], member)


def _peaks(graph: Any, height: Floats, least: float) -> tuple[Ints, Ints] | None:
    """The five most persistent peaks (5,), and which of them each vertex (N,) belongs to, -1 for none."""
    owner, merges = _merges(graph, height)
    top = int(np.argmax(np.where(np.isfinite(height), height, -1)))
    lasts = {top: np.inf} | {low: height[low] - level for low, _, level in merges}
    # The heel is a peak, too, but not a far one.
    far = [peak for peak in lasts if height[peak] > _FAR * height[top]]
    best = sorted(far, key=lambda peak: (-lasts[peak], peak))[:5]
    if len(best) < 5 or lasts[best[4]] < least:
        return None
    fork: dict[int, float] = {}
    into = {peak: peak for peak in best}
    for low, high, level in merges:
        if low in best:
            fork.setdefault(low, level)
            fork.setdefault(high, level)
    fork |= {peak: 0.0 for peak in best if peak not in fork}
    for low, high, level in reversed(merges):  # a bump on a digit is that digit's
        if low not in best and into.get(high, -1) >= 0 and level > fork[into[high]]:
            into[low] = into[high]
    label = np.array([into.get(peak, -1) for peak in owner.tolist()])
    inside = (label >= 0) & (height > np.array([fork.get(peak, np.inf) for peak in label.tolist()]))
    rank = {peak: n for n, peak in enumerate(best)}
    named = np.array([rank[peak] if ok else -1 for peak, ok in zip(label.tolist(), inside.tolist(), strict=True)])
    return np.array(best), named


def _merges(graph: Any, height: Floats) -> tuple[Ints, list[tuple[int, int, float]]]:
    """Each vertex's peak (N,) when the sinking level reaches it, and in order the lower peak, the higher, the level."""
    rows, columns = graph.indptr, graph.indices
    parent = np.full(len(height), -1)
    owner, merges = parent.copy(), []

    def find(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = int(parent[x])
        return x

    for v in np.argsort(-height, kind="stable").tolist():
        if not np.isfinite(height[v]):
            continue
        parent[v] = v
        for n in columns[rows[v] : rows[v + 1]].tolist():
            if parent[n] >= 0 and (a := find(v)) != (b := find(n)):
                high, low = (a, b) if (height[a], -a) > (height[b], -b) else (b, a)
                parent[low] = high  # a root is always its component's highest peak
                if low != v:
                    merges.append((low, high, float(height[v])))
        owner[v] = find(v)
    return owner, merges


def _root(at: Floats, height: Floats, own: NDArray[np.bool_]) -> Floats:
    """Where a digit begins: the mean of the fifth of its vertices that is nearest to the wrist."""
    return at[own][height[own] <= np.quantile(height[own], 0.2)].mean(axis=0)


def _fingers(roots: Floats, heights: Floats) -> Ints | None:
    """Thumb first, then the row of knuckles from its side; None where no thumb stands apart.

    Thumb and little finger end nearest to the wrist; of the two, the thumb begins far from the other fingers.
    """
    by_height = np.argsort(heights, kind="stable")
    ends, long = by_height[:2], by_height[2:]
    gaps = np.linalg.norm(roots[ends][:, None] - roots[long], axis=2).min(axis=1)
    if gaps.max() < _APART * gaps.min():
        return None
    thumb = ends[int(np.argmax(gaps))]
    others = np.delete(np.arange(5), thumb)
    return np.concatenate([[thumb], others[_row(roots[others], roots[thumb])]])


def _row(points: Floats, beside: Floats) -> Ints:
    """The order of points (N,3) along their row, from the end that is nearer to a place (3,)."""
    along = np.linalg.svd(points - points.mean(axis=0))[2][0]
    order = np.argsort(points @ along, kind="stable")
    ends = np.linalg.norm(points[order[[0, -1]]] - beside, axis=1)
    return order if ends[0] < ends[1] else order[::-1]
