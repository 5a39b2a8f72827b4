"""A run: from images on a body to a folder with a trained network in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from export import snapshots
from model.data.batches import train_batches
from model.data.records import Images
from model.networks import build
from model.networks.trunks import LATER
from model.prediction.load import weights_of
from model.prediction.measure import measure
from model.recipe import Network, Recipe
from model.structures import Batch
from model.training import ready, samples
from model.training.checkpoints import newest
from model.training.folder import RunFolder
from model.training.halt import Halt
from model.training.loop import Outcome, Progress, Training, Watch, silent
from model.training.processes import processes
from surface.body import Body


def train(
    recipe: Recipe,
    train_images: Images,
    test_images: Images | None,
    body: Body,
    out: str | Path,
    device: str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    about: Mapping[str, Any] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Outcome:
    """Train a network, in this process alone or in those that torchrun has started; docs/formats.md has the folder.

    Ctrl+C, SIGTERM or ``stop`` end it after a step, with a checkpoint.

    :param test_images: held out; what the network is measured on. None measures nothing and keeps the last weights.
    :param body: that the points of both are on.
    :param out: folder of the run; shared by all processes.
    :param device: "cpu", "cuda" or "cuda:N"; a GPU if there is one where None.
    :param resume: go on with the run in the folder; from the start if it has no checkpoint yet.
    :param stop: asked after every step whether to end.
    :param about: JSON values for the run's run.json.
    :param warn: told what is wrong and does not end the training.
    :raises NonFiniteError: a loss or gradient is not finite; what reproduces it is in the folder.
    :raises OutOfMemoryError: with what to change.
    :raises ValueError: the folder holds another run, the device or the data cannot be used (see ``ready.check``), or a
        recipe's network cannot be built.
    """
    folder = RunFolder(Path(out))
    doubts = ready.check(recipe, train_images, test_images)
    shape = shape_of(body)
    with processes(device) as here, folder.locked() if here.first else nullcontext():
        torch.manual_seed(recipe.running.seed)
        begun = resume and bool(newest(folder.checkpoints))
        network = build(_wanted(recipe.network, begun), **shape, body=body)
        if recipe.network.start and not begun:
            doubts += started(network, recipe.network.start)
        if here.first:
            for doubt in doubts:
                (warn or _unheard)(doubt)
            facts = {
                "dataset": facts_of(train_images),
                "test": None if test_images is None else facts_of(test_images),
                "body": {"name": body.name, "hash": body.hash, **shape},
                "device": here.name,
                "processes": here.world,
            }
            folder.begin(recipe, {**(about or {}), **facts}, resume)
        training = Training(
            network,
            recipe,
            partial(_batches, train_images, recipe, here.rank, here.world),
            folder,
            here,
            None if test_images is None else partial(_evaluate, test_images, body, recipe, folder),
            {"body": body.name, "body_hash": body.hash, **{name: str(number) for name, number in shape.items()}},
            progress or silent,
            Halt(stop),
        )
        if resume:
            for refused in training.resume():
                if here.first:
                    (warn or _unheard)(f"checkpoint {refused} cannot be used: going on from an older one")
        return training.run()


def _unheard(text: str) -> None:
    """A warning that nobody is told."""
    del text


def _wanted(network: Network, begun: bool) -> Network:
    """What is built: without the trunk's first weights where those of a checkpoint or of another run come in their
    place."""
    if not (begun or network.start):
        return network
    return replace(network, trunk=replace(network.trunk, weights=LATER))


def started(network: nn.Module, path: str) -> list[str]:
    """Give a network the weights of another one where name and shape are the same.

    :param path: what ``model.prediction.load`` takes.
    :returns: what to warn of: weights that begin anew.
    :raises ValueError: there is no network, or less than half of this one's weights are in it.
    """
    own = network.state_dict()
    fit = {name: value for name, value in weights_of(path).items() if name in own and own[name].shape == value.shape}
    if 2 * len(fit) < len(own):
        raise ValueError(f"network.start: {path} has weights for {len(fit)} of this network's {len(own)} tensors")
    network.load_state_dict(fit, strict=False)
    anew = sorted({name.rsplit(".", 1)[0] for name in own.keys() - fit.keys()})
    return [f"{len(anew)} layers begin anew, {path} has none that fit: {', '.join(anew[:5])}"] if anew else []


def shape_of(body: Body) -> dict[str, int]:
    """What of a network depends on the body: as ``model.networks.build`` takes it."""
    return {
        "charts": len(body.chart_names),
        "parts": len(body.part_names),
        "keypoints": len(body.keypoint_names),
        "vertices": len(body.vertices),
    }


def facts_of(images: Images) -> dict[str, Any]:
    """What tells a set of images from another one: path, SHA-256 of the file or of the snapshot's content, how many
    images there are; where a teacher has labelled them the SHA-256 of what describes its labels; that of what
    describes generated images; and where tables mirror them that of their file."""
    path = images.persons.path
    whole = snapshots.hash_of(snapshots.content_files(path)) if path.is_dir() else snapshots.digest(path)
    facts = {"path": str(path.absolute()), "hash": whole, "images": len(images)}
    if images.dense is not None:
        facts["dense"] = images.dense.hash
    if images.generated is not None and images.generated.dense is not None:
        facts["generated"] = images.generated.dense.hash
    if images.symmetry is not None:
        facts["symmetry"] = snapshots.digest(images.symmetry)
    return facts


def _batches(images: Images, recipe: Recipe, rank: int, world: int, step: int) -> Iterator[Batch]:
    running, data = recipe.running, recipe.data
    return train_batches(images, data, recipe.schedule, running.seed, step, rank, world, data.workers)


def _evaluate(
    images: Images, body: Body, recipe: Recipe, folder: RunFolder, network: nn.Module, step: int, watch: Watch
) -> Mapping[str, Any]:
    samples.write(network, images, body, recipe, folder.path / "samples" / f"{step:06d}")
    return measure(network, images, images.persons.path, body, recipe, progress=watch)
