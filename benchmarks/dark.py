"""Keypoints as heatmaps: DARK against plain coding, in heatmaps of 28 and 56 pixels over a rendered person's box.

Two things are told apart. ``exact``: what coding alone loses, when a heatmap is just as it was encoded. ``learned``:
what is left when a small network has learned the heatmaps, here in this run: the keypoint branch on the tiny trunk, the
same weights to begin with, images and steps for each coding. The errors are distances in pixels of the heatmap, of the
keypoints of persons who were not learned from, where they are seen and lie in the box. A learned DARK heatmap is
decoded plainly, too, which tells decoding from encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align

import surface
from model.dark import Coding, decode, encode
from model.losses.keypoints import in_heatmaps, keypoint_loss
from model.networks.keypoints import KeypointBranch
from model.networks.trunks import Pyramid, Stages, normalised
from synthesis.dataset import image_seed
from synthesis.render import Options, render

SIZES = (28, 56)
SIGMA = 2.0
CODINGS: tuple[Coding, ...] = get_args(Coding)
SEED = 6
LATER = 10_000
"""Numbers of renders above this are of unseen persons."""
IMAGE, WIDE, SIDE, MOVED = 192, 96, 80, 7
"""Pixels along a side of a render, of a crop, and of the box in it, and how far its sides are moved when learning."""
NEAR = 2
MEDIAN = "median px"
SEEN = 2  # COCO's visibility
CLIP, AT_ONCE = 5.0, 50


@dataclass(frozen=True)
class Budget:
    """Of each network: rendered persons, unseen ones, steps, persons in a step, and the highest rate."""

    learned: int = 700
    tested: int = 250
    steps: int = 500
    batch: int = 16
    rate: float = 3e-3


class People(NamedTuple):
    """Rendered persons, each alone in a crop, its box stretched to a square in the middle.

    :ivar crops: (N, 3, WIDE, WIDE) u1.
    :ivar keypoints: (N, K, 3) f4 x, y, visibility in pixels of the crop.
    """

    crops: Tensor
    keypoints: Tensor


def measure(budget: Budget = Budget()) -> dict[str, Any]:
    """Figures by name; claims that do not hold, under ``failed``."""
    learned, tested = rendered(range(1, budget.learned + 1)), rendered(range(LATER + 1, LATER + budget.tested + 1))
    figures: dict[str, Any] = {}
    for size in SIZES:
        points, seen = true(tested, size)
        for coding in CODINGS:
            found = decode(encode(points[seen], size, SIGMA, coding), SIGMA, coding)[:, :2]
            figures |= told(f"{size} exact {coding}", found, points[seen])
    for size, coding in product(SIZES, CODINGS):
        heat = heatmaps(train(learned, size, coding, budget), tested)
        points, seen = true(tested, size)
        for decoding in CODINGS if coding == "dark" else (coding,):
            name = f"{size} learned {coding}" + ("" if decoding == coding else f" decoded {decoding}")
            figures |= told(name, decode(heat[seen], SIGMA, decoding)[:, :2], points[seen])
    failed = [
        f"{kind} heatmaps of {size}: {MEDIAN} of DARK is not below that of plain coding"
        for size, kind in product(SIZES, ("exact", "learned"))
        if figures[f"{size} {kind} dark, {MEDIAN}"] >= figures[f"{size} {kind} plain, {MEDIAN}"]
    ]
    return figures | ({"failed": failed} if failed else {})


def told(name: str, found: Tensor, points: Tensor) -> dict[str, float]:
    """Errors of points (n, 2). Joints that are taken for others weigh little in a median, and not in the last."""
    apart = (found - points).norm(dim=1)
    near = apart[apart <= NEAR]
    return {
        f"{name}, {MEDIAN}": apart.median().item(),
        f"{name}, share within half a px": (apart <= 0.5).float().mean().item(),
        f"{name}, share within {NEAR} px": len(near) / len(apart),
        f"{name}, mean px of these": near.mean().item(),
    }


def rendered(numbers: range) -> People:
    """The persons of whom most is seen, of the renders of these numbers."""
    body, options = surface.load("anny"), Options(size=IMAGE)
    crops, keypoints = [], []
    margin = (WIDE - SIDE) / 2
    for number in numbers:
        made = render(body, image_seed(SEED, number), options)
        x, y, width, height = made.person.box
        across = torch.tensor([SIDE / width, SIDE / height])
        low = torch.tensor([x, y]) - margin / across
        image = torch.from_numpy(made.image).permute(2, 0, 1)[None].float()
        box = torch.cat([low, low + WIDE / across])[None]
        crops.append(roi_align(image, [box], WIDE, sampling_ratio=2, aligned=True).round().to(torch.uint8))
        joints = torch.from_numpy(made.person.keypoints).float()
        keypoints.append(torch.cat([(joints[:, :2] - low) * across, joints[:, 2:]], 1))
    return People(torch.cat(crops), torch.stack(keypoints))


def true(people: People, size: int) -> tuple[Tensor, Tensor]:
    """Keypoints (N, K, 2) in pixels of heatmaps, and which of them (N, K) are seen and lie in the box."""
    points, known = in_heatmaps(people.keypoints, boxes(len(people.crops)), size)
    return points, known & (people.keypoints[..., 2] == SEEN)


def boxes(count: int) -> Tensor:
    """(count, 4) the persons' boxes in their crops."""
    margin = (WIDE - SIDE) / 2
    return torch.tensor([[margin, margin, WIDE - margin, WIDE - margin]]).expand(count, 4)


class Network(nn.Module):
    """The keypoint branch on the tiny trunk."""

    def __init__(self, keypoints: int, size: int, coding: Coding) -> None:
        super().__init__()
        self.pyramid = Pyramid(Stages("tiny"), 64)
        self.branch = KeypointBranch(64, keypoints, 4, 64, 14, size, coding, SIGMA)

    def forward(self, crops: Tensor, regions: Tensor) -> Tensor:
        """Logits (N, K, size, size) of a region (N, 4) in each crop."""
        logits: Tensor = self.branch(self.pyramid(normalised(crops)), list(regions.split(1)))
        return logits


def train(people: People, size: int, coding: Coding, budget: Budget) -> Network:
    """A network that has learned heatmaps, from boxes whose sides are moved at random."""
    torch.manual_seed(SEED)
    draw = torch.Generator().manual_seed(SEED)
    network = Network(people.keypoints.shape[1], size, coding)
    optimiser = torch.optim.AdamW(network.parameters(), budget.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, budget.rate, total_steps=budget.steps)
    for _ in range(budget.steps):
        rows = torch.randint(len(people.crops), (budget.batch,), generator=draw)
        moved = boxes(len(rows)) + MOVED * (2 * torch.rand(len(rows), 4, generator=draw) - 1)
        points, known = in_heatmaps(people.keypoints[rows], moved, size)
        total, number = keypoint_loss(network(people.crops[rows], moved), points, known, SIGMA, coding)
        optimiser.zero_grad()
        (total / number.clamp_min(1)).backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimiser.step()
        schedule.step()
    return network


@torch.no_grad()
def heatmaps(network: Network, people: People) -> Tensor:
    """(N, K, S, S) probabilities in the persons' boxes."""
    logits = torch.cat([network(crops, boxes(len(crops))) for crops in people.crops.split(AT_ONCE)])
    return logits.flatten(2).softmax(2).reshape(logits.shape)
