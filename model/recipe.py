"""A recipe: all that decides a training but its data. A TOML file names what differs from what stands here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Trunk:
    """The trunk and its feature pyramid (Lin et al., CVPR 2017).

    :param name: "tiny" (a narrow ResNet of one block a stage), "resnet18", "resnet50", "resnet101",
        "resnext50_32x4d", "resnext101_32x8d".
    :param weights: "" from scratch; "imagenet" as torchvision fetches them; else a file of torchvision's format.
    :param norm: "group" (Wu and He, ECCV 2018), or "frozen" batch normalisation, which takes weights.
    :param channels: of the pyramid.
    :param frozen_stages: stages that do not learn, the stem being the first; only with weights.
    """

    name: str = "resnet50"
    weights: str = ""
    norm: Literal["group", "frozen"] = "group"
    channels: int = 256
    frozen_stages: int = 0


@dataclass(frozen=True)
class Detector:
    """Region proposals and the box head (Ren et al., NeurIPS 2015).

    :param anchors: side of the square anchors of the finest level, doubled at each next one.
    :param proposals: kept per image after suppression, when training and when predicting.
    :param sampled: proposals per image from which the box head learns.
    :param positive: greatest share of them that are persons.
    :param width: of the box head's two layers.
    :param least_score, overlap, most: detections that are kept: their score, their overlap with better ones, and how
        many in an image.
    """

    anchors: int = 32
    proposals: tuple[int, int] = (1000, 1000)
    sampled: int = 512
    positive: float = 0.25
    width: int = 1024
    least_score: float = 0.05
    overlap: float = 0.5
    most: int = 100


@dataclass(frozen=True)
class DensePose:
    """The DensePose branch (Güler et al., CVPR 2018).

    :param head: "convolutions" or "aspp".
    :param layers, channels: of the head.
    :param pooled: side of the features cut from the pyramid.
    :param coarse: channels of S: 2 (background, person), or "parts" (background and each part).
    :param confidence: of U and V (Neverova et al., NeurIPS 2019): "", "isotropic", "anisotropic".
    :param overlap: of a proposal with a person, above which it learns.
    :param most: persons' proposals per image from which it learns.
    :param surface: "charts" (I, U, V) or "embedding" (CSE, Neverova et al., NeurIPS 2020).
    :param embedding: dimensions of it.
    :param smooth: how many smooth functions on the body the vertices' embeddings are made of; 0 has a row for each
        vertex by itself.
    :param geodesic: metres over which vertices near to the true one are nearly as right when learning the embedding,
        which takes the body's geodesic table; 0 only the true one.
    """

    head: Literal["convolutions", "aspp"] = "convolutions"
    layers: int = 8
    channels: int = 512
    pooled: int = 28
    coarse: Literal["2", "parts"] = "parts"
    confidence: Literal["", "isotropic", "anisotropic"] = ""
    overlap: float = 0.7
    most: int = 32
    surface: Literal["charts", "embedding"] = "charts"
    embedding: int = 16
    smooth: int = 256
    geodesic: float = 0.0


@dataclass(frozen=True)
class MaskBranch:
    """Masks of persons (He et al., ICCV 2017)."""

    layers: int = 4
    channels: int = 256
    pooled: int = 14


@dataclass(frozen=True)
class KeypointBranch:
    """Keypoints as heatmaps.

    :param size: side of the heatmaps.
    :param coding: "dark" (Zhang et al., CVPR 2020), or "plain": rounded when encoding, a quarter of a pixel towards
        the higher neighbour when decoding.
    :param sigma: of the Gaussian, in pixels of the heatmap.
    """

    layers: int = 8
    channels: int = 512
    pooled: int = 14
    size: int = 56
    coding: Literal["dark", "plain"] = "dark"
    sigma: float = 2.0


@dataclass(frozen=True)
class FCN:
    """The fully convolutional baseline (DenseReg, Güler et al., CVPR 2017).

    :param channels: of its head.
    :param layers: of its head, 3 x 3 convolutions.
    :param stride: of its maps.
    :param confidence: of U and V, as in ``DensePose``.
    """

    channels: int = 256
    layers: int = 2
    stride: Literal[4, 8] = 8
    confidence: Literal["", "isotropic", "anisotropic"] = ""


@dataclass(frozen=True)
class DeepPose:
    """Joint regression (Toshev and Szegedy, CVPR 2014).

    :param side: of the crops.
    :param stages: the first on the person's box, the others on crops around each joint.
    :param sigma: side of those crops in diameters of the pose.
    :param width: of the hidden layer.
    :param crops: joints of a person, with displacements drawn for them, from which a later stage learns in a step.
    """

    side: int = 224
    stages: int = 3
    sigma: float = 1.0
    width: int = 1024
    crops: int = 4


@dataclass(frozen=True)
class Network:
    """What is built.

    :param kind: "rcnn" has the detector and those of the branches that are given; the others learn from given boxes.
    :param cascade: a second stage of each branch, on features and all first-stage outputs (kind "rcnn").
    :param start: a run's folder, a checkpoint or a ``model.safetensors`` whose weights it begins with, as far as they
        fit; "" begins anew. The trunk's own weights are then not asked for.
    """

    kind: Literal["rcnn", "fcn", "deeppose"] = "rcnn"
    trunk: Trunk = field(default_factory=Trunk)
    detector: Detector = field(default_factory=Detector)
    densepose: DensePose | None = field(default_factory=DensePose)
    masks: MaskBranch | None = None
    keypoints: KeypointBranch | None = None
    cascade: bool = False
    start: str = ""
    fcn: FCN = field(default_factory=FCN)
    deeppose: DeepPose = field(default_factory=DeepPose)


@dataclass(frozen=True)
class Weights:
    """What each loss is multiplied by; second stages have the same."""

    objectness: float = 1.0
    proposals: float = 1.0
    classes: float = 1.0
    boxes: float = 1.0
    coarse: float = 5.0
    fine: float = 1.0
    uv: float = 0.01
    embedding: float = 0.6
    mask: float = 1.0
    keypoints: float = 1.0
    joints: float = 1.0


@dataclass(frozen=True)
class Data:
    """How images become batches.

    :param shortest: shortest side of an image, drawn between the two when training; the first of ``tested`` else.
    :param longest: the longest side may be.
    :param tested: shortest and longest side when predicting.
    :param flip: probability of a mirrored image.
    :param colour: strength of random brightness, contrast and saturation, 0 none.
    :param crops: each person alone, its box enlarged by ``margin``, instead of whole images.
    :param margin: of the box's sides.
    :param blank: paint what is outside the person's outline with the mean colour (teachers).
    :param dense: most labels of a teacher that are drawn for a person in a step, where the dataset has some.
    :param dense_weight: of a label of confidence 1; an annotated point weighs 1.
    :param generated: share of a step's images that are generated ones, where some are given.
    :param workers: processes that read images; 0 reads them in the trainer.
    """

    shortest: tuple[int, int] = (640, 800)
    longest: int = 1333
    tested: tuple[int, int] = (800, 1333)
    flip: float = 0.5
    colour: float = 0.0
    crops: bool = False
    margin: float = 0.1
    blank: bool = False
    dense: int = 200
    dense_weight: float = 0.5
    generated: float = 0.4
    workers: int = 4


@dataclass(frozen=True)
class Schedule:
    """Steps and rates.

    :param batch: images per step, over all processes and accumulated parts.
    :param accumulate: parts in which they are taken, one after another, each shared out among the processes; losses are
        averaged in each part, then over the parts.
    :param rate: at its highest.
    :param warmup: steps until then, linearly from a thousandth.
    :param shape: "steps" (a tenth of it at each of ``drops``) or "cosine".
    :param drops: shares of ``steps``.
    :param optimiser: "sgd" with momentum, or "adamw".
    :param clip: greatest norm of the gradient; 0 does not clip.
    :param average: decay of the exponential moving average of weights that is evaluated and kept; 0 has none.
    """

    steps: int = 130_000
    batch: int = 16
    accumulate: int = 1
    rate: float = 0.01
    warmup: int = 1000
    shape: Literal["steps", "cosine"] = "steps"
    drops: tuple[float, ...] = (100 / 130, 120 / 130)
    optimiser: Literal["sgd", "adamw"] = "sgd"
    momentum: float = 0.9
    decay: float = 1e-4
    clip: float = 10.0
    average: float = 0.0


@dataclass(frozen=True)
class Running:
    """How it is computed and what is kept.

    :param seed: of weights, order, and all that is drawn at random.
    :param precision: "bf16" computes in bfloat16 where it serves, "fp32" never.
    :param compile: by ``torch.compile``.
    :param channels_last: memory format of images and convolutions.
    :param log: steps between lines of metrics.
    :param checkpoint: steps between checkpoints.
    :param evaluate: steps between evaluations; 0 only at the end.
    :param kept: newest checkpoints that are kept.
    """

    seed: int = 0
    precision: Literal["bf16", "fp32"] = "bf16"
    compile: bool = False
    channels_last: bool = True
    log: int = 20
    checkpoint: int = 2500
    evaluate: int = 10_000
    kept: int = 2


@dataclass(frozen=True)
class Recipe:
    """A training."""

    network: Network = field(default_factory=Network)
    weights: Weights = field(default_factory=Weights)
    data: Data = field(default_factory=Data)
    schedule: Schedule = field(default_factory=Schedule)
    running: Running = field(default_factory=Running)


def as_dict(recipe: Recipe) -> dict:
    """All of a recipe as plain values."""
    return dataclasses.asdict(recipe)
