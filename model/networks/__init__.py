"""The networks, one method a file, built by plain constructors."""

from __future__ import annotations

from torch import nn

from model.networks.cascade import Cascade
from model.networks.cse import EmbeddingBranch, VertexEmbedding
from model.networks.deeppose import DeepPose
from model.networks.densepose import DensePoseBranch
from model.networks.detector import Detector
from model.networks.fcn import FCN
from model.networks.keypoints import KeypointBranch
from model.networks.masks import MaskBranch
from model.networks.rcnn import RCNN, Branch
from model.networks.trunks import Pyramid, Stages
from model.recipe import DensePose, Network
from surface.body import Body


def build(
    network: Network, charts: int, parts: int, keypoints: int, vertices: int, body: Body | None = None
) -> nn.Module:
    """A network with new weights, drawn from torch's global generator.

    :param charts: I = 1..charts of the body.
    :param parts: coarse parts, without the background.
    :param keypoints: of a person in the dataset.
    :param vertices: of the body's mesh.
    :param body: from which embeddings of its vertices begin; not needed where weights are read afterwards to predict.
    :raises ValueError: what does not go together.
    """
    if network.kind == "fcn":
        return _fcn(network, charts)
    if network.kind == "deeppose":
        return _deeppose(network, keypoints)
    return _rcnn(network, charts, parts, keypoints, vertices, body)


def _stages(network: Network) -> Stages:
    trunk = network.trunk
    return Stages(trunk.name, trunk.weights, trunk.norm, trunk.frozen_stages)


def _rcnn(network: Network, charts: int, parts: int, keypoints: int, vertices: int, body: Body | None) -> RCNN:
    channels = network.trunk.channels
    branches = _branches(network, channels, charts, parts, keypoints, vertices, body)
    cascade = None
    if network.cascade:
        more = sum(branch.maps_count for branch in branches.values())
        second = _branches(network, channels + more, charts, parts, keypoints, vertices)
        cascade = Cascade({name: branch.head for name, branch in second.items()})
    found = network.detector
    detector = Detector(
        channels,
        found.anchors,
        found.proposals,
        found.sampled,
        found.positive,
        found.width,
        found.least_score,
        found.overlap,
        found.most,
    )
    learned = network.densepose or DensePose()
    return RCNN(Pyramid(_stages(network), channels), detector, branches, learned.overlap, learned.most, cascade)


def _branches(
    network: Network,
    channels: int,
    charts: int,
    parts: int,
    keypoints: int,
    vertices: int,
    body: Body | None = None,
) -> dict[str, Branch]:
    """By name; ``channels`` of the features that they look at."""
    branches: dict[str, Branch] = {}
    if network.densepose is not None:
        branches["densepose"] = _densepose(network.densepose, channels, charts, parts, vertices, body)
    if network.masks is not None:
        masks = network.masks
        branches["masks"] = MaskBranch(channels, masks.layers, masks.channels, masks.pooled)
    if network.keypoints is not None:
        heat = network.keypoints
        branches["keypoints"] = KeypointBranch(
            channels, keypoints, heat.layers, heat.channels, heat.pooled, heat.size, heat.coding, heat.sigma
        )
    return branches


def _densepose(wanted: DensePose, channels: int, charts: int, parts: int, vertices: int, body: Body | None) -> Branch:
    coarse = 2 if wanted.coarse == "2" else parts + 1
    head = wanted.head, wanted.layers, wanted.channels, wanted.pooled
    if wanted.surface == "charts":
        return DensePoseBranch(channels, charts, coarse, *head, wanted.confidence)
    table = VertexEmbedding(vertices, wanted.embedding, wanted.smooth, wanted.geodesic, body)
    return EmbeddingBranch(channels, coarse, table, *head)


def _fcn(network: Network, charts: int) -> FCN:
    wanted = network.fcn
    pyramid = Pyramid(_stages(network), network.trunk.channels)
    return FCN(pyramid, charts, wanted.layers, wanted.channels, wanted.stride, wanted.confidence)


def _deeppose(network: Network, keypoints: int) -> DeepPose:
    wanted = network.deeppose
    trunks = [_stages(network) for _ in range(wanted.stages)]
    return DeepPose(trunks, keypoints, wanted.side, wanted.sigma, wanted.width, wanted.crops)
