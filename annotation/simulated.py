"""Simulated annotators: they know the truth of a rendered person, and err by what they are told to.

They stand in for people where a study needs to know beforehand what it should find. Everything is a pure function of
its arguments and a random generator, so what a study should find can be computed by running the same functions
(``expected``). They do not imitate people: errors have no direction, and each point is on its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from surface.body import Body
from surface.straight import walk

_RETRIES = 8
_NARROW = 0.02  # metres; through less there is no other side to mistake
_WAVE = 12.0  # pixels over which the border of a drawn mask errs one way

Metric = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Model:
    """How an annotator errs.

    Attributes:
        noise: metres along the surface, the normal deviate of each of two directions; a mark is off by 1.25 times that
            on average, as long as it stays on its part.
        bad: other noise on some parts, metres by label.
        swaps: how likely left is taken for right: a point's place for its mirror image on the same part, and in a drawn
            mask a limb's part for the other side's.
        turns: how likely front is taken for back: a point's place for the one straight through the limb.
        drift: how much the noise grows (fatigue) or shrinks (learning) with every hundred points done, as a share.
        seconds: median time for a point.
        flags: how likely a point gets a flag instead of a mark.
        boundary: pixels by which the border of a drawn mask is off, the normal deviate of each direction.
    """

    noise: float = 0.0
    bad: Mapping[int, float] = field(default_factory=dict)
    swaps: float = 0.0
    turns: float = 0.0
    drift: float = 0.0
    seconds: float = 5.0
    flags: float = 0.0
    boundary: float = 0.0

    def __post_init__(self) -> None:
        for name in ("swaps", "turns", "flags"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)} is no share in 0..1")
        for size in (self.noise, self.seconds, self.boundary, *self.bad.values()):
            if not 0 <= size < np.inf:
                raise ValueError(f"noise, seconds and borders are not below 0: {size}")


@dataclass(frozen=True, eq=False)
class Marks:
    """What an annotator does with N points: marks (face (N,), bary (N,3)), flagged (N,) and seconds (N,)."""

    face: np.ndarray
    bary: np.ndarray
    flagged: np.ndarray
    seconds: np.ndarray


def mark(
    model: Model,
    body: Body,
    part: np.ndarray,
    face: np.ndarray,
    bary: np.ndarray,
    done: np.ndarray | int,
    rng: np.random.Generator,
) -> Marks:
    """Mark N points.

    :param part: (N,) the part whose views are shown for each point; marks stay on it.
    :param face: (N,) true surface points, with bary (N,3).
    :param done: (N,) how many points the annotator has marked before.
    """
    part = np.asarray(part)
    seconds = model.seconds * rng.lognormal(0.0, 0.4, len(part))
    flagged = rng.random(len(part)) < model.flags
    target_face, target_bary = meant(body, part, face, bary)
    for chance, other in ((model.swaps, _mirrored), (model.turns, opposite)):
        wrong = np.flatnonzero(rng.random(len(part)) < chance)
        if len(wrong):
            there, weights = other(body, target_face[wrong], target_bary[wrong])
            good = there >= 0
            good[good] = body.part(there[good]) == part[wrong[good]]
            target_face[wrong[good]], target_bary[wrong[good]] = there[good], weights[good]
    noise = noise_of(model, part, done)
    return Marks(*place(body, target_face, target_bary, noise, rng), flagged, seconds)


def noise_of(model: Model, part: np.ndarray, done: np.ndarray | int) -> np.ndarray:
    """The noise (N,) in metres on points of these parts after so many points."""
    table = np.full(int(max([0, *model.bad, *np.asarray(part).tolist()])) + 1, model.noise)
    for label, noise in model.bad.items():
        table[label] = noise
    return table[part] * np.maximum(1 + model.drift * np.asarray(done) / 100, 0.1)


def meant(body: Body, part: np.ndarray, face: np.ndarray, bary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place on the part shown that an annotator looks for, who was asked at these true surface points.

    It is the truth; its mirror image where a limb was drawn as the other side's; else the nearest place on the part, as
    where a mask reaches over the part's border.
    """
    face, bary = np.array(face, np.int32), np.array(bary, np.float64)
    lost = np.flatnonzero(body.part(face) != part)
    if len(lost):
        there, weights = _mirrored(body, face[lost], bary[lost])
        other = there >= 0
        other[other] = body.part(there[other]) == part[lost[other]]
        face[lost[other]], bary[lost[other]] = there[other], weights[other]
        for index in lost[~other]:
            own = np.flatnonzero(body.face_part == part[index])
            corners = body.vertices[body.faces[own]]
            middle = corners.mean(axis=1)
            at = body.position(face[index : index + 1], bary[index : index + 1])
            face[index] = own[((middle - at) ** 2).sum(axis=1).argmin()]
            bary[index] = 1 / 3
    return face, bary


