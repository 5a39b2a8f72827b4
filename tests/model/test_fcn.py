"""The fully convolutional baseline: where it looks, what it learns from, and that it learns."""

from dataclasses import replace

import pytest
import torch

from model import recipe
from model.losses.coarse import UNKNOWN
from model.losses.points import sampled
from model.losses.silhouettes import silhouettes
from model.networks import build
from model.networks.fcn import SIDE, cut, in_images
from model.structures import SQUARE, Batch, Targets

HEIGHT, WIDTH = 64, 96


def network(charts=3, confidence="", stride=8):
    torch.manual_seed(0)
    fcn = recipe.FCN(channels=16, layers=1, stride=stride, confidence=confidence)
    trunk = recipe.Trunk("tiny", channels=32)
    return build(recipe.Network(kind="fcn", trunk=trunk, fcn=fcn), charts, 14, 17, 100)


def truth(boxes, points=0, charts=3, seed=0):
    """Persons whose left halves are person, with points on them."""
    draw = torch.Generator().manual_seed(seed)
    at, count = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), len(boxes)
    outline = torch.zeros(count, SQUARE, SQUARE, dtype=torch.uint8)
    outline[:, :, : SQUARE // 2] = 1
    person = torch.randint(max(count, 1), (points,), generator=draw)
    uv = torch.rand(points, 2, generator=draw)
    half = torch.tensor([0.5, 1.0])
    return Targets(
        image_id=torch.tensor(1),
        ids=torch.arange(count),
        boxes=at,
        crowd=torch.zeros(count, dtype=torch.bool),
        parts=outline,
        has_parts=torch.zeros(count, dtype=torch.bool),
        outline=outline,
        has_outline=torch.ones(count, dtype=torch.bool),
        keypoints=torch.zeros(count, 17, 3),
        point_person=person,
        point_xy=at[person, :2] + uv * half * (at[person, 2:] - at[person, :2]),
        point_chart=torch.randint(1, charts + 1, (points,), generator=draw),
        point_uv=uv,
        point_vertex=torch.full((points,), -1),
        point_weight=torch.ones(points),
    )


def batch(*targets):
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (len(targets), 3, HEIGHT, WIDTH), generator=draw, dtype=torch.uint8)
    sizes = torch.tensor([[HEIGHT, WIDTH]] * len(targets))
    return Batch(images, sizes, torch.arange(len(targets)), list(targets))


