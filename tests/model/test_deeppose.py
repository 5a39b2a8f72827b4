"""DeepPose: joints by regression in a cascade."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from evaluation.keypoints import pdj
from model import recipe
from model.networks import build
from model.networks.deeppose import TORSO, DeepPose
from model.structures import SQUARE, Batch, Loss, Targets

K = 17
NETWORK = recipe.Network(
    kind="deeppose", trunk=recipe.Trunk("tiny"), deeppose=recipe.DeepPose(side=32, stages=2, width=64, crops=4)
)


def _targets(boxes: Tensor, keypoints: Tensor) -> Targets:
    count = len(boxes)
    return Targets(
        image_id=torch.tensor(1),
        ids=torch.arange(count),
        boxes=boxes,
        crowd=torch.zeros(count, dtype=torch.bool),
        parts=torch.zeros(count, SQUARE, SQUARE, dtype=torch.uint8),
        has_parts=torch.zeros(count, dtype=torch.bool),
        outline=torch.zeros(count, SQUARE, SQUARE, dtype=torch.uint8),
        has_outline=torch.zeros(count, dtype=torch.bool),
        keypoints=keypoints,
        point_person=torch.zeros(0, dtype=torch.long),
        point_xy=torch.zeros(0, 2),
        point_chart=torch.zeros(0, dtype=torch.long),
        point_uv=torch.zeros(0, 2),
        point_vertex=torch.zeros(0, dtype=torch.long),
        point_weight=torch.zeros(0),
    )


def _drawn(images: int, seed: int) -> Batch:
    """A stick figure in each image: each joint a spot of its own colour, in a pose of its own."""
    draw = torch.Generator().manual_seed(seed)
    turn = torch.arange(K) * 12 * torch.pi / K  # shoulder and hip are almost opposite
    rest = 0.5 + 0.3 * torch.stack([turn.cos(), turn.sin()], 1)
    colours = torch.rand(K, 3, generator=torch.Generator().manual_seed(2)) * 255
    pictures, targets = [], []
    for _ in range(images):
        box = torch.tensor([[12.0, 8.0, 84.0, 88.0]]) + 8 * torch.rand(4, generator=draw)
        joints = rest + 0.05 * torch.randn(2, generator=draw) + 0.03 * torch.randn(K, 2, generator=draw)
        at = box[0, :2] + joints * (box[0, 2:] - box[0, :2])
        picture = torch.full((3, 96, 96), 110.0)
        y, x = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(96) + 0.5, indexing="ij")
        for place, colour in zip(at, colours, strict=True):
            near = (-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 18).exp()
            picture = picture * (1 - near) + colour[:, None, None] * near
        pictures.append(picture.to(torch.uint8))
        targets.append(_targets(box, torch.cat([at, torch.full((K, 1), 2.0)], 1)[None]))
    seeds = torch.randint(0, 2**40, (images,), generator=draw)
    return Batch(torch.stack(pictures), torch.full((images, 2), 96), seeds, targets)


def _network(**changes: object) -> nn.Module:
    torch.manual_seed(0)
    return build(replace(NETWORK, deeppose=replace(NETWORK.deeppose, **changes)), 24, 14, K, 10)


def _found(network: nn.Module, batch: Batch, shift: float = 0) -> tuple[Tensor, Tensor]:
    """True and found joints (N, 17, 3), of boxes that were moved by some pixels."""
    assert batch.targets is not None
    with torch.no_grad():
        found = network.eval()(replace(batch, targets=None, boxes=[truth.boxes + shift for truth in batch.targets]))
    return torch.cat([truth.keypoints for truth in batch.targets]), torch.cat([each.keypoints for each in found])


def test_joints_are_learned_and_the_second_stage_brings_them_nearer() -> None:
    """In images that the network never saw, after 60 steps; with boxes that are off, for the second stage's sake."""
    network, batches = _network(), [_drawn(8, seed) for seed in range(3)]
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    for step in range(60):
        losses = network.train()(replace(batches[step % 3], seeds=torch.arange(8) + 8 * step))
        optimiser.zero_grad()
        sum(loss.total / loss.number for loss in losses.values()).backward()
        optimiser.step()
    unseen = _drawn(32, 1000)
    true, found = _found(network, unseen)
    rates, measured = pdj(true.double().numpy(), found.double().numpy(), fractions=(0.2,))
    assert measured.sum() == 32 * K
    assert rates.mean() > 0.9
    both = torch.sub(*_found(network, unseen, shift=8))[..., :2].norm(dim=2).mean()
    network.stages = network.stages[:1]
    first = torch.sub(*_found(network, unseen, shift=8))[..., :2].norm(dim=2).mean()
    assert both < 0.95 * first


