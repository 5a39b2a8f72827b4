"""A training that takes milliseconds a step: a small network of its own on made-up images.

As a program: ``python -m tests.model.small_run OUT [--set KEY=VALUE ...] [--pause SECONDS]``, also under torchrun. With
a seed other than 0 the network draws from torch's own generator, too.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model import recipe_text
from model.recipe import Recipe
from model.structures import SQUARE, Batch, Loss, Targets
from model.training.folder import RunFolder
from model.training.journal import METRICS, read
from model.training.loop import Outcome, Training
from model.training.processes import Processes, processes

CHARTS, SIDE, POINTS = 4, 24, 12
SMALL = ("schedule.steps=12", "schedule.batch=4", "schedule.warmup=3", "schedule.average=.9", "schedule.rate=.05",
         "running.log=3", "running.checkpoint=4", "running.evaluate=8", "data.workers=0", "weights.uv=.5")  # fmt: skip


class Small(nn.Module):
    """Charts and U, V at points; it draws from each image's seed, and with ``dropout`` from torch's own generator."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.features = nn.Sequential(first, nn.GroupNorm(2, 8), nn.ReLU(), nn.Dropout(dropout), second)
        self.fine = nn.Conv2d(8, CHARTS + 1, 1)
        self.uv = nn.Conv2d(8, 2, 1)

    def forward(self, batch: Batch) -> dict[str, Loss]:
        images = batch.images.float() / 128 - 1
        noise = [torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(int(seed))) for seed in batch.seeds]
        features = self.features(images + 0.1 * torch.stack(noise).to(images.device))
        fine, uv = self.fine(features), self.uv(features)
        assert batch.targets is not None
        losses = {"fine": 0 * fine.sum(), "uv": 0 * uv.sum()}
        for row, truth in enumerate(batch.targets):
            x, y = truth.point_xy.long().T
            losses["fine"] += nn.functional.cross_entropy(fine[row, :, y, x].T, truth.point_chart, reduction="sum")
            losses["uv"] += nn.functional.smooth_l1_loss(uv[row, :, y, x].T, truth.point_uv, reduction="sum")
        points = torch.tensor(float(sum(len(truth.point_xy) for truth in batch.targets)))
        return {"fine": Loss(losses["fine"], points), "uv": Loss(losses["uv"], torch.tensor(len(images) / 2))}


def image(seed: int) -> tuple[Tensor, Targets]:
    """An image, and charts and coordinates that its colours give away; no points on some."""
    drawn = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (3, SIDE, SIDE), generator=drawn, dtype=torch.uint8)
    count = 0 if seed % 5 == 0 else POINTS
    xy = torch.rand(count, 2, generator=drawn) * SIDE
    x, y = xy.long().T
    chart = 1 + pixels[0, y, x].long() // 64
    uv = pixels[1:, y, x].T.float() / 255
    none = torch.zeros(1, dtype=torch.bool)
    blank = torch.zeros(1, SQUARE, SQUARE, dtype=torch.uint8)
    return pixels, Targets(
        image_id=torch.tensor(seed), ids=torch.tensor([seed]), boxes=torch.tensor([[0.0, 0, SIDE, SIDE]]), crowd=none,
        parts=blank, has_parts=none, outline=blank, has_outline=none, keypoints=torch.zeros(1, 17, 3),
        point_person=torch.zeros(count, dtype=torch.int64), point_xy=xy, point_chart=chart, point_uv=uv,
        point_vertex=torch.full((count,), -1), point_weight=torch.ones(count),
    )  # fmt: skip


def batches(recipe: Recipe, rank: int, world: int, pause: float, step: int) -> Iterator[Batch]:
    """Each step's share of a process, in parts; ``pause`` seconds for each."""
    size = recipe.schedule.batch // world // recipe.schedule.accumulate
    while True:
        for part in range(recipe.schedule.accumulate):
            first = step * recipe.schedule.batch + (part * world + rank) * size
            seeds = list(range(first, first + size))
            images, targets = zip(*map(image, seeds), strict=True)
            time.sleep(pause)
            yield Batch(torch.stack(images), torch.full((size, 2), SIDE), torch.tensor(seeds), list(targets))
        step += 1


def evaluate(network: nn.Module, step: int, watch: Any) -> Mapping[str, Any]:
    """How small the weights are, as if that were good."""
    assert not network.training
    watch(1, 1)
    return {"gps": {"AP": 1 / (1 + sum(value.abs().sum().item() for value in network.parameters()))}, "what": "small"}


def training(
    recipe: Recipe, out: Path, here: Processes, resume: bool = False, pause: float = 0.0, **more: Any
) -> Training:
    """The training, ready to run."""
    folder = RunFolder(out)
    out.mkdir(exist_ok=True)
    if here.first:
        folder.begin(recipe, {}, resume)
    torch.manual_seed(recipe.running.seed)
    network = Small(0.1 if here.world == 1 and recipe.running.seed else 0.0)
    given = {"batches": partial(batches, recipe, here.rank, here.world, pause), "evaluate": evaluate, **more}
    made = Training(network, recipe, folder=folder, here=here, **given)
    if resume:
        made.resume()
    return made


def run(out: Path, *changes: str, resume: bool = False, **more: Any) -> Outcome:
    """Train in this process."""
    return training(recipe(*changes), out, Processes(0, 1, torch.device("cpu")), resume, **more).run()


def recipe(*changes: str) -> Recipe:
    """The small recipe, changed."""
    return recipe_text.changed(Recipe(), (*SMALL, *changes))


def lines(out: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics that are about learning, without times."""
    times = {"images_per_second", "waiting", "memory", "seconds"}
    found = [line for line in read(out / METRICS) if line["kind"] in ("train", "test")]
    return [{key: value for key, value in line.items() if key not in times} for line in found]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--pause", type=float, default=0.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with processes("cpu") as here:
        training(recipe(*given.set), given.out, here, pause=given.pause).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