def ramps(count=1, stride=8):
    """Maps (count, 2, h, w) that say x and y of the pixels that they stand for."""
    x, y = ((torch.arange(side // stride) + 0.5) * stride for side in (WIDTH, HEIGHT))
    return torch.stack([x.expand(len(y), -1), y[:, None].expand(-1, len(x))]).expand(count, -1, -1, -1)


def test_points_are_read_where_they_are():
    targets = [truth([[20, 12, 70, 52]], 20), truth([]), truth([[8, 8, 40, 40]], 5, seed=1)]
    points = in_images(targets, (HEIGHT, WIDTH))
    found = sampled(ramps(3), points)
    torch.testing.assert_close(found, torch.cat([each.point_xy for each in targets]))
    assert points.region.tolist() == [0] * 20 + [2] * 5


@pytest.mark.parametrize("stride", [4, 8])
def test_boxes_are_cut_where_they_are(stride):
    boxes = [torch.tensor([[20.0, 12.0, 70.0, 52.0], [30.0, 9.0, 33.0, 50.0]]), torch.zeros(0, 4)]
    found, none = cut(ramps(2, stride), boxes, stride)
    assert none.shape == (0, 2, SIDE, SIDE)
    for box, (x, y) in zip(boxes[0], found, strict=True):
        share = (torch.arange(SIDE) + 0.5) / SIDE
        torch.testing.assert_close(x, (box[0] + share * (box[2] - box[0])).expand(SIDE, -1), rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(y.T, (box[1] + share * (box[3] - box[1])).expand(SIDE, -1), rtol=1e-4, atol=1e-3)


def test_silhouettes_know_persons_background_and_what_is_unknown():
    targets = truth([[16, 16, 48, 48], [0, 0, 16, 16], [32, 32, 80, 64]])
    targets = replace(
        targets,
        has_outline=torch.tensor([True, False, True]),
        crowd=torch.tensor([False, False, True]),
    )
    found = silhouettes([targets], torch.tensor([[56, 88]]), (8, 12), 8)[0]
    expected = torch.zeros(8, 12, dtype=torch.int64)
    expected[4:8, 4:10] = UNKNOWN  # a crowd
    expected[0:2, 0:2] = UNKNOWN  # a person without an outline
    expected[7:] = expected[:, 11:] = UNKNOWN  # padding
    expected[2:6, 2:4] = 1  # the left half of the first person
    assert torch.equal(found, expected)
    assert torch.equal(silhouettes([truth([])], torch.tensor([[64, 96]]), (8, 12), 8), torch.zeros(1, 8, 12).long())


@pytest.mark.parametrize("confidence", ["", "isotropic", "anisotropic"])
def test_gradients_reach_every_parameter(confidence):
    net = network(confidence=confidence)
    nothing = replace(truth([[16, 16, 48, 48]]), has_outline=torch.tensor([False]))
    crowded = replace(truth([[0, 0, WIDTH, HEIGHT]]), crowd=torch.tensor([True]))
    for targets in ([truth([[16, 16, 48, 48]], 9)], [nothing, truth([])], [crowded]):
        net.zero_grad()
        losses = net(batch(*targets))
        assert set(losses) == {"coarse", "fine", "uv"}
        sum(total / number.clamp(min=1) for total, number in losses.values()).backward()
        for name, parameter in net.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    assert not any(total for total, _ in losses.values())


def test_only_the_true_chart_learns_u_and_v():
    net = network(charts=3)
    targets = truth([[16, 16, 48, 48]], 9)
    net(batch(replace(targets, point_chart=torch.full((9,), 2))))["uv"].total.backward()
    learned = net.predictor.weight.grad.abs().sum(dim=(1, 2, 3)) > 0
    assert learned.tolist() == [False] * 4 + [False, True, False] * 2


def test_losses_of_a_batch_are_those_of_its_images():
    """The sum over points is of half as many images, and the others' means are over what they count."""
    net = network()
    one, two = truth([[16, 16, 48, 48]], 9), truth([[8, 8, 40, 60]], 4, seed=1)
    together, images = net(batch(one, two)), batch(one, two)
    apart = [
        net(replace(images, images=images.images[[i]], sizes=images.sizes[[i]], targets=[each]))
        for i, each in enumerate((one, two))
    ]
    for name, (total, number) in together.items():
        torch.testing.assert_close(total, sum(each[name].total for each in apart), rtol=1e-4, atol=1e-4)
        assert number == sum(each[name].number for each in apart)
    assert together["uv"].number == 1


def test_losses_are_single_precision_where_the_rest_is_half():
    with torch.autocast("cpu", torch.bfloat16):
        losses = network(confidence="isotropic")(batch(truth([[16, 16, 48, 48]], 9)))
    assert {total.dtype for total, _ in losses.values()} == {torch.float32}


def test_it_needs_targets_to_learn_and_boxes_to_predict():
    net = network()
    with pytest.raises(ValueError, match="targets"):
        net(replace(batch(truth([])), targets=None))
    with pytest.raises(ValueError, match="boxes"):
        net.eval()(batch(truth([])))


@pytest.mark.parametrize("confidence", ["", "isotropic"])
def test_it_learns_what_colours_say(confidence):
    """Persons are rectangles whose red is the chart, whose green and blue are U and V."""
    net = network(charts=2, confidence=confidence, stride=4)
    box = torch.tensor([[12.0, 10.0, 84.0, 54.0]])
    image = torch.full((1, 3, HEIGHT, WIDTH), 20, dtype=torch.uint8)
    u, v = (torch.arange(count) + 0.5 for count in (72, 44))
    image[0, 0, 10:54, 12:84] = torch.where(u < 36, 130, 250).to(torch.uint8)
    image[0, 1, 10:54, 12:84] = (u / 72 * 255).to(torch.uint8)
    image[0, 2, 10:54, 12:84] = (v[:, None] / 44 * 255).to(torch.uint8)
    targets = truth([box[0].tolist()], 100)
    at = torch.rand(100, 2, generator=torch.Generator().manual_seed(5))
    targets = replace(
        targets,
        outline=torch.ones_like(targets.outline),
        point_xy=box[:, :2] + at * torch.tensor([72.0, 44.0]),
        point_uv=at,
        point_chart=1 + (at[:, 0] >= 0.5).long(),
    )
    learned = Batch(image, torch.tensor([[HEIGHT, WIDTH]]), torch.tensor([0]), [targets], [box])
    fit = torch.optim.AdamW(net.parameters(), 2e-3)
    for _ in range(50):
        losses = net(learned)
        fit.zero_grad()
        sum(total / number * {"uv": 0.01}.get(name, 1) for name, (total, number) in losses.items()).backward()
        fit.step()
    (found,) = net.eval()(learned)
    fine = found.fine[0].argmax(dim=0)
    share = (torch.arange(SIDE) + 0.5) / SIDE
    true = (1 + (share >= 0.5).long()).expand(SIDE, -1)
    assert (fine == true).float().mean() > 0.9
    for each, expected in ((found.u, share.expand(SIDE, -1)), (found.v, share[:, None].expand(-1, SIDE))):
        assert (each[0].gather(0, true[None])[0] - expected).abs().mean() < 0.1
    assert found.scores.tolist() == [1.0]
    assert (found.spread is None) == (confidence == "")
