"""Trunks and their weights."""

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

from model.networks.trunks import NAMES, STRIDES, Pyramid, Stages, normalised

EXACT = {"resnet18": 11_176_512, "resnet50": 23_508_032, "resnet101": 42_500_160,
         "resnext50_32x4d": 22_979_904, "resnext101_32x8d": 86_742_336}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_levels_have_their_strides(name):
    with torch.device("meta"):
        pyramid = Pyramid(Stages(name), 24)
        levels = pyramid(torch.zeros(2, 3, 96, 64))
    assert [tuple(level.shape) for level in levels] == [(2, 24, -(-96 // s), -(-64 // s)) for s in STRIDES]


@pytest.mark.parametrize("name", EXACT)
def test_trunks_are_torchvisions(name):
    with torch.device("meta"):
        whole = models.get_model(name)
        stages = Stages(name)
    fc = sum(p.numel() for p in whole.fc.parameters())
    wanted = sum(p.numel() for p in whole.parameters()) - fc
    assert sum(p.numel() for p in stages.parameters()) == wanted == EXACT[name]


@pytest.fixture(scope="module")
def trained():
    """A network of torchvision's whose statistics are not those of a new one."""
    torch.manual_seed(0)
    net = models.resnet18()
    with torch.no_grad():
        net(torch.randn(2, 3, 64, 64))
    return net.eval()


@pytest.mark.parametrize("form", ["pt", "safetensors"])
def test_weights_come_from_a_file_of_torchvisions_format(trained, form, tmp_path):
    path = tmp_path / f"weights.{form}"
    (torch.save if form == "pt" else save_file)(trained.state_dict(), path)
    stages = Stages("resnet18", str(path), "frozen", frozen=2)
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        hidden = trained.maxpool(trained.relu(trained.bn1(trained.conv1(images))))
        for layer, found in zip(
            (trained.layer1, trained.layer2, trained.layer3, trained.layer4), stages(images), strict=True
        ):
            hidden = layer(hidden)
            torch.testing.assert_close(found, hidden, atol=1e-4, rtol=1e-4)
    learning = {name.split(".")[1] for name, p in stages.named_parameters() if p.requires_grad}
    assert not any(p.requires_grad for p in stages.stem.parameters())
    assert learning == {"1", "2", "3"}


def test_weights_that_do_not_fit_are_refused(trained, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(trained.state_dict(), path)
    with pytest.raises(ValueError, match=r"weights\.pt: no weights of resnet50"):
        Stages("resnet50", str(path), "frozen")
    with pytest.raises(ValueError, match="no weights of resnet18"):
        Stages("resnet18", str(path), "group")  # they have statistics, which group normalisation has no use for


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_files_without_weights_are_refused(content, tmp_path):
    path = tmp_path / "weights.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.pt"):
        Stages("resnet18", str(path), "frozen")
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="not a state of a network"):
        Stages("resnet18", str(path), "frozen")


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="unknown trunk 'resnet19'; there are tiny, resnet18"):
        Stages("resnet19")
    with pytest.raises(ValueError, match="need weights"):
        Stages("resnet18", norm="frozen")
    with pytest.raises(ValueError, match="need weights"):
        Stages("tiny", frozen=1)
    with pytest.raises(ValueError, match="no ImageNet weights of the tiny trunk"):
        Stages("tiny", "imagenet")


def test_the_mean_colour_is_zero():
    images = torch.tensor([124, 116, 104], dtype=torch.uint8)[None, :, None, None]
    assert normalised(images).abs().max() < 0.01
    assert normalised(images).dtype == torch.float32
