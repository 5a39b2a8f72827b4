"""Trunks: residual networks of torchvision and a narrow one, and the feature pyramid on them.

He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016); Xie et al., "Aggregated Residual Transformations"
(CVPR 2017); Wu and He, "Group Normalization" (ECCV 2018); Lin et al., "Feature Pyramid Networks" (CVPR 2017).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool
from torchvision.ops.misc import FrozenBatchNorm2d

NAMES = ("tiny", "resnet18", "resnet50", "resnet101", "resnext50_32x4d", "resnext101_32x8d")
LATER = "later"
"""Weights of a trunk that are loaded with the whole network's."""
STRIDES = (4, 8, 16, 32, 64)
"""Of the pyramid's levels, the finest first."""
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of ImageNet's sRGB values."""

Norm = Callable[[int], nn.Module]


def normalised(images: Tensor) -> Tensor:
    """Images as a trunk takes them.

    :param images: (B, 3, H, W) u1 sRGB.
    :returns: (B, 3, H, W) f4 of mean 0 and deviation 1; 0 where the padding is.
    """
    mean, std = (images.new_tensor(values, dtype=torch.float32)[:, None, None] for values in (MEAN, STD))
    return (images.float() - mean) / std


def group_norm(channels: int) -> nn.GroupNorm:
    """32 groups; in narrow layers groups of at least 4 channels."""
    return nn.GroupNorm(max(1, min(32, channels // 4)), channels)


class Stages(nn.Module):
    """A trunk cut into its stages.

    :param name: one of ``NAMES``.
    :param weights: "", "imagenet" (fetched by torchvision into torch's cache), or a file with a state of torchvision's
        network of that name, as ``torch.save`` or safetensors write it; a classifier in it is left out. ``LATER``
        leaves the trunk empty, for a network whose own weights are loaded next.
    :param norm: "group", or "frozen" batch normalisation.
    :param frozen: stages that do not learn, the stem being the first.
    :raises ValueError: an unknown name; frozen parts without weights; a file that does not fit.
    """

    def __init__(self, name: str, weights: str = "", norm: str = "group", frozen: int = 0) -> None:
        super().__init__()
        if not weights and (norm == "frozen" or frozen):
            raise ValueError(f"trunk {name}: frozen parts cannot learn, so they need weights")
        net = _network(name, group_norm if norm == "group" else FrozenBatchNorm2d)
        if weights not in ("", LATER):
            load(net, name, weights)
        self.stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.stages = nn.ModuleList([net.layer1, net.layer2, net.layer3, net.layer4])
        self.channels = [_width(stage) for stage in self.stages]
        for stage in [self.stem, *self.stages][:frozen]:
            stage.requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of strides 4, 8, 16, 32.

        :param images: (B, 3, H, W) f4, normalised; 32 divides H and W.
        :returns: four (B, channels[i], H / stride, W / stride).
        """
        features = self.stem(images)
        out = []
        for stage in self.stages:
            features = stage(features)
            out.append(features)
        return out


class Pyramid(nn.Module):
    """A trunk and its feature pyramid.

    :param channels: of every level.
    """

    def __init__(self, stages: Stages, channels: int) -> None:
        super().__init__()
        self.stages, self.channels = stages, channels
        self.pyramid = FeaturePyramidNetwork(stages.channels, channels, LastLevelMaxPool())

    def forward(self, images: Tensor) -> list[Tensor]:
        """Levels P2..P6 of ``STRIDES``.

        :param images: (B, 3, H, W) f4, normalised; 32 divides H and W.
        :returns: five (B, channels, ceil(H / stride), ceil(W / stride)).
        """
        levels = OrderedDict((str(i), features) for i, features in enumerate(self.stages(images)))
        return list(self.pyramid(levels).values())


class Narrow(nn.Module):
    """A residual network of one block a stage, 16 to 128 channels wide, with the parts' names of torchvision's."""

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(self, norm: Norm, widths: tuple[int, int, int, int] = (16, 32, 64, 128)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1, self.relu, self.maxpool = norm(widths[0]), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        for i, (before, width) in enumerate(pairwise((widths[0], *widths))):
            stride = 1 if i == 0 else 2
            short = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), norm(width)) if i else None
            self.add_module(f"layer{i + 1}", nn.Sequential(BasicBlock(before, width, stride, short, norm_layer=norm)))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")


def load(net: nn.Module, name: str, weights: str) -> None:
    """Fill a trunk.

    :param net: with the parts' names of torchvision's residual networks.
    :param weights: "imagenet" or a file.
    :raises ValueError: what cannot be fetched or read, or does not fit.
    """
    state = _imagenet(name) if weights == "imagenet" else _read(Path(weights))
    state = {key: value for key, value in state.items() if not key.startswith("fc.")}
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{weights}: no weights of {name}: {' '.join(str(error).split())[:300]}") from error


def _imagenet(name: str) -> dict[str, Tensor]:
    if name == "tiny":
        raise ValueError("there are no ImageNet weights of the tiny trunk")
    try:
        return dict(models.get_model_weights(name)["IMAGENET1K_V1"].get_state_dict(progress=True, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise ValueError(
            f"ImageNet weights of {name} could not be fetched ({error}). Name a file of them as network.trunk.weights "
            f"(torchvision has it at {models.get_model_weights(name)['IMAGENET1K_V1'].url}), or learn from scratch: "
            "network.trunk.weights= network.trunk.norm=group network.trunk.frozen_stages=0"
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds, from OSError to UnpicklingError
        raise ValueError(f"{path}: no file of weights: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path}: not a state of a network, which is tensors by name")
    return state


def _network(name: str, norm: Norm) -> Narrow | ResNet:
    if name not in NAMES:
        raise ValueError(f"unknown trunk {name!r}; there are {', '.join(NAMES)}")
    if name == "tiny":
        return Narrow(norm)
    net: ResNet = models.get_model(name, weights=None, norm_layer=norm)
    del net.fc
    return net


def _width(stage: nn.Module) -> int:
    return [layer for layer in stage.modules() if isinstance(layer, nn.Conv2d)][-1].out_channels
