"""DensePose-RCNN as a whole: what it learns from, what it gives, and that nothing else decides."""

from dataclasses import replace

import pytest
import torch

from model import recipe
from model.networks import build
from tests.model.truths import batch, targets

NETWORK = recipe.Network(
    trunk=recipe.Trunk("tiny", channels=16),
    detector=recipe.Detector(anchors=16, width=16, proposals=(20, 20), sampled=16, most=5, least_score=0.0),
    densepose=recipe.DensePose(layers=1, channels=8, pooled=7),
)
NAMES = {"objectness", "proposals", "classes", "boxes", "coarse", "fine", "uv"}
BOX = [10.0, 8, 60, 56]
PARTS = torch.full((1, 256, 256), 3)

FULL = targets([BOX], [[20, 20], [40, 40]], chart=[1, 2], parts=PARTS)
EMPTY = targets([])
CASES = {
    "full": [FULL, targets([BOX, [50.0, 20, 90, 60]], [[60, 30]], person=[1], parts=PARTS.repeat(2, 1, 1))],
    "no persons": [EMPTY, EMPTY],
    "no persons in one": [EMPTY, FULL],
    "no points": [targets([BOX], parts=PARTS)],
    "no parts": [targets([BOX], [[20, 20]])],
    "nothing known": [targets([BOX])],
    "points outside": [targets([BOX], [[90, 60]])],
    "a crowd alone": [targets([BOX], crowd=[True])],
}


def made(network=NETWORK, seed=0):
    torch.manual_seed(seed)
    return build(network, charts=3, parts=4, keypoints=17, vertices=10)


@pytest.mark.parametrize("head", ["convolutions", "aspp"])
@pytest.mark.parametrize("case", CASES)
def test_gradients_reach_every_parameter(case, head):
    network = made(replace(NETWORK, densepose=replace(NETWORK.densepose, head=head)))
    losses = network(batch(CASES[case]))
    assert set(losses) == NAMES
    for name, loss in losses.items():
        assert loss.total.shape == loss.number.shape == (), name
        assert loss.total.dtype == loss.number.dtype == torch.float32
        assert loss.total.isfinite()
        assert loss.number >= 0
    sum(loss.total for loss in losses.values()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    ("case", "nothing"),
    [
        ("no persons", {"coarse", "fine"}),
        ("no points", {"fine"}),
        ("no parts", {"coarse"}),
        ("nothing known", {"coarse", "fine"}),
        ("points outside", {"coarse", "fine"}),
        ("a crowd alone", {"coarse", "fine"}),
    ],
)
def test_what_is_not_known_is_not_learned(case, nothing):
    losses = made()(batch(CASES[case]))
    for name in nothing:
        assert losses[name].total == 0
        assert losses[name].number == 0
    assert (losses["uv"].total == 0) == ("fine" in nothing)


def test_losses_of_a_batch_are_the_sums_of_its_images():
    network = made()
    truths = CASES["full"]
    together = network(batch(truths))
    alone = [network(batch([truth], first_seed=seed)) for seed, truth in enumerate(truths)]
    for name in NAMES:
        torch.testing.assert_close(together[name].total, sum(part[name].total for part in alone), rtol=1e-4, atol=1e-4)
        assert together[name].number == sum(part[name].number for part in alone)


def test_what_is_drawn_follows_from_the_images_seed_alone():
    network = made()
    first = network(batch(CASES["full"]))
    torch.manual_seed(99)
    second = network(batch(CASES["full"]))
    other = network(replace(batch(CASES["full"]), seeds=torch.tensor([5, 6])))
    assert all(first[name].total == second[name].total for name in NAMES)
    assert first["objectness"].total != other["objectness"].total


def test_padding_teaches_nothing():
    """Anchors in the padding are no background."""
    network = made()
    whole = batch([FULL])
    padded = replace(whole, images=torch.nn.functional.pad(whole.images, (0, 64, 0, 64)))
    seen = []
    network.detector.proposer.register_forward_hook(lambda module, given, out: seen.append(out[0][0]))
    total = network(padded)["objectness"].total
    (gradient,) = torch.autograd.grad(total, seen)  # of the logits at stride 4
    assert gradient[0, :, 64 // 4 :].abs().max() == 0
    assert gradient[0, :, :, 96 // 4 :].abs().max() == 0
    assert gradient.abs().max() > 0


def test_detections_are_within_their_images_and_best_first():
    network = made().eval()
    given = replace(batch([EMPTY, EMPTY]), sizes=torch.tensor([[64, 96], [40, 50]]), targets=None)
    with torch.no_grad():
        found = network(given)
    for one, (height, width) in zip(found, [(64, 96), (40, 50)], strict=True):
        assert 0 < len(one) <= 5
        assert (one.boxes >= 0).all()
        assert (one.boxes <= torch.tensor([width, height, width, height])).all()
        assert (one.scores.diff() <= 0).all()
        count = len(one)
        assert one.coarse.shape == (count, 5, 28, 28)
        assert one.fine.shape == one.u.shape == one.v.shape == (count, 4, 28, 28)
        assert one.spread is None


def test_given_boxes_are_kept():
    network = made(replace(NETWORK, densepose=replace(NETWORK.densepose, confidence="anisotropic", coarse="2"))).eval()
    boxes = [torch.tensor([BOX, [0.0, 0, 5, 5]]), torch.zeros(0, 4)]
    with torch.no_grad():
        first, second = network(replace(batch([EMPTY, EMPTY]), targets=None, boxes=boxes))
    assert first.boxes.tolist() == boxes[0].tolist()
    assert first.scores.tolist() == [1, 1]
    assert first.coarse.shape == (2, 2, 28, 28)
    assert first.spread.shape == (2, 4, 28, 28)
    assert (first.spread > 0).all()
    assert len(second) == 0
    assert second.fine.shape == (0, 4, 28, 28)


def test_nothing_found_is_nothing():
    network = made(replace(NETWORK, detector=replace(NETWORK.detector, least_score=1.0))).eval()
    with torch.no_grad():
        (found,) = network(replace(batch([EMPTY]), targets=None))
    assert len(found) == 0
    assert found.fine.shape == (0, 4, 28, 28)


def test_training_needs_targets():
    with pytest.raises(ValueError, match="needs targets"):
        made()(replace(batch([EMPTY]), targets=None))


def test_losses_are_single_precision_where_the_rest_is_half():
    network = made()
    with torch.autocast("cpu", torch.bfloat16):
        losses = network(batch(CASES["full"]))
    exact = network(batch(CASES["full"]))
    for name in NAMES:
        assert losses[name].total.dtype == torch.float32, name
        assert losses[name].total.isfinite()
    assert losses["objectness"].total.item() == pytest.approx(exact["objectness"].total.item(), rel=0.05)
    network.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        (found,) = network(replace(batch([EMPTY]), targets=None))
    assert found.boxes.dtype == found.scores.dtype == found.fine.dtype == torch.float32
