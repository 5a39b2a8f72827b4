"""Studies with known answers: persons seen by orthographic cameras, points as annotators get them, errors by design."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import surface
from annotation.sampling import sample_points
from annotation.simulated import place
from evaluation.marks import MARKED, Marks, Study
from surface.body import Body
from surface.order import part_order
from surface.raster import rasterize

Metric = Callable[[Any, Any, Any, Any], NDArray[np.float64]]


@cache
def anny() -> Body:
    """The default body."""
    return surface.load("anny")


@cache
def chord(body: Body) -> Metric:
    """Straight distances: what a geodesic table gives for points that lie near one another."""
    return lambda f, b, g, c: np.linalg.norm(body.position(f, b) - body.position(g, c), axis=1)


@dataclass(frozen=True, eq=False)
class Seen:
    """Persons and their points: seen (K,F), cosines, person (N,), face (N,), bary (N,3), facing (N,), towards (K,3)."""

    seen: NDArray[np.bool_]
    cosines: NDArray[np.uint8]
    person: NDArray[np.int32]
    face: NDArray[np.int32]
    bary: NDArray[np.float64]
    facing: NDArray[np.float32]
    towards: NDArray[np.float64]


@cache
def persons(count: int) -> Seen:
    """So many persons at rest, each seen from its own side at 256 pixels; points by k-means as in the workspace."""
    each = [_person(k) for k in range(count)]
    seen, towards = np.array([one.seen for one in each]), np.array([one.towards for one in each])
    cosines = np.einsum("fc,kc->kf", normals(anny()), towards)[seen]
    person = [np.full(len(one.face), k, np.int32) for k, one in enumerate(each)]
    return Seen(
        seen, np.rint(255 * cosines.clip(0, 1)).astype(np.uint8), np.concatenate(person),
        np.concatenate([one.face for one in each]), np.concatenate([one.bary for one in each]),
        np.concatenate([one.facing for one in each]).astype(np.float32), towards,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Person:
    """Of one person: seen (F,), its points' face (N,), bary (N,3) and facing (N,), and towards (3,)."""

    seen: NDArray[np.bool_]
    face: NDArray[np.int32]
    bary: NDArray[np.float64]
    facing: NDArray[np.float64]
    towards: NDArray[np.float64]


@cache
def _person(k: int) -> _Person:
    body, rng = anny(), np.random.default_rng(0)
    yaw, pitch = [(rng.uniform(0, 2 * np.pi), rng.normal(0, 0.2)) for _ in range(k + 1)][k]
    towards = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.cross([0, 1, 0], towards) / np.linalg.norm(np.cross([0, 1, 0], towards))
    axes = np.stack([right, -np.cross(towards, right), -towards], axis=1)
    local = (body.vertices - body.vertices.mean(axis=0)) @ axes * 140
    at, weights, _ = rasterize(local[:, :2] + 128, local[:, 2], body.faces, 256, 256)
    points = sample_points(body.part(at.ravel()).reshape(256, 256), (0, 0), k, part_order(body))
    rows, columns = np.array([int(p.y) for p in points]), np.array([int(p.x) for p in points])
    bary, face = weights[rows, columns].astype(np.float64), at[rows, columns]
    seen = np.zeros(len(body.faces), bool)
    seen[at[at >= 0]] = True
    return _Person(seen, face, bary / bary.sum(axis=1, keepdims=True), normals(body)[face] @ towards, towards)


@cache
def normals(body: Body) -> NDArray[np.float64]:
    """(F,3)."""
    a, b, c = np.moveaxis(body.vertices[body.faces], 1, 0)
    out = np.cross(b - a, c - a)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def study(
    noise: Sequence[float],
    count: int = 30,
    *,
    swapped: dict[int, float] | None = None,
    bad: tuple[int, float] | None = None,
    again: int = 0,
    seed: int = 0,
) -> Study:
    """Annotator k marks all points of all persons with isotropic noise whose mean error is ``noise[k]``.

    Args:
        noise: metres, one for each annotator.
        count: of persons.
        swapped: the share of marks that annotators put on the mirror image.
        bad: a part, and the noise of everyone there.
        again: on so many persons everyone marks all points twice.
        seed: of the noise.
    """
    body, what, rng = anny(), persons(count), np.random.default_rng(seed)
    columns: list[dict[str, Any]] = []
    for k, mean in enumerate(noise):
        for turn in (0, 1):
            rows = np.flatnonzero(what.person < (again if turn else count))
            face, bary, part = what.face[rows], what.bary[rows], body.part(what.face[rows])
            marked, weights = place(body, face, bary, mean / 1.2533, rng)
            if bad is not None:
                there = part == bad[0]
                marked[there], weights[there] = place(body, face[there], bary[there], bad[1] / 1.2533, rng)
            lost = np.flatnonzero(rng.random(len(rows)) < (swapped or {}).get(k, 0.0))
            marked[lost], weights[lost] = body.mirror(marked[lost], weights[lost])
            columns.append(
                {
                    "annotator": np.full(len(rows), k, np.int32), "person": what.person[rows],
                    "again": np.full(len(rows), turn, np.uint8), "point": rows.astype(np.int64), "part": part,
                    "kind": np.full(len(rows), MARKED, np.uint8), "true_face": face, "true_bary": bary,
                    "face": marked, "bary": weights, "seconds": rng.lognormal(1, 0.4, len(rows)).astype(np.float32),
                    "order": np.arange(len(rows), dtype=np.int32), "facing": what.facing[rows],
                }
            )  # fmt: skip
    marks = Marks(**{key: np.concatenate([c[key] for c in columns]) for key in columns[0]})
    names = tuple(f"P{k + 1}" for k in range(len(noise)))
    return Study(
        "Known",
        body,
        names,
        tuple(str(k) for k in range(count)),
        marks,
        what.seen,
        what.cosines,
        simulated=frozenset(names),
    )
