"""The body surface: mesh, charts, mirror, rig, geodesics, part views and the renderer.

``surface.load("anny")`` is all a notebook needs. Imports are lazy, so that ``densemark --help`` stays fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surface.body import Body

__all__ = ["load", "names"]

_DATA = Path(__file__).parent / "data"


def names() -> list[str]:
    """The bodies that ship with the package."""
    return sorted(path.stem for path in _DATA.glob("*.npz"))


def load(body: str | Path = "anny") -> Body:
    """Load a body that ships with the package by its name, or any body file by its path.

    Raises:
        FileNotFoundError: neither a shipped name nor an existing file.
        ValueError: the file is no body.
    """
    from surface.body import Body

    shipped = _DATA / f"{body}.npz"
    path = shipped if isinstance(body, str) and "/" not in body and shipped.is_file() else Path(body)
    if not path.is_file():
        shipped_names = ", ".join(names()) or "none"
        raise FileNotFoundError(f"no body {str(body)!r}: not a file, and the shipped bodies are: {shipped_names}")
    return Body.load(path)
