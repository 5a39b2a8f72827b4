"""Names of bodies: what a body built here may be called, and finding one by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cli.common import stop

if TYPE_CHECKING:
    from surface.body import Body


def new_name(name: str | None, file: Path) -> str:
    """The name of a body built from a file: the one given, else made of the file's; ends the command on a bad one."""
    import surface

    called = name if name is not None else re.sub(r"[^A-Za-z0-9._]+", "-", file.stem).strip("-._").lower()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", called):
        stop(
            f"{called!r} is no name for a body: letters, digits, '.', '_' and '-', at most 64, a letter or digit first"
        )
    if called in surface.names():
        stop(f"{called!r} is the name of a body that ships with DenseMark: choose another --name")
    return called


def new_file(called: str, out: Path | None, data: Path, replace: bool) -> Path:
    """Where a body of that name goes; ends the command if a file is there that may not be replaced."""
    target = out or data / "bodies" / f"{called}.npz"
    if target.exists() and not replace:
        stop(f"{target} exists: choose another --name, or --replace it")
    return target


def load(name: str, data: Path) -> Body:
    """A body by name (in the data folder, else shipped) or by file; ends the command, naming those there are."""
    import surface

    own = data / "bodies" / f"{name}.npz"
    try:
        return surface.load(own if own.is_file() else name)
    except FileNotFoundError:
        there = [*surface.names(), *sorted(path.stem for path in (data / "bodies").glob("*.npz"))]
        stop(f"no body {name!r}: not a file, and the bodies are: {', '.join(there)}")
