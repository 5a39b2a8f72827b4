"""A network begins with the weights of another one, as far as they fit."""

from pathlib import Path

import pytest
import torch
from torch import nn

import surface
from model import recipe_text
from model.networks import build
from model.recipe import Recipe
from model.training.folder import RunFolder
from model.training.run import shape_of, started

SMALL = ("network.trunk.channels=16", "network.fcn.channels=16")


def network(*changes: str) -> nn.Module:
    return build(recipe(*changes).network, **shape_of(surface.load("anny")))


def recipe(*changes: str) -> Recipe:
    return recipe_text.read("fcn_tiny", [*SMALL, *changes])


def test_what_fits_is_taken_and_the_rest_named(tmp_path: Path) -> None:
    torch.manual_seed(1)
    other = network()
    RunFolder(tmp_path).write_model(other.state_dict(), {})
    torch.manual_seed(2)
    own = network()
    assert started(own, str(tmp_path)) == []
    assert all(torch.equal(own.state_dict()[name], value) for name, value in other.state_dict().items())
    spread = network("network.fcn.confidence=isotropic")
    (told,) = started(spread, str(tmp_path / "model.safetensors"))
    assert "begin anew" in told
    same = [name for name, value in other.state_dict().items() if torch.equal(spread.state_dict()[name], value)]
    assert 2 * len(same) > len(other.state_dict())


def test_another_network_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path).write_model(nn.Linear(2, 2).state_dict(), {})
    with pytest.raises(ValueError, match="for 0 of this network's"):
        started(network(), str(tmp_path))
    with pytest.raises(ValueError, match="holds no network"):
        started(network(), str(tmp_path / ".."))
