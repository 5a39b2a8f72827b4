"""Mask and keypoint branches, and second stages, in a network with a tiny trunk."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from model import recipe
from model.dark import encode
from model.networks import build
from model.networks.cascade import Cascade, resized
from model.networks.keypoints import KeypointBranch
from model.networks.masks import MaskBranch
from model.networks.proposals import Rois
from model.structures import SQUARE, Batch, Targets

K = 17
NETWORK = recipe.Network(
    trunk=recipe.Trunk("tiny", channels=16),
    detector=recipe.Detector(width=16, proposals=(20, 20), sampled=16),
    densepose=recipe.DensePose(layers=1, channels=8, pooled=7, coarse="2"),
    masks=recipe.MaskBranch(layers=1, channels=8, pooled=7),
    keypoints=recipe.KeypointBranch(layers=1, channels=8, pooled=7, size=28),
    cascade=True,
)
BRANCHES = ("coarse", "fine", "uv", "mask", "keypoints")


def _targets(boxes: list[list[float]], known: bool = True) -> Targets:
    """Persons in boxes: the left half is person, keypoints lie along the diagonal, one point in the middle."""
    count = len(boxes)
    at = torch.tensor(boxes).reshape(-1, 4)
    along = torch.linspace(0.1, 0.9, K)[None, :, None]
    joints = at[:, None, :2] + along * (at[:, None, 2:] - at[:, None, :2])
    outline = torch.zeros(count, SQUARE, SQUARE, dtype=torch.uint8)
    outline[:, :, : SQUARE // 2] = 1
    points = count if known else 0
    return Targets(
        image_id=torch.tensor(1),
        ids=torch.arange(count),
        boxes=at,
        crowd=torch.zeros(count, dtype=torch.bool),
        parts=outline,
        has_parts=torch.full((count,), known),
        outline=outline,
        has_outline=torch.full((count,), known),
        keypoints=torch.cat([joints, torch.full((count, K, 1), 2.0 * known)], 2),
        point_person=torch.arange(points),
        point_xy=(at[:points, :2] + at[:points, 2:]) / 2,
        point_chart=torch.ones(points, dtype=torch.long),
        point_uv=torch.full((points, 2), 0.5),
        point_vertex=torch.full((points,), -1),
        point_weight=torch.ones(points),
    )


def _batch(*targets: Targets) -> Batch:
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (len(targets), 3, 64, 96), generator=draw, dtype=torch.uint8)
    return Batch(images, torch.tensor([[64, 96]] * len(targets)), torch.arange(len(targets)), list(targets))


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return build(NETWORK, charts=3, parts=2, keypoints=K, vertices=10)


@pytest.mark.parametrize(
    "targets",
    [
        [_targets([[8.0, 4, 60, 60]]), _targets([])],
        [_targets([]), _targets([])],
        [_targets([[8.0, 4, 60, 60]], known=False), _targets([[1.0, 1, 9, 9]], known=False)],
    ],
    ids=["some", "no persons", "persons of whom nothing is known"],
)
def test_losses_of_all_stages_reach_every_parameter(network: nn.Module, targets: list[Targets]) -> None:
    network.train().zero_grad()
    losses = network(_batch(*targets))
    assert {*BRANCHES, *(f"{name}_2" for name in BRANCHES)} < set(losses)
    for name in ("mask", "keypoints"):
        assert (losses[name].number > 0) == bool(targets[0].has_outline.any()) == (losses[f"{name}_2"].number > 0)
    sum(loss.total for loss in losses.values()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_losses_in_bfloat16_are_those_of_full_precision(network: nn.Module) -> None:
    batch = _batch(_targets([[8.0, 4, 60, 60]]))
    full = network.train()(batch)
    with torch.autocast("cpu", torch.bfloat16):
        short = network(batch)
    for name in ("mask", "keypoints", "mask_2", "keypoints_2"):
        assert short[name].total.dtype == torch.float32
        assert short[name].total.allclose(full[name].total, rtol=0.02)


def test_second_stages_learn_through_all_first_ones(network: nn.Module) -> None:
    network.train()
    batch = _batch(_targets([[8.0, 4, 60, 60]]))
    for second in BRANCHES:
        network.zero_grad()
        network(batch)[f"{second}_2"].total.backward()
        for branch in network.branches.values():
            assert any(p.grad is not None and p.grad.abs().max() > 0 for p in branch.head.parameters())


def test_second_stages_are_what_is_found(network: nn.Module) -> None:
    boxes = [torch.tensor([[8.0, 4, 60, 60]]), torch.zeros(0, 4)]
    batch = replace(_batch(_targets([]), _targets([])), targets=None, boxes=boxes)
    with torch.no_grad():
        some, none = network.eval()(batch)
        features = network.pyramid((batch.images.float() - 100) / 50)
        regions = {name: branch.pooled(features, boxes) for name, branch in network.branches.items()}
        assert network.cascade(regions, _maps(network, regions))["masks"].shape == (1, 14, 14)
        torch.nn.init.constant_(network.cascade.heads["masks"].person.bias, 30.0)
        (after, _) = network(batch)
        torch.nn.init.zeros_(network.cascade.heads["masks"].person.bias)
    assert (some.keypoints.shape, none.keypoints.shape, none.mask.shape) == ((1, K, 3), (0, K, 3), (0, 14, 14))
    assert after.mask.min() > 0.99 > some.mask.max()
    inside = (some.keypoints[..., :2] >= boxes[0][:, :2]) & (some.keypoints[..., :2] <= boxes[0][:, 2:])
    assert inside.all()
    assert ((some.keypoints[..., 2] > 0) & (some.keypoints[..., 2] <= 1)).all()


def _maps(network: nn.Module, regions: dict[str, Tensor]) -> dict[str, Tensor]:
    maps = {name: branch.maps(branch.head(regions[name])) for name, branch in network.branches.items()}
    assert {name: found.shape[1] for name, found in maps.items()} == {
        name: branch.maps_count for name, branch in network.branches.items()
    }
    return maps


def test_maps_come_to_the_resolution_of_the_features_they_join() -> None:
    """A second stage that copies what it gets shows where each map lands."""
    ramp = ((torch.arange(56) + 0.5) / 56).expand(1, 1, 56, 56)
    small = ((torch.arange(7) + 0.5) / 7).expand(1, 1, 7, 7)
    regions = {"a": torch.zeros(1, 3, 14, 14), "b": torch.zeros(1, 3, 28, 28)}
    found = Cascade({name: nn.Identity() for name in regions})(regions, {"a": small, "b": ramp})
    assert found["a"].shape == (1, 5, 14, 14)
    assert found["b"].shape == (1, 5, 28, 28)
    for name, side in (("a", 14), ("b", 28)):
        middle = slice(side // 7, -side // 7)  # at borders, enlargement repeats the outermost pixel
        for given in found[name][0, 3:]:
            assert given[:, middle].allclose(((torch.arange(side) + 0.5) / side)[middle], atol=1e-6)
    assert resized(ramp, 56).equal(ramp)
    assert resized(ramp, 15).mean(3).allclose(torch.tensor(0.5))  # which does not divide 56


def test_keypoints_come_back_from_perfect_heatmaps_of_a_region() -> None:
    targets = _targets([[8.0, 4, 60, 60], [3.0, 5, 90, 40]])
    branch = KeypointBranch(16, K, 1, 8, 7, 28)
    boxes = [targets.boxes]
    side = targets.boxes[:, None, 2:] - targets.boxes[:, None, :2]
    heat = encode((targets.keypoints[..., :2] - targets.boxes[:, None, :2]) / side * 28, 28, branch.sigma)
    logits = heat.clamp_min(1e-30).log()
    found = branch.detections(logits, boxes)["keypoints"]
    assert ((found - targets.keypoints)[..., :2].abs() < 0.02 * side / 28).all()
    assert (found[..., 2] > 0.9).all()
    loss = branch.losses(logits, Rois(boxes, [torch.tensor([0, 1])], [targets]))["keypoints"]
    assert loss.number == 2 * K
    assert loss.total < 1e-4


def test_masks_come_back_from_the_logits_that_the_loss_likes() -> None:
    targets = _targets([[8.0, 4, 60, 60]])
    branch = MaskBranch(16, 1, 8, 14)
    wide = torch.tensor([[8.0, 4, 112, 60]])  # its left quarter is person
    logits = torch.full((1, 28, 28), -20.0)
    logits[:, :, :7] = 20
    loss = branch.losses(logits, Rois([wide], [torch.tensor([0])], [targets]))["mask"]
    assert (loss.total < 1e-6, loss.number.item()) == (True, 1)
    assert branch.detections(logits, [wide])["mask"].round()[0].sum() == 28 * 7
