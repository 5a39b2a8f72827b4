"""The shipped body and one render of it, made once."""

from __future__ import annotations

import pytest

import surface
from surface.body import Body
from synthesis.render import Render, render_person


@pytest.fixture(scope="session")
def anny() -> Body:
    """The body that ships with the package."""
    return surface.load("anny")


@pytest.fixture(scope="session")
def render(anny: Body) -> Render:
    """A person in 256 pixels."""
    return render_person(anny, 3, 256)
