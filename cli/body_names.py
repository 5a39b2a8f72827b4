"""Names of bodies: what a body built here may be called, and finding one by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import DEFAULT_BODY, errors, stop

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


def of_info(info: Mapping[str, Any], name: str | None, data: Path, what: str) -> Body:
    """The body of a name, else the one that a dataset file names by hash, else the default one, with a note; ends the
    command where they contradict each other.

    :param info: what the file says of itself.
    :param what: the file in words: "the ground truth".
    """
    import surface

    made = info.get("densemark")
    wanted = str(made.get("body_hash", "")) if isinstance(made, Mapping) else ""
    if name is not None:
        found = load(name, data)
        if wanted not in ("", found.hash):
            stop(f"--body: {what}'s points are on body {wanted[:12]}, not on {found.name!r}")
        return found
    if wanted:
        sources: list[str | Path] = [*surface.names(), *sorted((data / "bodies").glob("*.npz"))]
        for source in sources:
            if (there := surface.load(source)).hash == wanted:
                return there
        stop(f"{what}'s points are on body {wanted[:12]}, which is not here: name its --body")
    errors.print(f"note: {what} does not say which body its points are on: {DEFAULT_BODY}", style="yellow")
    return load(DEFAULT_BODY, data)
