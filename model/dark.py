"""Keypoints as heatmaps and back: DARK (Zhang et al., "Distribution-aware coordinate representation for human pose
estimation", CVPR 2020, arXiv 1910.06278), and the plain coding it replaced.

Positions are pixels of the heatmap: x right, y down, the first pixel's centre at (.5, .5), S pixels along each side.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Coding = Literal["dark", "plain"]

QUARTER = 0.25
"""How far plain decoding goes from the highest pixel towards its higher neighbour."""

_RADIUS = 2.5  # of the smoothing kernel in sigmas: 11 pixels wide for a sigma of 2, as in the paper
_FARTHEST = 1.5  # pixels from the highest one; a step that goes farther has left what a parabola tells
_LEAST = 1e-30  # below any probability that matters, above zero, of which there is no logarithm


def encode(points: Tensor, size: int, sigma: float, coding: Coding = "dark") -> Tensor:
    """Heatmaps (..., S, S) f4 of points (..., 2): Gaussians that sum to 1.

    DARK centres the Gaussian at the point itself, plain coding at the centre of the pixel that the point lies in.

    :param points: within [0, size]; what lies outside has a heatmap too, of its Gaussian's tail, which tells little.
    :param size: S, at least 3.
    :param sigma: of the Gaussian, in pixels of the heatmap.
    :raises ValueError: the size is less than 3.
    """
    _check(size)
    centre = points.float()
    if coding == "plain":
        centre = centre.floor().clamp(0, size - 1) + 0.5
    pixel = torch.arange(size, device=points.device) + 0.5
    along = (-((pixel - centre[..., None]) ** 2) / (2 * sigma**2)).softmax(-1)  # (..., 2, S)
    return along[..., 1, :, None] * along[..., 0, None, :]


def decode(heat: Tensor, sigma: float, coding: Coding = "dark") -> Tensor:
    """Points (..., 3) f4: x, y, and the height of the heatmap there.

    DARK smooths the heatmap and goes from its highest pixel m to m - H^-1 g, with the gradient g and the Hessian H of
    its logarithm, which is exact for Gaussians. At borders the kernel is as wide as the map lets it be on both sides,
    for zeros beyond the border would push points inward. Where H is no maximum, or the step goes farther than 1.5
    pixels, the point is the plain one: the highest pixel's centre, a quarter towards the higher neighbour on each axis.
    The first of equally high pixels, row by row, counts as the highest.

    :param heat: (..., S, S) probabilities or other heights, none negative; S at least 3.
    :param sigma: of the Gaussians that the heatmap was learned from; the smoothing kernel's, too.
    :raises ValueError: the heatmaps are no squares, or smaller than 3 pixels.
    """
    if heat.shape[-1] != heat.shape[-2]:
        raise ValueError(f"heatmaps of {heat.shape[-2]} x {heat.shape[-1]} pixels are no squares")
    _check(heat.shape[-1])
    flat = heat.detach().float().reshape(-1, *heat.shape[-2:])  # (N, S, S)
    size = int(flat.shape[-1])  # traced (ONNX), a shape is a tensor
    highest = flat.flatten(1).argmax(1)  # (N,)
    height = flat.flatten(1).gather(1, highest[:, None])
    pixel = torch.stack([highest % size, highest // size], 1)  # (N, 2) column, row
    found = _plain(flat, pixel)
    if coding == "dark":
        exact = _newton(flat, pixel, sigma)
        near = ((exact - pixel - 0.5).abs() <= _FARTHEST).all(1, keepdim=True)  # False for NaN
        found = torch.where(near, exact.clamp(0, size), found)
    return torch.cat([found, height], 1).reshape(*heat.shape[:-2], 3)


def _plain(heat: Tensor, pixel: Tensor) -> Tensor:
    """(N, 2): highest pixels' centres, a quarter towards the higher neighbours; at the border there is no neighbour."""
    size = int(heat.shape[-1])
    rows = torch.arange(heat.shape[0], device=heat.device)
    x, y = pixel.clamp(1, size - 2).unbind(1)
    column, row = pixel.unbind(1)
    slope = torch.stack([heat[rows, row, x + 1] - heat[rows, row, x - 1],
                         heat[rows, y + 1, column] - heat[rows, y - 1, column]], 1)  # fmt: skip
    within = (pixel >= 1) & (pixel <= size - 2)
    return pixel + 0.5 + QUARTER * slope.sign() * within


def _newton(heat: Tensor, pixel: Tensor, sigma: float) -> Tensor:
    """(N, 2): where the logarithm of the smoothed heatmap is highest; NaN where it curves otherwise."""
    middle = pixel.clamp(1, int(heat.shape[-1]) - 2)  # of the 3 x 3 pixels, which stay inside
    log = _smoothed(heat, middle, sigma).clamp_min(_LEAST).log()  # (N, 3, 3)
    gx, gy = (log[:, 1, 2] - log[:, 1, 0]) / 2, (log[:, 2, 1] - log[:, 0, 1]) / 2
    hxx = log[:, 1, 2] - 2 * log[:, 1, 1] + log[:, 1, 0]
    hyy = log[:, 2, 1] - 2 * log[:, 1, 1] + log[:, 0, 1]
    hxy = (log[:, 2, 2] - log[:, 2, 0] - log[:, 0, 2] + log[:, 0, 0]) / 4
    determinant = hxx * hyy - hxy**2
    step = -torch.stack([hyy * gx - hxy * gy, hxx * gy - hxy * gx], 1) / determinant[:, None]
    maximum = (hxx < 0) & (determinant > 0)
    return torch.where(maximum[:, None], middle + 0.5 + step, torch.nan)


def _smoothed(heat: Tensor, middle: Tensor, sigma: float) -> Tensor:
    """(N, 3, 3): the heatmaps (N, S, S) convolved with a Gaussian, around the middle pixels (N, 2) only."""
    radius = math.ceil(_RADIUS * sigma)
    size = int(heat.shape[-1])
    reach = torch.minimum(middle - 1, size - 2 - middle).clamp(max=radius)  # (N, 2) the same for all 3 pixels
    offsets = torch.arange(2 * radius + 3, device=heat.device) - radius - 1
    away = offsets[None, :] - torch.arange(-1, 2, device=heat.device)[:, None]  # (3, 2 radius + 3)
    gauss = (-(away**2) / (2 * sigma**2)).exp()
    kernel = torch.where(away.abs() <= reach[:, :, None, None], gauss, 0.0)  # (N, 2, 3, 2 radius + 3)
    at = (middle[:, :, None] + offsets).clamp(0, size - 1)  # (N, 2, 2 radius + 3)
    rows = torch.arange(heat.shape[0], device=heat.device)[:, None, None]
    patch = heat[rows, at[:, 1, :, None], at[:, 0, None, :]]  # (N, 2 radius + 3, 2 radius + 3)
    return kernel[:, 1] @ patch @ kernel[:, 0].transpose(1, 2)


def _check(size: int) -> None:
    if size < 3:
        raise ValueError(f"heatmaps of {size} pixels a side are too small: the least are 3")