def _unknown(batch: Batch) -> Batch:
    assert batch.targets is not None
    return replace(batch, targets=[replace(t, keypoints=0 * t.keypoints) for t in batch.targets])


def _empty(batch: Batch) -> Batch:
    return replace(batch, targets=[_targets(torch.zeros(0, 4), torch.zeros(0, K, 3)) for _ in batch.images])


@pytest.mark.parametrize("nothing", [_unknown, _empty])
def test_a_batch_without_joints_still_reaches_every_parameter(nothing: object) -> None:
    network = _network(stages=3).train()
    losses = network(nothing(_drawn(2, 0)))
    assert {name: (loss.total.item(), loss.number.item()) for name, loss in losses.items()} == {
        "joints": (0, 0), "joints_2": (0, 0), "joints_3": (0, 0),
    }  # fmt: skip
    sum(loss.total for loss in losses.values()).backward()
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in network.parameters())


def test_losses_do_not_change_with_how_a_batch_is_shared_out() -> None:
    """Nor with joints that are not labelled, wherever they stand."""
    network, batch = _network(stages=3).train(), _drawn(3, 5)
    assert batch.targets is not None
    for truth in batch.targets:
        truth.keypoints[:, 4:9] = torch.tensor([1e6, -1e6, 0.0])
    together = network(batch)
    shares = [
        network(
            Batch(batch.images[i : i + 1], batch.sizes[i : i + 1], batch.seeds[i : i + 1], batch.targets[i : i + 1])
        )
        for i in range(3)
    ]
    for name, (total, number) in together.items():
        parts: list[Loss] = [share[name] for share in shares]
        assert sum(part.number for part in parts) == number
        assert torch.stack([part.total for part in parts]).sum().allclose(total, rtol=1e-4)
    assert together["joints"].number == 3 * (K - 5)


def test_joints_of_a_later_stage_are_each_from_their_own_crop() -> None:
    """A second stage that answers a sixth of the crop's side to the right, and more the lower the joint's number."""
    network = _network()
    for stage in network.stages:
        nn.init.zeros_(stage.joints.weight)
    rest = torch.stack([torch.linspace(-0.4, 0.4, K), torch.linspace(0.4, -0.4, K)], 1)
    step = torch.stack([torch.arange(K, 0, -1) / 100, torch.zeros(K)], 1)
    with torch.no_grad():
        network.stages[0].joints.bias.copy_(rest.flatten())
        network.stages[1].joints.bias.copy_(step.flatten())
    batch = _drawn(2, 3)
    assert batch.targets is not None
    _, found = _found(network, batch)
    for truth, joints in zip(batch.targets, found, strict=True):
        side = truth.boxes[0, 2:] - truth.boxes[0, :2]
        first = (truth.boxes[0, :2] + truth.boxes[0, 2:]) / 2 + rest * side
        diameter = (first[TORSO[0]] - first[TORSO[1]]).norm()
        assert joints[:, :2].allclose(first + step * diameter, atol=1e-3)


def test_refusals() -> None:
    batch = _drawn(1, 0)
    with pytest.raises(ValueError, match="needs their boxes"):
        _network().eval()(batch)
    with pytest.raises(ValueError, match="needs targets"):
        _network().train()(replace(batch, targets=None))
    with pytest.raises(ValueError, match="no multiple of 32"):
        _network(side=50)
    with pytest.raises(ValueError, match="at least one stage"):
        DeepPose([], K)


def test_some_crops_are_cut_at_a_time() -> None:
    """17 crops for each of a crowd of 40 would be as much memory as 680 images; and they are those of all at once."""
    network, batch = _network().eval(), _drawn(2, 0)
    assert batch.targets is not None
    crowd = replace(batch, targets=None, boxes=[truth.boxes.repeat(20, 1) for truth in batch.targets])
    held: list[int] = []
    for stage in network.stages:
        stage.register_forward_pre_hook(lambda _, given: held.append(given[0].untyped_storage().nbytes()))
    with torch.no_grad():
        together = network(crowd)
        alone = network(replace(crowd, boxes=[truth.boxes for truth in batch.targets]))
    assert max(held) <= 128 * 3 * 32 * 32 * 4
    for many, one in zip(together, alone, strict=True):
        torch.testing.assert_close(many.keypoints, one.keypoints.repeat(20, 1, 1), rtol=1e-4, atol=1e-3)
