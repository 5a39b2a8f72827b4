"""A training step and a prediction of DensePose-RCNN beside torchvision's Mask R-CNN.

Both networks have the same trunk, pyramid and detector with the same weights, so that they make the same proposals.
They get the same images with the same persons, sample as many proposals for the box head, and look closer at as many
regions: at each person's true box, because only proposals that overlap it by .99 count. When predicting both keep as
many detections. Both are timed in turns in one process. A third network, our own with a mask branch instead of the
DensePose branch, does the same work as Mask R-CNN.

Computed on a GPU where there is one (bfloat16, 800 x 1088 pixels), else on one processor core with small images, where
the peak memory is that of processes of their own. The figures say which.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.detection import MaskRCNN

from model.networks import build
from model.networks.trunks import LATER, Pyramid, Stages
from model.prediction.decode import persons
from model.recipe import DensePose, Detector, MaskBranch, Network, Trunk, Weights
from model.structures import SQUARE, Batch, Targets

CHANNELS, CHARTS, PARTS, KEYPOINTS, VERTICES = 256, 24, 14, 17, 0
POINTS = 100
"""Of a person."""
SAMPLED, PROPOSALS = 512, 1000
OVERLAP = 0.99
OURS, MASKS, PEER = "DensePose-RCNN", "ours with masks", "Mask R-CNN"


@dataclass(frozen=True)
class Size:
    """What is computed.

    :param height, width: of an image.
    :param images: of a step.
    :param regions: persons of an image.
    :param rounds: steps that are timed, after two that are not.
    """

    trunk: str
    height: int
    width: int
    images: int
    regions: int
    rounds: int


ON_GPU = Size("resnet50", 800, 1088, 2, 8, 30)
ON_CPU = Size("resnet50", 480, 640, 1, 2, 3)


def measure() -> dict[str, Any]:
    """Figures by name."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    size = ON_GPU if device.type == "cuda" else ON_CPU
    torch.set_num_threads(1)
    batch = made(size).to(device)
    networks = {
        name: network(name, size).to(memory_format=torch.channels_last).to(device) for name in (OURS, MASKS, PEER)
    }
    figures: dict[str, Any] = {
        "computed on": torch.cuda.get_device_name() if device.type == "cuda" else "one processor core, small images",
        "trunk": size.trunk,
        "images, pixels": f"{size.images} of {size.width} x {size.height}",
        "regions of a person, of the box head, an image": f"{size.regions}, {SAMPLED}",
    }
    steps = {name: trainer(name, net, batch, device) for name, net in networks.items()}
    work = {name: operations(step) for name, step in steps.items()}
    seconds = in_turns(steps, size.rounds, device)
    figures |= {f"{name}, s a step": round(value, 4) for name, value in seconds.items()}
    figures |= {f"{name}, 10^9 multiplications a step": round(value / 2e9, 1) for name, value in work.items()}
    figures |= beside("step", seconds) | beside("multiplications", work)
    memory = {name: peak(name, step, device) for name, step in steps.items()}
    figures |= {f"{name}, peak memory, MB": round(value) for name, value in memory.items()}
    figures |= beside("memory", memory)
    seers = {name: predictor(name, net.eval(), batch, device) for name, net in networks.items()}
    seconds = {name: value / size.images for name, value in in_turns(seers, size.rounds, device).items()}
    figures |= {f"{name}, images predicted a second": round(1 / value, 2) for name, value in seconds.items()}
    return figures | beside("prediction", seconds)


def beside(what: str, values: dict[str, float]) -> dict[str, str]:
    """How many times the peer's our figures are."""
    return {f"{what}, {name} to {PEER}": f"{values[name] / values[PEER]:.2f}" for name in (OURS, MASKS)}


