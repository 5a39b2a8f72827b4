"""U,V with a learned spread: closed forms, finite differences, limits."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.autograd import gradcheck

from model.losses import confidence

numbers = st.floats(-5, 5)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(st.tuples(*[numbers] * 7))
def test_anisotropic_likelihood_is_the_density_of_its_covariance(values):
    u, v, a, b, raw, r0, r1 = values
    found = confidence.anisotropic(
        torch.tensor([[u, v]], dtype=torch.float64),
        torch.tensor([[raw, r0, r1]], dtype=torch.float64),
        torch.tensor([[a, b]], dtype=torch.float64),
    )
    s = math.log1p(math.exp(raw)) + confidence.FLOOR**2
    covariance = s * np.eye(2) + np.outer([r0, r1], [r0, r1])
    off = np.array([a - u, b - v])
    density = np.exp(-0.5 * off @ np.linalg.inv(covariance) @ off) / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    if density > 1e-300:
        assert found.item() == pytest.approx(-np.log(density), rel=1e-8, abs=1e-8)


def test_isotropic_is_anisotropic_without_a_direction():
    uv, truth, raw = drawn(20, 2), drawn(20, 2, seed=1), drawn(20, 1, seed=2)
    flat = torch.cat([raw, torch.zeros(20, 2, dtype=torch.float64)], dim=1)
    torch.testing.assert_close(confidence.isotropic(uv, raw, truth), confidence.anisotropic(uv, flat, truth))


@pytest.mark.parametrize("kind", ["isotropic", "anisotropic"])
def test_gradients_are_those_of_finite_differences(kind):
    uv, truth, raw = drawn(6, 2), drawn(6, 2, seed=1), drawn(6, confidence.CHANNELS[kind], seed=2)
    assert gradcheck(
        lambda uv, raw: confidence.likelihood(kind, uv, raw, truth), (uv.requires_grad_(), raw.requires_grad_())
    )


def test_best_spread_is_the_error_itself_and_never_below_the_floor():
    for error in (0.01, 0.3, 1.0):
        truth = torch.zeros(1000, 2, dtype=torch.float64)
        uv = drawn(1000, 2) * error
        raw = torch.zeros((), dtype=torch.float64, requires_grad=True)
        fit = torch.optim.LBFGS([raw], max_iter=200, line_search_fn="strong_wolfe")

        def step(uv=uv, truth=truth, raw=raw, fit=fit):
            fit.zero_grad()
            loss = confidence.isotropic(uv, raw.expand(1000, 1), truth).mean()
            loss.backward()
            return loss

        fit.step(step)
        found = confidence.spread(raw.detach().reshape(1, 1, 1)).item()
        assert found == pytest.approx(max(confidence.FLOOR, uv.square().mean().sqrt().item()), rel=1e-2)


def test_extreme_numbers_stay_finite():
    raw = torch.tensor([[-1e4], [1e4]]).expand(2, 3).contiguous().requires_grad_()
    uv = torch.tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    for loss in (
        confidence.isotropic(uv, raw[:, :1], torch.zeros(2, 2)),
        confidence.anisotropic(uv, raw, torch.zeros(2, 2)),
    ):
        assert loss.isfinite().all()
        for gradient in torch.autograd.grad(loss.sum(), (uv, raw)):
            assert gradient.isfinite().all()


def test_spread_of_maps_is_the_root_of_the_mean_variance():
    raw = drawn(3, 4, 3, 5, 6)  # persons, charts, numbers, rows, columns
    found = confidence.spread(raw)
    covariance = confidence.variance(raw[:, :, 0])[..., None, None] * torch.eye(2)
    direction = raw[:, :, 1:].movedim(2, -1)
    covariance = covariance + direction[..., None] * direction[..., None, :]
    torch.testing.assert_close(found, torch.linalg.eigvalsh(covariance).mean(dim=-1).sqrt())
    torch.testing.assert_close(confidence.spread(raw[:, :, :1]), confidence.variance(raw[:, :, 0]).sqrt())
    assert found.shape == (3, 4, 5, 6)
