"""See a step again whose loss or gradient was not finite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from model import recipe_text
from model.networks import build
from model.networks.trunks import LATER
from model.prediction.load import find_body
from model.training.failures import of_plain
from model.training.loop import backward, prepared, seed_step
from model.training.processes import Processes, chosen_device


def reproduce(folder: Path, device: str | None = None, bodies: Iterable[Path] = ()) -> dict[str, float]:
    """Take the step again that a folder ``failure-NNNNNN`` of a run is of.

    :param device: as ``chosen_device`` takes it.
    :param bodies: folders of body files (.npz), beside the bodies that ship with DenseMark.
    :return: see ``replay``.
    :raises ValueError: it is no such folder, or its body is wanted and not here.
    """
    try:
        about = json.loads((folder / "failure.json").read_text(encoding="utf-8"))
        recipe = recipe_text.read(folder / "recipe.toml")
        trunk = replace(recipe.network.trunk, weights=LATER)
        charts, parts, keypoints, vertices = (int(about[name]) for name in ("charts", "parts", "keypoints", "vertices"))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{folder}: is no failure-NNNNNN folder of a run ({error})") from error
    body = None
    if recipe.network.densepose is not None and recipe.network.densepose.geodesic:
        # Distances between vertices are no part of the weights.
        body = find_body(about.get("body", ""), about.get("body_hash", ""), bodies, folder)
    network = build(replace(recipe.network, trunk=trunk), charts, parts, keypoints, vertices, body)
    return replay(folder, network, about, device)


def replay(folder: Path, network: nn.Module, about: dict[str, Any], device: str | None = None) -> dict[str, float]:
    """Take the step again with a network as the recipe builds it. All processes' batches are taken in this one, one
    after another, so that means over several processes' batches become means of means.

    :param about: failure.json.
    :return: "loss" and each loss by name, "gradient", and "gradient of NAME" of each parameter where it is not finite.
    """
    here = Processes(0, 1, chosen_device(device))
    recipe = recipe_text.read(folder / "recipe.toml")
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    network = prepared(network, recipe, here.device)
    paths = sorted(folder.glob("batch-*.pt"), key=lambda path: [int(part) for part in path.stem.split("-")[1:]])
    parts = [of_plain(torch.load(path, weights_only=True)).to(here.device) for path in paths]
    seed_step(recipe, about["step"])
    values, _ = backward(network, parts, recipe, here, False)
    norms = {name: float(item.grad.norm()) for name, item in network.named_parameters() if item.grad is not None}
    values["gradient"] = float(torch.tensor(list(norms.values())).norm())
    return values | {f"gradient of {name}": norm for name, norm in norms.items() if not torch.tensor(norm).isfinite()}