def made(size: Size) -> Batch:
    """Noisy images with persons side by side."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (size.images, 3, size.height, size.width), generator=draw, dtype=torch.uint8)
    left = torch.arange(size.regions) * (size.width / size.regions)
    wide, tall = size.width / size.regions * 0.8, size.height * 0.7
    boxes = torch.stack([left + 1, left * 0 + 9, left + 1 + wide, left * 0 + 9 + tall], dim=1)
    return Batch(
        images,
        torch.tensor([[size.height, size.width]] * size.images),
        torch.arange(size.images),
        [truth(boxes, draw) for _ in range(size.images)],
    )


def truth(boxes: Tensor, draw: torch.Generator) -> Targets:
    """Persons in boxes, each with parts and points."""
    count = len(boxes)
    person = torch.arange(count).repeat_interleave(POINTS)
    share = torch.rand(count * POINTS, 2, generator=draw)
    parts = torch.randint(0, PARTS + 1, (count, SQUARE, SQUARE), generator=draw, dtype=torch.uint8)
    return Targets(
        image_id=torch.tensor(1),
        ids=torch.arange(1, count + 1),
        boxes=boxes,
        crowd=torch.zeros(count, dtype=torch.bool),
        parts=parts,
        has_parts=torch.ones(count, dtype=torch.bool),
        outline=(parts > 0).to(torch.uint8),
        has_outline=torch.ones(count, dtype=torch.bool),
        keypoints=torch.zeros(count, KEYPOINTS, 3),
        point_person=person,
        point_xy=boxes[person, :2] + share * (boxes[person, 2:] - boxes[person, :2]),
        point_chart=torch.randint(1, CHARTS + 1, (len(person),), generator=draw),
        point_uv=torch.rand(len(person), 2, generator=draw),
        point_vertex=torch.full((len(person),), -1),
        point_weight=torch.ones(len(person)),
    )


def network(name: str, size: Size) -> nn.Module:
    """A network with random weights, its batch normalisation frozen."""
    torch.manual_seed(0)
    if name == PEER:
        return as_ours(peer(size), network(MASKS, size))
    ours = Network(
        trunk=Trunk(size.trunk, LATER, "frozen", CHANNELS),
        detector=Detector(proposals=(PROPOSALS, PROPOSALS), sampled=SAMPLED, least_score=0.0, most=size.regions),
        densepose=DensePose(overlap=OVERLAP) if name == OURS else None,
        masks=MaskBranch() if name == MASKS else None,
    )
    built = build(ours, CHARTS, PARTS, KEYPOINTS, VERTICES)
    built.overlap = OVERLAP  # type: ignore[assignment]  # the mask branch has no overlap of its own
    return built


def peer(size: Size) -> MaskRCNN:
    """torchvision's network, with the numbers of ours."""
    return MaskRCNN(
        Levels(Pyramid(Stages(size.trunk, LATER, "frozen"), CHANNELS)),
        num_classes=2,
        min_size=size.height,
        max_size=size.width,
        rpn_pre_nms_top_n_train=2 * PROPOSALS,
        rpn_post_nms_top_n_train=PROPOSALS,
        box_batch_size_per_image=SAMPLED,
        box_fg_iou_thresh=OVERLAP,
        box_detections_per_img=size.regions,
        box_score_thresh=0.0,
    )


def as_ours(net: MaskRCNN, ours: nn.Module) -> MaskRCNN:
    """The peer with the weights that decide which regions are looked at."""
    for part, own in (
        ("backbone.pyramid", "pyramid"),
        ("rpn.head", "detector.proposer"),
        ("roi_heads.box_head", "detector.head"),
    ):
        net.get_submodule(part).load_state_dict(ours.get_submodule(own).state_dict())
    return net


class Levels(nn.Module):
    """Our pyramid as torchvision's networks take one."""

    def __init__(self, pyramid: Pyramid) -> None:
        super().__init__()
        self.pyramid, self.out_channels = pyramid, pyramid.channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """P2..P6 by name."""
        names = ("0", "1", "2", "3", "pool")
        return OrderedDict(zip(names, self.pyramid(images), strict=True))


def trainer(name: str, net: nn.Module, batch: Batch, device: torch.device) -> Callable[[], None]:
    """A step: losses, gradients, and stochastic gradient descent."""
    net.train()
    optimiser = torch.optim.SGD(net.parameters(), 1e-6, momentum=0.9)
    images = [image.float() / 255 for image in batch.images]
    wanted = [as_peer(one, batch.images.shape[-2:]) for one in batch.targets or []]

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            losses = net(images, wanted) if name == PEER else net(batch)
        if name == PEER:
            total = sum(losses.values())
        else:
            weights = Weights()
            total = sum(getattr(weights, key) * loss.total / loss.number for key, loss in losses.items())
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        optimiser.step()

    return step


def predictor(name: str, net: nn.Module, batch: Batch, device: torch.device) -> Callable[[], None]:
    """A prediction up to maps in the images' pixels, which Mask R-CNN's masks are, too."""
    images = [image.float() / 255 for image in batch.images]

    def see() -> None:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            found = net(images) if name == PEER else net(batch)
        if name != PEER:
            for one in found:
                persons(one)

    return see


def as_peer(one: Targets, size: torch.Size) -> dict[str, Tensor]:
    """The truth as torchvision's networks take it."""
    masks = torch.zeros(len(one.boxes), *size, dtype=torch.uint8, device=one.boxes.device)
    for mask, (x0, y0, x1, y1) in zip(masks, one.boxes.long().tolist(), strict=True):
        mask[y0:y1, x0:x1] = 1
    return {"boxes": one.boxes, "labels": torch.ones_like(one.ids), "masks": masks}


def operations(step: Callable[[], None]) -> float:
    """Floating-point operations of a step's matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def in_turns(steps: dict[str, Callable[[], None]], rounds: int, device: torch.device) -> dict[str, float]:
    """Median seconds of each, one after another; on a processor those that this process was computing."""
    clock = perf_counter if device.type == "cuda" else process_time
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 2):
        for name, step in steps.items():
            begin = clock()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn >= 2:
                times[name].append(clock() - begin)
    return {name: median(values) for name, values in times.items()}


def peak(name: str, step: Callable[[], None], device: torch.device) -> float:
    """Megabytes that a training needs at most; on a processor in a process of its own, without what it has before."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_alone, (name,))


def _peak_alone(name: str) -> float:
    torch.set_num_threads(1)
    before = _highest()
    step = trainer(name, network(name, ON_CPU).to(memory_format=torch.channels_last), made(ON_CPU), torch.device("cpu"))
    for _ in range(2):
        step()
    return _highest() - before


def _highest() -> float:
    """Megabytes that this process held at most. Linux counts those of the process that began it as getrusage's, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
