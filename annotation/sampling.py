"""Where an annotator is asked: each part's pixels clustered by k-means into roughly equidistant points.

The protocol of DensePose (Güler et al., CVPR 2018, arXiv 1802.00434, section 2): at most 14 points a part, fewer on
small ones. Whatever decides a point is whole numbers or single IEEE operations in a fixed order (no BLAS, no fused or
reordered sums), and the random stream is a raw PCG64, so that the same mask and seed give the same points anywhere.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import ndimage

MAX_POINTS = 14
"""Most points of one part."""

FULL_SHARE = 0.09
"""Share of the person's visible area from which a part gets all 14 points; a thigh of a standing person has it."""

PIXELS_PER_POINT = 36
"""Least area a point needs, in pixels: points stay about six pixels apart, which a person can still tell apart."""

_RESTARTS = 12  # k-means runs per piece
_CELLS = 600  # blocks a piece is gathered into, about; a cluster of 14 then still has forty
_SLACK = 1.15  # a run may have this many times the least inertia and still win by evenness
_EVEN = 0.10  # variation of nearest distances above which the centres are evened out


class SampledPoint(NamedTuple):
    """A point to be marked: coarse part and the image position of a pixel centre, in pixels."""

    part: int
    x: float
    y: float


def point_count(part_area: int, person_area: int, most: int = MAX_POINTS) -> int:
    """Number of points of a part of ``part_area`` pixels on a person of ``person_area`` labelled pixels.

    ``min(14, round(14 sqrt(part_area / (0.09 person_area))), part_area // 36)``, at least 1 where the part has a pixel:
    a share of the body decides, as the square root because marks serve lengths on the surface, and small
    persons get fewer. Grows with the part and falls with the rest of the person. Never over ``most``.
    """
    if part_area <= 0:
        return 0
    by_share = math.floor(MAX_POINTS * math.sqrt(part_area / (FULL_SHARE * person_area)) + 0.5)
    return max(1, min(most, MAX_POINTS, by_share, part_area // PIXELS_PER_POINT))


def sample_points(
    label_map: np.ndarray, origin: tuple[int, int], seed: int, order: Sequence[int], most: int = MAX_POINTS
) -> list[SampledPoint]:
    """Points for an annotator to mark, in the order they are best marked in.

    :param label_map: (h, w) u8 coarse labels over a region of the image.
    :param origin: x0, y0 of the region's top left pixel.
    :param seed: any integer >= 0; the points of a part depend on the seed, its pixels and their number alone.
    :param order: the body's parts in the order they are marked in (``surface.order.part_order``).
    :param most: points of one part at most.
    :return: points by part in that order, within a part along a short path that starts near the last point.
    :raises ValueError: for a label map that is not two-dimensional u8, a label that is not in the order, or a negative
        seed.
    """
    if label_map.ndim != 2 or label_map.dtype != np.uint8:
        raise ValueError(f"a label map is (h, w) uint8, not {label_map.shape} {label_map.dtype}")
    if seed < 0:
        raise ValueError(f"seed {seed} is negative")
    boxes = ndimage.find_objects(label_map) if label_map.size else []
    strange = [label for label, box in enumerate(boxes, start=1) if box is not None and label not in order]
    if strange:
        raise ValueError(f"label {strange[0]} is none of the {len(order)} parts in the order")
    person_area = int(np.count_nonzero(label_map))
    points: list[SampledPoint] = []
    last = None
    for part in order:
        box = boxes[part - 1] if part <= len(boxes) else None
        if box is None:
            continue
        mask = label_map[box] == part
        count = point_count(int(np.count_nonzero(mask)), person_area, most)
        offset = np.array([origin[0] + box[1].start, origin[1] + box[0].start])
        pixels = sample_mask(mask, count, (seed, part)) + offset
        pixels = pixels[short_path(pixels, last)]
        last = pixels[-1]
        points += [SampledPoint(part, float(x) + 0.5, float(y) + 0.5) for x, y in pixels]
    return points


def sample_mask(mask: np.ndarray, count: int, seed: tuple[int, ...]) -> np.ndarray:
    """``count`` roughly equidistant pixels (count, 2) i64, columns x and y, of a mask (h, w).

    Pieces that do not touch share the points in proportion to their area (largest remainder).
    """
    pieces, number = ndimage.label(mask, structure=np.ones((3, 3), bool))
    areas = np.bincount(pieces.ravel(), minlength=number + 1)[1:]
    shares = _apportion(areas, count)
    stream = np.random.PCG64(seed)
    chosen = []
    for piece in np.flatnonzero(shares):
        y, x = np.nonzero(pieces == piece + 1)
        chosen.append(_spread(np.stack([x, y], axis=1), int(shares[piece]), stream))
    return np.concatenate(chosen)


def _apportion(areas: np.ndarray, count: int) -> np.ndarray:
    """Whole shares of ``count`` in proportion to areas, by largest remainder; the earlier piece wins a tie."""
    total = int(areas.sum())
    shares = areas * count // total
    remainders = areas * count % total
    shares[np.argsort(-remainders, kind="stable")[: count - int(shares.sum())]] += 1
    return shares


def _spread(pixels: np.ndarray, count: int, stream: np.random.PCG64) -> np.ndarray:
    """The most even of several k-means clusterings of pixels (N, 2), as pixels (count, 2)."""
    cells, weights, side = _cells(pixels)
    draws = stream.random_raw(_RESTARTS * count).reshape(_RESTARTS, count)
    runs = [_kmeans(cells, weights, draw) for draw in draws]
    tightest = min(inertia for _, inertia in runs)
    centres = min((c for c, inertia in runs if inertia <= _SLACK * tightest), key=nearest_variation)
    candidates = [_snap(centres, pixels)]
    if nearest_variation(candidates[0]) > _EVEN:
        candidates.append(_snap(_even_out(centres, cells, float(side)), pixels))
    return min(candidates, key=nearest_variation)


def _cells(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Centroids (M, 2) and pixel counts (M,) of the square blocks, about 600, of pixels (N, 2); the side of a block."""
    side = max(1, math.isqrt(len(pixels) // _CELLS))
    columns, rows = (pixels // side).T
    blocks = rows * (int(columns.max()) + 1) + columns
    counts = np.bincount(blocks)
    filled = np.flatnonzero(counts)
    weights = counts[filled].astype(np.float64)
    sums = [np.bincount(blocks, weights=pixels[:, axis])[filled] for axis in (0, 1)]  # whole numbers: exact
    return np.stack(sums, axis=1) / weights[:, None], weights, side


def nearest_variation(points: np.ndarray) -> float:
    """Standard deviation over mean of the distances of points (n, 2) to their nearest neighbours; 0 below three."""
    if len(points) < 3:
        return 0.0
    return float(_nearest_variation(points.astype(np.float64)))


@njit(cache=True)
def _nearest_variation(points: np.ndarray) -> float:
    _, distance, mean = _nearest(points)
    variance = 0.0
    for d in distance:
        variance += (d - mean) ** 2
    return np.sqrt(variance / len(points)) / mean


@njit(cache=True)
def _nearest(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Index (n,) and distance (n,) of each point's nearest neighbour, and the mean distance."""
    n = len(points)
    index = np.zeros(n, np.int64)
    distance = np.full(n, np.inf)
    total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                d = (points[i, 0] - points[j, 0]) ** 2 + (points[i, 1] - points[j, 1]) ** 2
                if d < distance[i]:
                    distance[i] = d
                    index[i] = j
        distance[i] = np.sqrt(distance[i])
        total += distance[i]
    return index, distance, total / n


@njit(cache=True)
def _even_out(centres: np.ndarray, cells: np.ndarray, side: float) -> np.ndarray:
    """Centres (k, 2) moved until their nearest distances vary least.

    Each point steps from (or towards) its nearest neighbour by a quarter of what its distance lacks (or exceeds) of
    the mean, stays within the piece, and within .35 mean distances of where k-means left it, which lies about half
    a distance inside the border. A few shapes need it, as three points in a 3:2 rectangle, where k-means
    gives two close ones and a far one.
    """
    best, least = centres, _nearest_variation(centres)
    leash = 0.35 * _nearest(centres)[2]
    points = centres.copy()
    for _ in range(60):
        index, distance, mean = _nearest(points)
        moved = points.copy()
        for i in range(len(points)):
            step = 0.25 * (mean - distance[i]) / distance[i]
            x = points[i, 0] + step * (points[i, 0] - points[index[i], 0])
            y = points[i, 1] + step * (points[i, 1] - points[index[i], 1])
            inside = False
            for c in range(len(cells)):
                if abs(cells[c, 0] - x) <= side and abs(cells[c, 1] - y) <= side:
                    inside = True
                    break
            if inside and (x - centres[i, 0]) ** 2 + (y - centres[i, 1]) ** 2 <= leash**2:
                moved[i, 0], moved[i, 1] = x, y
        points = moved
        variation = _nearest_variation(points)
        if variation < least:
            best, least = points, variation
    return best


@njit(cache=True)
def _kmeans(cells: np.ndarray, weights: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, float]:
    """Lloyd's algorithm from k-means++ centres (Arthur and Vassilvitskii, SODA 2007) to convergence.

    cells (M, 2) f64, weights (M,) f64, draws (k,) u64 random bits. Returns centres (k, 2) and the inertia.
    """
    m, k = len(cells), len(draws)
    centres = np.empty((k, 2))
    reach = np.full(m, np.inf)  # squared distance to the nearest centre so far
    label = np.zeros(m, np.int64)
    for c in range(k):
        total = 0.0
        for i in range(m):
            total += weights[i] if c == 0 else weights[i] * reach[i]
        target = (draws[c] >> np.uint64(11)) * (1.0 / 9007199254740992.0) * total
        pick = m - 1
        for i in range(m):
            target -= weights[i] if c == 0 else weights[i] * reach[i]
            if target < 0:
                pick = i
                break
        centres[c] = cells[pick]
        for i in range(m):
            d = (cells[i, 0] - centres[c, 0]) ** 2 + (cells[i, 1] - centres[c, 1]) ** 2
            if d < reach[i]:
                reach[i] = d
                label[i] = c
    inertia = np.inf
    for _ in range(200):
        sums = np.zeros((k, 3))
        for i in range(m):
            sums[label[i], 0] += weights[i] * cells[i, 0]
            sums[label[i], 1] += weights[i] * cells[i, 1]
            sums[label[i], 2] += weights[i]
        for c in range(k):
            if sums[c, 2] > 0:
                centres[c, 0] = sums[c, 0] / sums[c, 2]
                centres[c, 1] = sums[c, 1] / sums[c, 2]
        changed = False
        inertia = 0.0
        for i in range(m):
            best, owner = np.inf, 0
            for c in range(k):
                dx = cells[i, 0] - centres[c, 0]
                dy = cells[i, 1] - centres[c, 1]
                d = dx * dx + dy * dy
                if d < best:
                    best, owner = d, c
            inertia += weights[i] * best
            if owner != label[i]:
                label[i] = owner
                changed = True
        if not changed:
            break
    return centres, inertia


@njit(cache=True)
def _snap(centres: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The nearest pixel (k, 2) to each centre (k, 2), none twice; a concave part may have its centre outside."""
    taken = np.zeros(len(pixels), np.bool_)
    chosen = np.empty((len(centres), 2), np.int64)
    for c in range(len(centres)):
        best, owner = np.inf, -1
        for i in range(len(pixels)):
            dx = pixels[i, 0] - centres[c, 0]
            dy = pixels[i, 1] - centres[c, 1]
            d = dx * dx + dy * dy
            if d < best and not taken[i]:
                best, owner = d, i
        taken[owner] = True
        chosen[c] = pixels[owner]
    return chosen


def short_path(points: np.ndarray, start: np.ndarray | None) -> np.ndarray:
    """Order (n,) in which points (n, 2) lie along a short open path, beginning near ``start`` (2,) if one is given.

    Nearest neighbour from every point, each improved by 2-opt (Croes 1958); the shortest wins, the way to it included.
    """
    points = points.astype(np.float64)
    gaps = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    lead = np.zeros(len(points)) if start is None else np.sqrt(((points - start) ** 2).sum(axis=1))
    return _short_path(gaps, lead)


@njit(cache=True)
def _short_path(gaps: np.ndarray, lead: np.ndarray) -> np.ndarray:
    n = len(gaps)
    best_length, best = np.inf, np.arange(n)
    for first in range(n):
        order = np.empty(n, np.int64)
        free = np.ones(n, np.bool_)
        here = first
        for step in range(n):
            order[step] = here
            free[here] = False
            nearest = np.inf
            for j in range(n):
                if free[j] and gaps[order[step], j] < nearest:
                    nearest, here = gaps[order[step], j], j
        improved = True
        while improved:
            improved = False
            for i in range(n - 1):
                for j in range(i + 1, n):  # turn order[i..j] round
                    before = lead[order[0]] if i == 0 else gaps[order[i - 1], order[i]]
                    after = lead[order[j]] if i == 0 else gaps[order[i - 1], order[j]]
                    if j + 1 < n:
                        before += gaps[order[j], order[j + 1]]
                        after += gaps[order[i], order[j + 1]]
                    if after < before - 1e-9:
                        order[i : j + 1] = order[i : j + 1][::-1].copy()
                        improved = True
        length = lead[order[0]]
        for step in range(n - 1):
            length += gaps[order[step], order[step + 1]]
        if length < best_length - 1e-9:
            best_length, best = length, order
    return best
