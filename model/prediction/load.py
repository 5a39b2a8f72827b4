"""A trained network again, with its recipe and its body: from a run's folder, one of its checkpoints, or a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

import surface
from model import recipe_text
from model.networks import build
from model.networks.trunks import LATER
from model.recipe import Recipe
from model.training.checkpoints import newest
from model.training.folder import CHECKPOINTS, FORMAT, MODEL, RunFolder

if TYPE_CHECKING:
    from surface.body import Body

SHAPE = ("charts", "parts", "keypoints", "vertices")
"""What of a network depends on its body."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network that has been trained.

    :param network: in evaluation mode.
    :param body: that its surface is on.
    :param step: steps of its training.
    :param source: the file that its weights are from.
    """

    network: nn.Module
    recipe: Recipe
    body: Body
    step: int
    source: Path


def load(path: str | Path, device: str | torch.device = "cpu", bodies: Iterable[Path] = ()) -> Loaded:
    """The network of a run's folder (the one that came out, else its newest checkpoint), of a checkpoint's folder (its
    averaged weights where it has some), or of a file ``model.safetensors``.

    Nothing but these files is read or fetched, and no code in them runs.

    :param bodies: folders of body files (.npz), beside the bodies that ship with DenseMark.
    :raises ValueError: there is no network, it is damaged, or its body is not here; the message says what and where.
    """
    path = Path(path)
    weights, about = _of_folder(path) if path.is_dir() else _of_file(path)
    try:
        recipe = recipe_text.parse(about["recipe"])
        charts, parts, keypoints, vertices = (int(about[name]) for name in SHAPE)
        step = int(about["step"])
    except (KeyError, ValueError) as error:
        reason = f"does not say its {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{weights}: {reason}") from error
    body = find_body(about.get("body", ""), about.get("body_hash", ""), bodies, weights)
    # The trunk's own weights are among those that are loaded.
    trunk = replace(recipe.network.trunk, weights=LATER)
    network = build(replace(recipe.network, trunk=trunk), charts, parts, keypoints, vertices)
    try:
        network.load_state_dict(_read(weights))
    except RuntimeError as error:
        raise ValueError(f"{weights}: does not fit its recipe ({' '.join(str(error).split())[:300]})") from error
    return Loaded(network.to(device).eval(), recipe, body, step, weights)


def weights_of(path: str | Path) -> dict[str, Tensor]:
    """The weights alone, by name, of what ``load`` takes.

    :raises ValueError: there is no network, or it is damaged.
    """
    path = Path(path)
    return _read((_of_folder(path) if path.is_dir() else _of_file(path))[0])


def find_body(name: str, hash_: str, folders: Iterable[Path], where: Path) -> Body:
    """The body with a content hash, among those that ship and the files of folders.

    :raises ValueError: it is not here; the message names ``where`` it is wanted.
    """
    own = [file for folder in folders for file in sorted(Path(folder).glob("*.npz"))]
    # Those of the right name first: hashing is quick, reading many bodies is not.
    sources: list[str | Path] = [*surface.names(), *own]
    sources.sort(key=lambda source: (source.stem if isinstance(source, Path) else source) != name)
    damaged = ""
    for source in sources:
        try:
            body = surface.load(source)
        except (ValueError, OSError) as error:  # another file may be the body
            damaged = damaged or f" (not looked at: {error})"
            continue
        if body.hash == hash_:
            return body
    raise ValueError(
        f"{where}: its body {name!r} ({hash_[:12]}) is not here: put its file into the data folder's bodies{damaged}"
    )


def _of_file(path: Path) -> tuple[Path, Mapping[str, str]]:
    if not path.is_file():
        raise ValueError(f"{path} is not there")
    if path.suffix == ".safetensors" and path.parent.parent.name == CHECKPOINTS and path.name != MODEL:
        return path, _of_run(path.parent)
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: is no safetensors file, or damaged ({error})") from error
    if about.get("format") != FORMAT:
        raise ValueError(f"{path}: is no network of DenseMark's (its metadata do not say {FORMAT!r})")
    return path, about


def _of_folder(path: Path) -> tuple[Path, Mapping[str, str]]:
    if (path / MODEL).is_file():
        return _of_file(path / MODEL)
    if path.parent.name == CHECKPOINTS and (path / "step.json").is_file():
        average = path / "average.safetensors"
        return (average if average.is_file() else path / "weights.safetensors"), _of_run(path)
    found = newest(path / CHECKPOINTS) if (path / CHECKPOINTS).is_dir() else []
    if not found:
        raise ValueError(f"{path} holds no network: no {MODEL} and no checkpoint")
    return _of_folder(found[0])


def _of_run(checkpoint: Path) -> dict[str, str]:
    """What is known of a checkpoint's network, by the run that it is in."""
    run = RunFolder(checkpoint.parent.parent)
    body = run.about().get("body")
    if not isinstance(body, dict):
        raise ValueError(f"{run.path}: does not say which body the run is on")
    try:
        step = json.loads((checkpoint / "step.json").read_text(encoding="utf-8"))["step"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{checkpoint / 'step.json'}: cannot be read ({error})") from error
    shape = {name: str(body[name]) for name in SHAPE if name in body}
    recipe = recipe_text.as_toml(run.recipe())
    return {
        "recipe": recipe,
        "body": body.get("name", ""),
        "body_hash": body.get("hash", ""),
        "step": str(step),
        **shape,
    }


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: is damaged ({error})") from error