def expected(
    model: Model,
    body: Body,
    part: np.ndarray,
    face: np.ndarray,
    bary: np.ndarray,
    done: np.ndarray | int,
    metric: Metric,
    draws: int = 20,
    seed: int = 0,
) -> np.ndarray:
    """The mean error (N,) in metres of each point over many annotators of this model, by simulation.

    :param metric: (face, bary, face, bary) -> metres, as ``evaluation`` measures.
    """
    total = np.zeros(len(face))
    for draw in range(draws):
        marks = mark(model, body, part, face, bary, done, np.random.default_rng([seed, draw]))
        total += metric(np.asarray(face), np.asarray(bary), marks.face, marks.bary)
    return total / draws


def place(
    body: Body, face: np.ndarray, bary: np.ndarray, noise: float | np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Marks (face (N,), bary (N, 3)) around surface points, off by isotropic noise along the surface.

    Each point walks straight ahead on the surface, any way, by the length of two normal deviates of ``noise`` metres:
    for noise small against the limb's girth the geodesic error is Rayleigh distributed, with mean 1.25 ``noise``. A
    mark stays on the part it belongs to, as it does for an annotator, who is shown that part only: walks that leave it
    are drawn again, a few times, and then not made.
    """
    face, bary = np.array(face, np.int32), np.array(bary, np.float64)
    part = body.part(face)
    noise = np.broadcast_to(np.asarray(noise, np.float64), face.shape)
    todo = np.flatnonzero(noise > 0)
    for _ in range(_RETRIES):
        if not len(todo):
            break
        x, y = noise[todo] * rng.standard_normal((2, len(todo)))
        new_face, new_bary = walk(body, face[todo], bary[todo], np.arctan2(y, x), np.hypot(x, y))
        kept = body.part(new_face) == part[todo]
        face[todo[kept]], bary[todo[kept]] = new_face[kept], new_bary[kept]
        todo = todo[~kept]
    return face, bary


def opposite(body: Body, face: np.ndarray, bary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The surface points straight through the part, against the normal; face -1 where there is nothing across."""
    out_face, out_bary = np.full(len(face), -1, np.int32), np.zeros((len(face), 3))
    start = body.position(face, bary)
    corners = body.vertices[body.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    part = body.part(face)
    for label in np.unique(part):
        own = np.flatnonzero(body.face_part == label)
        a, u, v = corners[own, 0], corners[own, 1] - corners[own, 0], corners[own, 2] - corners[own, 0]
        for n in np.flatnonzero(part == label):
            # Möller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", J. Graphics Tools 1997.
            ray = -normal[face[n]]
            p = np.cross(ray, v)
            det = (u * p).sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                s = start[n] - a
                q = np.cross(s, u)
                first, second, far = (s * p).sum(axis=1) / det, q @ ray / det, (v * q).sum(axis=1) / det
                hit = (first >= 0) & (second >= 0) & (first + second <= 1) & (far > _NARROW) & (normal[own] @ ray > 0)
            if hit.any():
                k = np.flatnonzero(hit)[far[hit].argmin()]
                out_face[n], out_bary[n] = own[k], (1 - first[k] - second[k], first[k], second[k])
    return out_face, out_bary


def draw(model: Model, body: Body, label_map: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The part mask (h, w) u8 that an annotator draws of a true one: limbs swapped, borders off."""
    table = np.arange(256, dtype=np.uint8)
    for part in range(1, len(body.part_names) + 1):
        other = int(body.part_mirror[part])
        if part < other and rng.random() < model.swaps:
            table[[part, other]] = other, part
    drawn = table[label_map]
    if model.boundary <= 0 or not drawn.size:
        return drawn
    # White noise that is smoothed over w pixels is left with a deviation of 1 / (2 w sqrt(pi)).
    strength = model.boundary * 2 * _WAVE * np.sqrt(np.pi)
    shift = [strength * gaussian_filter(rng.standard_normal(drawn.shape), _WAVE, mode="wrap") for _ in range(2)]
    at = np.indices(drawn.shape) + shift
    return map_coordinates(drawn, at, order=0, mode="nearest")


def _mirrored(body: Body, face: np.ndarray, bary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not body.symmetric:
        return np.full(len(face), -1, np.int32), np.asarray(bary)
    there, weights = body.mirror(face, bary)
    return np.array(there, np.int32), np.array(weights)
