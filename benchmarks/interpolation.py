"""Errors interpolated between some 100 points on a rendered person, beside the dense error field of all its pixels.

Bias over all and by group, of fields that the drift with the viewing angle can follow, and of others that it cannot.
"""

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
from evaluation.sites import Sites, sites
from surface.body import Body
from surface.geodesic_build import build
from surface.geodesic_table import GeodesicTable
from surface.order import part_order
from synthesis.dataset import image_seed
from synthesis.render import Options, render
from synthesis.truth import Truth

PERSONS = 48
REPEATS = 4  # of the noise
SEED = 23

Floats = NDArray[np.float64]
Field = Callable[[Floats, Floats], Floats]


def _degrees(cosine: Floats) -> Floats:
    return np.degrees(np.arccos(np.clip(cosine, 0, 1)))


FIELDS: dict[str, Field] = {
    "waves of 90 cm": lambda x, _: 0.03 + 0.02 * np.sin(2 * np.pi * x @ np.array([0.53, 0.8, 0.37])),
    "waves of 30 cm": lambda x, _: 0.03 + 0.02 * np.sin(2 * np.pi * x @ np.array([1.7, 2.6, 1.0])),
    "growing upwards": lambda x, _: 0.02 + 0.02 * x[:, 1],
    "by angle, 2 to 6 cm": lambda _, c: 0.02 + 0.04 * (1 - c),
    "by angle, late": lambda _, c: 0.02 + 0.06 * (1 - c) ** 2,
    "by foreshortening": lambda _, c: 0.02 / np.maximum(c, 0.25),
    "by angle, last": lambda _, c: 0.02 + 0.08 * (1 - c) ** 4,
    # Of no shape that is fitted:
    "linear in degrees": lambda _, c: 0.02 + 0.04 * _degrees(c) / 90,
    "a step at 65 degrees": lambda _, c: 0.02 + 0.04 / (1 + np.exp(-(_degrees(c) - 65) / 6)),
    "angle times height": lambda x, c: (0.02 + 0.015 * x[:, 1]) * (1 + 2 * (1 - c)),
    "by angle, high up only": lambda x, c: 0.02 + 0.05 * (1 - c) * np.clip(x[:, 1] + 0.3, 0, 1),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """Rendered persons with what their images show, and the points that an annotator would get."""

    truths: list[Truth]
    seen: NDArray[np.bool_]
    cosines: NDArray[np.uint8]
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
        dense = _dense(body, what, field)
        for noise, repeats in (("", 1), (", noisy", REPEATS)):
            sums = np.zeros((2, len(groups(body)[0])))
            for _ in range(repeats):
                own = truth * rng.rayleigh(1 / np.sqrt(np.pi / 2), len(truth)) if noise else truth
                sums += _sums(body, what, where, own, dense)
            by_group = 100 * (sums[0] / sums[1] - 1)
            out[f"{name}{noise}: bias, %"] = round(100 * float(sums[0].sum() / sums[1].sum() - 1), 2)
            out[f"{name}{noise}: largest bias of a group, %"] = round(float(by_group[np.abs(by_group).argmax()]), 2)
        whole = dense.sum() / (what.seen @ body.face_area).sum()
        out[f"{name}: bias of the points' plain mean, %"] = round(100 * float(truth.mean() / whole - 1), 2)
    return out


def persons(body: Body, count: int) -> Seen:
    """Renders of 512 pixels, and their points by k-means, as in the workspace."""
    order = part_order(body)
    truths, shown, person, rows = [], [], [], []
    for k in range(count):
        truth = render(body, image_seed(SEED, k + 1), Options(size=512)).person.truth
        points = sample_points(truth.part_map(), (0, 0), k, order)
        rows.append(truth.rows([(p.x, p.y) for p in points]))
        person.append(np.full(len(points), k, np.int32))
        truths.append(truth)
        shown.append((truth.seen, truth.cosines))
    face, facing = (
        np.concatenate([getattr(truth, name)[at] for truth, at in zip(truths, rows, strict=True)])
        for name in ("face", "facing")
    )
    bary = np.concatenate([truth.bary[at].astype(np.float64) for truth, at in zip(truths, rows, strict=True)])
    bary /= bary.sum(axis=1, keepdims=True)
    angles = np.concatenate([angle for _, angle in shown])
    return Seen(truths, np.array([seen for seen, _ in shown]), angles, np.concatenate(person), face, bary, facing)


def _dense(body: Body, what: Seen, field: Field) -> Floats:
    """(persons, F): the field over each face that is seen, from every pixel's own angle, times the face's area."""
    centre = body.vertices[body.faces].mean(axis=1)
    out = np.zeros(what.seen.shape)
    for k, truth in enumerate(what.truths):
        value = field(centre[truth.face], truth.facing.astype(np.float64))
        pixels = np.bincount(truth.face, minlength=len(body.faces))
        out[k] = np.bincount(truth.face, value, len(body.faces)) / np.maximum(pixels, 1) * body.face_area
    return out


def _sums(body: Body, what: Seen, where: Sites, own: Floats, dense: Floats) -> Floats:
    """Integrals (2, groups) over what is seen of each group's parts with points: interpolated, and true."""
    names, of = groups(body)
    none, part = np.zeros(len(own), np.int32), body.part(what.face)
    small = none.astype(np.uint8)
    marks = Marks(
        none, what.person, small, np.arange(len(own)), part, small, what.face, what.bary, what.face, what.bary,
        np.ones(len(own), np.float32), none, what.facing,
    )  # fmt: skip
    order = np.lexsort((part, what.person))
    who, image, part_ = none[order], what.person[order], part[order].astype(np.int32)
    errors = Errors(order, who, image, part_, own[order].astype(np.float32))
    found = fill(errors, marks, body, where, what.seen, what.cosines)
    out = np.zeros((2, len(names)))
    np.add.at(out[0], of[found.part], found.above)
    for k in range(len(what.seen)):
        mine = found.part[found.image == k]
        np.add.at(out[1], of[mine], np.bincount(body.face_part, dense[k], len(of))[mine])
    return out
