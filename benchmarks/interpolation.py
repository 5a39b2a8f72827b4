"""Errors interpolated between some 125 points on a person, beside the dense error field: bias over all and by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import surface
from annotation.sampling import sample_points
from evaluation.errors import Errors
from evaluation.groups import groups
from evaluation.interpolate import fill
from evaluation.marks import Marks
from evaluation.sites import sites
from evaluation.slant import normals
from surface.body import Body
from surface.geodesic_build import build
from surface.geodesic_table import GeodesicTable
from surface.order import part_order
from surface.raster import rasterize

PERSONS = 60
REPEATS = 10  # of the noise

Floats = NDArray[np.float64]

FIELDS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "waves of 90 cm": lambda x, _: 0.03 + 0.02 * np.sin(2 * np.pi * x @ np.array([0.53, 0.8, 0.37])),
    "waves of 30 cm": lambda x, _: 0.03 + 0.02 * np.sin(2 * np.pi * x @ np.array([1.7, 2.6, 1.0])),
    "growing upwards": lambda x, _: 0.02 + 0.02 * x[:, 1],
    "by angle, 2 to 6 cm": lambda _, c: 0.02 + 0.04 * (1 - np.clip(c, 0, 1)),
    "by angle, late": lambda _, c: 0.02 + 0.06 * (1 - np.clip(c, 0, 1)) ** 2,
    "by foreshortening": lambda _, c: 0.02 / np.maximum(c, 0.25),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """Persons at rest, each seen from a side of its own, with the points that an annotator would get."""

    seen: NDArray[np.bool_]
    towards: Floats
    person: NDArray[np.int32]
    face: NDArray[np.int32]
    bary: Floats
    facing: NDArray[np.float32]


def measure() -> dict[str, float]:
    """Bias in percent by field, without noise and with (errors Rayleigh distributed about the field)."""
    body = surface.load("anny")
    table = GeodesicTable.open(build(body.hash, body.vertices, body.faces), body)
    what, where = persons(body, PERSONS), sites(body, table)
    out: dict[str, float] = {"points on a person": round(len(what.face) / PERSONS, 1)}
    rng = np.random.default_rng(0)
    for name, field in FIELDS.items():
        truth = field(body.position(what.face, what.bary), what.facing.astype(np.float64))
        for noise, repeats in (("", 1), (", noisy", REPEATS)):
            up, down = np.zeros(len(groups(body)[0])), np.zeros(len(groups(body)[0]))
            plain = []
            for _ in range(repeats):
                own = truth * rng.rayleigh(1 / np.sqrt(np.pi / 2), len(truth)) if noise else truth
                plain.append(own.mean())
                a, b = _sums(body, what, where, own, field)
                up, down = up + a, down + b
            by_group = 100 * (up / down - 1)
            whole = down.sum() / _area(body, what) / repeats
            out[f"{name}{noise}: bias, %"] = round(100 * float(up.sum() / down.sum() - 1), 2)
            out[f"{name}{noise}: largest bias of a group, %"] = round(float(by_group[np.abs(by_group).argmax()]), 2)
            if not noise:
                out[f"{name}: bias of the points' plain mean, %"] = round(100 * (float(np.mean(plain)) / whole - 1), 2)
    return out


def persons(body: Body, count: int, seed: int = 0) -> Seen:
    """Persons drawn without perspective at 512 pixels, and their points by k-means, as in the workspace."""
    rng = np.random.default_rng(seed)
    order, normal, centre = part_order(body), normals(body), body.vertices.mean(axis=0)
    seen, directions, person, face, bary = [], [], [], [], []
    for k in range(count):
        yaw, pitch, scale = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.2), rng.uniform(110, 190)
        towards = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        right = np.cross([0, 1, 0], towards) / np.linalg.norm(np.cross([0, 1, 0], towards))
        local = (body.vertices - centre) @ np.stack([right, -np.cross(towards, right), -towards], axis=1) * scale
        at, weights, _ = rasterize(local[:, :2] + 256, local[:, 2], body.faces, 512, 512)
        points = sample_points(body.part(at.ravel()).reshape(512, 512), (0, 0), k, order)
        rows, columns = np.array([int(p.y) for p in points]), np.array([int(p.x) for p in points])
        own = weights[rows, columns].astype(np.float64)
        shown = np.zeros(len(body.faces), bool)
        shown[at[at >= 0]] = True
        seen.append(shown)
        directions.append(towards)
        person.append(np.full(len(points), k, np.int32))
        face.append(at[rows, columns])
        bary.append(own / own.sum(axis=1, keepdims=True))
    faces, who, towards_ = np.concatenate(face), np.concatenate(person), np.array(directions)
    facing = np.einsum("nc,nc->n", normal[faces], towards_[who]).astype(np.float32)
    return Seen(np.array(seen), towards_, who, faces, np.concatenate(bary), facing)


def _sums(
    body: Body, what: Seen, where: object, own: Floats, field: Callable[[Floats, Floats], Floats]
) -> tuple[Floats, Floats]:
    """Integrals over what is seen of each group, interpolated and true."""
    names, of = groups(body)
    none, part = np.zeros(len(own), np.int32), body.part(what.face)
    small = none.astype(np.uint8)
    marks = Marks(
        none, what.person, small, np.arange(len(own)), part, small, what.face, what.bary, what.face, what.bary,
        np.ones(len(own), np.float32), none, what.facing,
    )  # fmt: skip
    order = np.lexsort((part, what.person))
    columns = (c[order].astype(np.int32) for c in (none, what.person, part))
    found = fill(Errors(order, *columns, own[order].astype(np.float32)), marks, body, where, what.seen)  # type: ignore[arg-type]
    centre, normal = body.vertices[body.faces].mean(axis=1), normals(body)
    up, down = np.zeros(len(names)), np.zeros(len(names))
    for k in range(len(what.seen)):
        dense = field(centre, normal @ what.towards[k]) * body.face_area
        mine = found.image == k
        for p, above in zip(found.part[mine], found.above[mine], strict=True):
            up[of[p]] += above
            down[of[p]] += dense[what.seen[k] & (body.face_part == p)].sum()
    return up, down


def _area(body: Body, what: Seen) -> float:
    return float((what.seen @ body.face_area).sum())
