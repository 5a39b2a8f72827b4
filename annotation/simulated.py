"""A simulated annotator: knows the truth of a rendered person, and errs on the surface by a set amount.

It stands in for people where a study needs to know beforehand what it should find. It does not imitate them: its masks
are exact, and its errors have no direction, no habit and no left-right mix-ups.
"""

import numpy as np

from surface.body import Body

_RETRIES = 8


def paint(body: Body, face_map: np.ndarray) -> np.ndarray:
    """True label map (h, w) u8 of a render's faces (h, w), -1 where no body is seen."""
    return body.part(face_map.ravel()).reshape(face_map.shape)


def truth_at(face_map: np.ndarray, bary_map: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Surface points (face (N,) i32, bary (N, 3) f64) seen at image positions (N, 2) of a render.

    :param face_map: (h, w), -1 where no body is seen.
    :param bary_map: (h, w, 3).
    :raises ValueError: naming the first position outside the image or off the body.
    """
    column, row = np.floor(xy).astype(np.int64).T
    height, width = face_map.shape
    outside = (row < 0) | (row >= height) | (column < 0) | (column >= width)
    face = face_map[row.clip(0, height - 1), column.clip(0, width - 1)]
    lost = outside | (face < 0)
    if lost.any():
        index = int(lost.argmax())
        raise ValueError(f"point {index} at {np.asarray(xy)[index].tolist()} lies on no body")
    bary = bary_map[row, column].astype(np.float64)
    return face.astype(np.int32), bary / bary.sum(axis=1, keepdims=True)


def place(
    body: Body, face: np.ndarray, bary: np.ndarray, noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Marks (face (N,), bary (N, 3)) around true surface points, off by isotropic noise.

    Each point moves by a normal deviate of ``noise`` metres along each of two axes of its tangent plane and then to the
    nearest point of the body: for noise small against the limb's girth the geodesic error is Rayleigh distributed, with
    mean 1.25 ``noise``. A mark stays on the part it belongs to, as it does for an annotator, who is shown that part
    only: moves that leave it are drawn again, a few times, and then not made.
    """
    face, bary = np.array(face, np.int32), np.array(bary, np.float64)
    part = body.part(face)
    start = body.position(face, bary)
    along, across = _tangents(body, face)
    todo = np.arange(len(face))
    for _ in range(_RETRIES):
        if not len(todo):
            break
        step = noise * rng.standard_normal((len(todo), 2))
        moved = start[todo] + step[:, :1] * along[todo] + step[:, 1:] * across[todo]
        new_face, new_bary, _ = body.nearest(moved)
        kept = body.part(new_face) == part[todo]
        face[todo[kept]], bary[todo[kept]] = new_face[kept], new_bary[kept]
        todo = todo[~kept]
    return face, bary


def _tangents(body: Body, face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two orthogonal unit vectors (N, 3) in the plane of each face."""
    a, b, c = np.moveaxis(body.vertices[body.faces[face]], 1, 0)
    along = (b - a) / np.linalg.norm(b - a, axis=1, keepdims=True)
    across = (c - a) - ((c - a) * along).sum(axis=1, keepdims=True) * along
    return along, across / np.linalg.norm(across, axis=1, keepdims=True)
