"""U and V as Gaussians whose spread is learned (Neverova, Novotny and Vedaldi, "Correlated Uncertainty for Learning
Dense Correspondences from Noisy Labels", NeurIPS 2019).

Where labels are noisy the network says so by a wide spread and pays less for being off; distillation leaves out what
is wider than a limit. N points.
"""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor
from torch.nn import functional

Kind = Literal["isotropic", "anisotropic"]

CHANNELS: dict[str, int] = {"": 0, "isotropic": 1, "anisotropic": 3}
"""Numbers by which a network describes the spread of U and V of one chart."""

FLOOR = 0.1
"""Least standard deviation: no point pulls more than 1 / FLOOR^2 times as hard as under a squared error, and no density
grows without bound at a point that is met exactly."""


def variance(raw: Tensor, floor: float = FLOOR) -> Tensor:
    """What a network gives, a real number, as the variance that U and V share.

    :param raw: (...) any.
    :param floor: least standard deviation.
    :return: (...) at least floor^2.
    """
    return functional.softplus(raw) + floor**2


def isotropic(uv: Tensor, raw: Tensor, truth: Tensor, floor: float = FLOOR) -> Tensor:
    """Negative log likelihoods of points under N(uv, s I).

    :param uv: (N, 2) predicted means.
    :param raw: (N, 1) whose ``variance`` is s.
    :param truth: (N, 2).
    :return: (N,) f4 or the type of ``uv`` where that is wider: log 2 pi + log s + |truth - uv|^2 / 2s.
    """
    s = variance(raw[:, 0], floor)
    squared = (truth - uv).square().sum(dim=1)
    return math.log(2 * math.pi) + s.log() + squared / (2 * s)


def anisotropic(uv: Tensor, raw: Tensor, truth: Tensor, floor: float = FLOOR) -> Tensor:
    """Negative log likelihoods of points under N(uv, s I + r r^T): errors may be larger along the direction r.

    The determinant is s (s + |r|^2) and the inverse (I - r r^T / (s + |r|^2)) / s (Sherman and Morrison, 1950).

    :param uv: (N, 2) predicted means.
    :param raw: (N, 3) a number whose ``variance`` is s, and r along U and along V.
    :param truth: (N, 2).
    :return: (N,).
    """
    s, r = variance(raw[:, 0], floor), raw[:, 1:]
    off = truth - uv
    along, wide = (off * r).sum(dim=1), s + r.square().sum(dim=1)
    squared = (off.square().sum(dim=1) - along.square() / wide) / s
    return math.log(2 * math.pi) + 0.5 * (s.log() + wide.log() + squared)


def likelihood(kind: Kind, uv: Tensor, raw: Tensor, truth: Tensor, floor: float = FLOOR) -> Tensor:
    """Negative log likelihoods (N,) of the kind; ``raw`` is (N, CHANNELS[kind])."""
    return (isotropic if kind == "isotropic" else anisotropic)(uv, raw, truth, floor)


def spread(raw: Tensor, floor: float = FLOOR) -> Tensor:
    """One standard deviation for U and V: the root of the mean variance over directions.

    :param raw: (..., n, h, w), n 1 (isotropic) or 3 (anisotropic) numbers of each place.
    :return: (..., h, w) at least ``floor``: sqrt(s), or sqrt(s + |r|^2 / 2).
    """
    own, direction = raw[..., :1, :, :], raw[..., 1:, :, :]
    return (variance(own, floor) + 0.5 * direction.square().sum(dim=-3, keepdim=True)).sqrt().squeeze(-3)
