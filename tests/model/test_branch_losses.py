"""Losses of masks, keypoints and joints: closed forms, finite differences, nothing to learn from."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.dark import encode
from model.losses.joints import joint_loss
from model.losses.keypoints import in_heatmaps, in_image, keypoint_loss
from model.losses.masks import mask_loss, outlines
from model.structures import SQUARE, Loss


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_mask_loss_in_closed_form() -> None:
    logits = torch.tensor([[[0.0, 2.0], [-1.0, 0.0]], [[5.0, 5.0], [5.0, 5.0]]])
    outline = torch.tensor([[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    total, number = mask_loss(logits, outline, torch.tensor([True, False]))
    by_hand = (2 * math.log(2) + math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 4
    assert total.item() == pytest.approx(by_hand, rel=1e-6)
    assert number == 1


def test_keypoint_loss_in_closed_form() -> None:
    """Of a flat heatmap: the logarithm of the pixels less the Gaussian's entropy; of the perfect one 0."""
    points, known = torch.tensor([[[3.2, 4.9], [1.0, 1.0]]]), torch.tensor([[True, False]])
    true = encode(points, 8, 1.5)[0, 0]
    flat, number = keypoint_loss(torch.zeros(1, 2, 8, 8), points, known, 1.5, "dark")
    assert flat.item() == pytest.approx(math.log(64) + (true * true.log()).sum().item(), rel=1e-5)
    assert number == 1
    perfect = keypoint_loss(3 + encode(points, 8, 1.5).log(), points, known, 1.5, "dark").total
    assert perfect.item() == pytest.approx(0, abs=1e-6)
    assert keypoint_loss(encode(points, 8, 1.5).log(), points, known, 1.5, "plain").total > 0.01


def test_joint_loss_in_closed_form() -> None:
    found, true = torch.tensor([[[0.1, 0.2], [9.0, 9.0]]]), torch.tensor([[[0.4, -0.2], [torch.nan, torch.nan]]])
    found.requires_grad_()
    total, number = joint_loss(found, true, torch.tensor([[True, False]]))
    assert total.item() == pytest.approx(0.25)
    assert number == 1
    total.backward()
    assert found.grad is not None
    assert found.grad.allclose(torch.tensor([[[-0.6, 0.8], [0.0, 0.0]]]))


@pytest.mark.parametrize("rows", [0, 3])
def test_losses_of_nothing_pass_on_gradients_of_zero(rows: int) -> None:
    none = torch.zeros(rows, dtype=torch.bool)
    masks, heat, joints = (_random(rows, *shape).requires_grad_() for shape in ((4, 4), (2, 5, 5), (3, 2)))
    losses = (
        mask_loss(masks, torch.zeros(rows, 4, 4), none),
        keypoint_loss(heat, torch.zeros(rows, 2, 2), none[:, None].expand(rows, 2), 2.0, "dark"),
        joint_loss(joints, torch.full((rows, 3, 2), torch.nan), none[:, None].expand(rows, 3)),
    )
    for output, (total, number) in zip((masks, heat, joints), losses, strict=True):
        assert (total.item(), number.item()) == (0, 0)
        total.backward()
        assert output.grad is not None
        assert not output.grad.any()


def _differences(loss: Callable[[Tensor], Loss], at: Tensor, step: float = 1e-2) -> Tensor:
    """The gradient of a loss by central differences."""
    ways = step * torch.eye(at.numel()).reshape(-1, *at.shape)
    return torch.stack([(loss(at + way).total - loss(at - way).total) / (2 * step) for way in ways]).reshape(at.shape)


def test_gradients_are_finite_differences() -> None:
    has = torch.tensor([True, False])
    outline = (_random(2, 3, 3, seed=1) > 0).float()
    points = torch.tensor([[[1.3, 2.2], [0.1, 3.9]], [[2.0, 2.0], [1.0, 3.0]]])
    known = torch.tensor([[True, True], [False, True]])
    cases: list[tuple[Callable[[Tensor], Loss], Tensor]] = [
        (lambda x: mask_loss(x, outline, has), _random(2, 3, 3)),
        (lambda x: keypoint_loss(x, points, known, 1.2, "dark"), _random(2, 2, 4, 4)),
        (lambda x: keypoint_loss(x, points, known, 1.2, "plain"), _random(2, 2, 4, 4)),
        (lambda x: joint_loss(x, points, known), _random(2, 2, 2)),
    ]
    for loss, at in cases:
        at.requires_grad_()
        loss(at).total.backward()
        assert at.grad is not None
        assert at.grad.abs().max() > 0.01
        assert at.grad.allclose(_differences(loss, at.detach()), rtol=1e-3, atol=2e-4)


def test_outlines_land_where_the_persons_stand() -> None:
    """A person whose left half is seen, in its own box, in a box around it, in its right half, and far away."""
    outline = torch.zeros(2, SQUARE, SQUARE, dtype=torch.uint8)
    outline[1, :, : SQUARE // 2] = 1
    own = torch.tensor([[0.0, 0.0, 9.0, 9.0], [10.0, 20.0, 30.0, 60.0]])
    boxes = torch.tensor([[10.0, 20, 30, 60], [0, 0, 40, 80], [20, 20, 30, 60], [100, 100, 120, 140]])
    placed = outlines(outline, torch.tensor([1, 1, 1, 1]), boxes, own, 8)
    expected = torch.zeros(4, 8, 8)
    expected[0, :, :4] = 1
    expected[1, 2:6, 2:4] = 1
    assert torch.equal(placed, expected)
    assert outlines(outline, torch.zeros(0, dtype=torch.long), torch.zeros(0, 4), own, 8).shape == (0, 8, 8)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(-50, 150), st.floats(-50, 150), st.integers(0, 2)), min_size=1, max_size=9),
    st.sampled_from([28, 56]),
)
def test_keypoints_go_to_heatmaps_and_back_and_those_outside_the_box_have_none(
    keypoints: list[tuple[float, float, int]], size: int
) -> None:
    box = torch.tensor([[10.0, 20.0, 52.0, 90.0]])
    true = torch.tensor([keypoints], dtype=torch.float32)
    points, known = in_heatmaps(true, box, size)
    x, y, visibility = true[0].unbind(1)
    assert torch.equal(known[0], (x >= 10) & (x <= 52) & (y >= 20) & (y <= 90) & (visibility > 0))
    back = in_image(torch.cat([points, true[..., 2:]], 2), box, size)
    assert back.allclose(true, atol=1e-4)
