"""The shipped body and renders of it, made once."""

from __future__ import annotations

import pytest

import surface
from surface.body import Body
from synthesis.render import Options, Render, render


@pytest.fixture(scope="session")
def anny() -> Body:
    """The body that ships with the package."""
    return surface.load("anny")


@pytest.fixture(scope="session")
def alone(anny: Body) -> Render:
    """One person in 160 pixels, whole and unhidden."""
    return render(anny, 3, Options(size=160, occluders=0, cut=0))


@pytest.fixture(scope="session")
def crowd(anny: Body) -> Render:
    """Several persons in 160 pixels, things before them."""
    return render(anny, 5, Options(size=160, persons=(3, 3), occluders=1))
