"""The loss of keypoints as heatmaps."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from model.dark import Coding, encode
from model.structures import Loss


def keypoint_loss(logits: Tensor, points: Tensor, known: Tensor, sigma: float, coding: Coding) -> Loss:
    """Kullback-Leibler divergence of the heatmaps' soft-max from the Gaussians they should be, summed over keypoints.

    Its gradient is that of cross-entropy over the pixels, as in Mask R-CNN (He et al., ICCV 2017), with a Gaussian
    (Zhang et al., CVPR 2020) instead of a single pixel; a perfect heatmap has 0.

    :param logits: (R, K, S, S).
    :param points: (R, K, 2) in pixels of the heatmap.
    :param known: (R, K) bool where there is such a keypoint; the others only pass on gradients of zero.
    """
    logits = logits.float()
    if not known.any():
        return Loss(0 * logits.sum(), known.sum().float())
    logs = logits[known].flatten(1).log_softmax(1)  # (n, S * S)
    true = encode(points[known], logits.shape[-1], sigma, coding).flatten(1)
    return Loss(functional.kl_div(logs, true, reduction="sum"), known.sum().float())


def in_heatmaps(keypoints: Tensor, boxes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Keypoints in pixels of their boxes' heatmaps (R, K, 2) f4, and which of them (R, K) bool are labelled and lie in
    the box: only these have a heatmap.

    :param keypoints: (R, K, 3) x, y, visibility in pixels of the image.
    :param boxes: (R, 4).
    :param size: S of the heatmaps, stretched over the boxes.
    """
    side = (boxes[:, 2:] - boxes[:, :2]).clamp_min(1e-6)
    points = (keypoints[..., :2] - boxes[:, None, :2]) / side[:, None] * size
    within = ((points >= 0) & (points <= size)).all(-1)
    return points, within & (keypoints[..., 2] > 0)


def in_image(found: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Keypoints (R, K, 3) in pixels of heatmaps back to pixels of the image; the third number stays."""
    side = boxes[:, 2:] - boxes[:, :2]
    return torch.cat([boxes[:, None, :2] + found[..., :2] / size * side[:, None], found[..., 2:]], -1)
