"""The loss of joint regression (Toshev and Szegedy, "DeepPose", CVPR 2014, arXiv 1312.4659)."""

from __future__ import annotations

from torch import Tensor

from model.structures import Loss


def joint_loss(found: Tensor, true: Tensor, known: Tensor) -> Loss:
    """Squared distance, summed over the joints.

    :param found: (..., 2) in units of the crop that they were found in, 0 its centre.
    :param true: (..., 2) in the same units.
    :param known: (...) bool which joints are labelled; the others only pass on gradients of zero.
    """
    found = found.float()
    apart = (found - true)[known]
    return Loss(apart.square().sum() + 0 * found.sum(), known.sum().float())
