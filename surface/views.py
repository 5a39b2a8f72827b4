"""Part views: six fixed orthographic cameras per coarse part, on which an annotator clicks surface points.

A view shows the part in front of everything, and the rest of the body dimmed where the part is not: the other leg does
not hide the inner side of this one. Where one would look into the part's open end, the rest is shown. Picking and
projecting follow what is shown. Positions are in [0,1] of the view's square, x right, y down, continuous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface.cameras import SIZE, View, facing, meshes
from surface.frames import Look, frame
from surface.looks import looks
from surface.raster import cast
from surface.shading import clickable, image

if TYPE_CHECKING:
    from PIL import Image

    from surface.body import Body

__all__ = [
    "MIRROR_VIEW",
    "View",
    "best_view",
    "clickable",
    "contact_sheet",
    "coverage",
    "image",
    "pick",
    "project",
    "views",
]

Floats = NDArray[np.float64]

# Free border around the part, of the square.
MARGIN = 0.07
# A view is not enlarged more than this over the smallest of its part's: sizes stay comparable.
ZOOM = 1.6
# Two surfaces nearer than this in depth (metres) count as one, and so do positions (pixels): rounding, not geometry.
TOLERANCE = 1e-6
# The index of the mirrored part's view that is the mirror image of view 0..5.
MIRROR_VIEW = (0, 1, 3, 2, 4, 5)

_cache: WeakKeyDictionary[Body, dict[int, tuple[View, ...]]] = WeakKeyDictionary()


def views(body: Body, part: int) -> list[View]:
    """The six views of a coarse part.

    Raises:
        ValueError: the body has no such part, or no surface of it.
    """
    known = _cache.setdefault(body, {})
    if part not in known:
        if not 1 <= part <= len(body.part_names):
            raise ValueError(f"part {part} is not in 1..{len(body.part_names)}")
        known[part] = tuple(_make(body, part))
    return list(known[part])


def _make(body: Body, part: int) -> list[View]:
    mine = np.unique(body.faces[body.face_part == part])
    if not len(mine):
        raise ValueError(f"part {part} ({body.part_names[part - 1]}) has no surface")
    axes, points = frame(body, part), body.vertices[mine]
    cameras = [(name, look, *_fit(points, axes, look)) for name, look in looks(body, part)]
    smallest = min(scale for *_, scale in cameras)
    out = []
    for index, (name, look, camera, centre, scale) in enumerate(cameras):
        right, up, forward = (tuple(float(v) for v in row) for row in camera)
        centre_ = tuple(float(v) for v in centre)
        out.append(
            View(part, index, name, look.title, right, up, forward, centre_, min(scale, ZOOM * smallest))  # type: ignore[arg-type]
        )
    return out


def _fit(points: Floats, axes: Floats, look: Look) -> tuple[Floats, Floats, float]:
    """Camera rows right, up, forward (3,3), the centre (3,) and the scale that show all points."""
    towards = np.array(look.towards) @ axes
    forward = -towards / np.linalg.norm(towards)
    up = np.array(look.up) @ axes
    up = up - (up @ forward) * forward
    up /= np.linalg.norm(up)
    camera = np.stack([np.cross(forward, up), up, forward])
    local = points @ camera.T
    low, high = local.min(axis=0), local.max(axis=0)
    scale = SIZE * (1 - 2 * MARGIN) / max(float((high - low)[:2].max()), 1e-9)
    return camera, (low + high) / 2 @ camera, scale


def pick(body: Body, view: View, x: float, y: float) -> tuple[int, Floats] | None:
    """The surface point shown at a position: face and barycentrics (3,), or None beside the body.

    It is the part's front-most point there; beside the part, the front-most point of the rest.

    Raises:
        ValueError: the position is not in the square.
    """
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"position ({x}, {y}) is not in the view's square, [0,1] x [0,1]")
    xy, depth = view.camera(body.vertices)
    for faces in meshes(body, view.part):
        found, bary, _ = cast(xy, depth, body.faces[faces], x * SIZE, y * SIZE)
        if found[0] >= 0 and facing(body, view, faces[found])[0] > 0:
            return int(faces[found[0]]), bary[0]
    return None


def project(body: Body, view: View, face: ArrayLike, bary: ArrayLike) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Where surface points stand in a view: x (N,), y (N,) in units of the square, and visible (N,).

    A point is visible if it is shown: in the square, and the front-most there.
    """
    f, b = np.atleast_1d(np.asarray(face)), np.atleast_2d(np.asarray(bary, dtype=np.float64))
    at, own_depth = view.camera(body.position(f, b))
    xy, depth = view.camera(body.vertices)
    in_part = body.face_part[f] == view.part
    mine, rest = meshes(body, view.part)
    cover, _, front = cast(xy, depth, body.faces[mine], at[:, 0], at[:, 1])
    visible = own_depth <= front + TOLERANCE
    if not in_part.all():
        free = (cover < 0) | (facing(body, view, mine[cover]) <= 0)
        front = cast(xy, depth, body.faces[rest], at[:, 0], at[:, 1])[2]
        visible = np.where(in_part, visible, free & (own_depth <= front + TOLERANCE))
    visible &= facing(body, view, f) > 0
    inside = ((at >= -TOLERANCE) & (at <= SIZE + TOLERANCE)).all(axis=1)
    return at[:, 0] / SIZE, at[:, 1] / SIZE, visible & inside


def best_view(body: Body, part: int, face: ArrayLike, bary: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """The view (N,) of a part that shows each surface point best, or -1, and the cosine (N,) of the angle there."""
    f = np.atleast_1d(np.asarray(face))
    score = np.full((6, len(f)), -1.0)
    for view in views(body, part):
        score[view.index] = np.where(project(body, view, f, bary)[2], facing(body, view, f), -1.0)
    best = score.argmax(axis=0)
    top = score.max(axis=0)
    return np.where(top > 0, best, -1), top


def coverage(body: Body, part: int, angle: float = 70.0) -> float:
    """The share of a part's area that at least one of its six views shows at less than ``angle`` degrees."""
    faces = meshes(body, part)[0]
    # The centres of the four triangles that each face divides into.
    spots = np.array([[1, 1, 1], [4, 1, 1], [1, 4, 1], [1, 1, 4]], dtype=np.float64)
    spots /= spots.sum(axis=1, keepdims=True)
    f = np.repeat(faces, len(spots))
    _, cosine = best_view(body, part, f, np.tile(spots, (len(faces), 1)))
    seen = (cosine > np.cos(np.radians(angle))).reshape(-1, len(spots)).mean(axis=1)
    return float(np.average(seen, weights=body.face_area[faces]))


def contact_sheet(body: Body, size: int = 256, theme: str = "light") -> Image.Image:
    """All views of all parts in one picture: a row for each part, six columns."""
    from PIL import Image

    rows = [
        np.hstack([image(body, view, size, theme) for view in views(body, part)])
        for part in range(1, len(body.part_names) + 1)
    ]
    return Image.fromarray(np.vstack(rows))
