"""Shapes of synthetic persons: tall and short, thin and heavy, men and women, as far as the body's directions go.

Coefficients of a body are principal components of a population in units of standard deviations, those of the shipped
body of adults of 17 to 80 years (``surface.builders.anny_source``) as those of SMPL, so a normal distribution without
its far tails gives people. The population is one of averages: there are more heavy persons here, as in the street.
Children are outside of both populations, so none are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from surface.rig import shape

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]

# No coefficient goes further: beyond, bodies look deformed.
MOST = 2.5
# Above the mean, weight spreads so many times as wide as in the population.
WEIGHT = 1.6
# The shipped body's second direction leads from men (-) to women (+): two peaks, not one.
_SEXES = {"anny": 1}
_PEAK, _WIDTH = 1.05, 0.45

_weights: WeakKeyDictionary[Body, Floats] = WeakKeyDictionary()


def shape_of(body: Body, rng: np.random.Generator) -> Floats:
    """Random shape coefficients (S,) of a plausible person."""
    assert body.rig is not None
    betas = rng.normal(0.0, 1.0, (body.rig.shapedirs.shape[2],))
    sex = _SEXES.get(body.name, len(betas))
    if sex < len(betas):
        betas[sex] = rng.choice((-1.0, 1.0)) * _PEAK + _WIDTH * betas[sex]
    heavier = weight_direction(body)
    return np.clip(betas + (WEIGHT - 1) * max(float(betas @ heavier), 0.0) * heavier, -MOST, MOST)


def womanly(body: Body, betas: Floats) -> float | None:
    """How womanly (about 1) or manly (about -1) a shape (S,) is built; None where the body does not tell."""
    sex = _SEXES.get(body.name, len(betas))
    return float(betas[sex]) if sex < len(betas) else None


def weight_direction(body: Body) -> Floats:
    """The unit direction (S,) of coefficients in which volume grows most over height squared, zero where none does."""
    if body not in _weights:
        rig = body.rig
        assert rig is not None
        count = rig.shapedirs.shape[2]
        slope = np.zeros(count)
        for k in range(count):
            step = np.eye(count)[k]
            slope[k] = _index(body, shape(rig, step)) - _index(body, shape(rig, -step))
        size = float(np.linalg.norm(slope))
        _weights[body] = slope / size if size > 0 else slope
    return _weights[body]


def _index(body: Body, vertices: Floats) -> float:
    """Volume (litres) over height squared: the body mass index of a person as dense as water."""
    a, b, c = np.moveaxis(vertices[body.faces], 1, 0)
    volume = 1000 * float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6
    return volume / float(np.ptp(vertices[:, 1])) ** 2
