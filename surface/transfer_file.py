"""Transfers kept on disk: made once for two bodies, named and verified by their hashes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer, register, require_human
from surface.transfer_figures import Figures, Spread

if TYPE_CHECKING:
    from surface.body import Body

METHOD = 1
"""Of the registration; files of another one are made anew."""


def kept(folder: Path, source: Body, target: Body, progress: Callable[[int, int], None] | None = None) -> Transfer:
    """The transfer between two bodies from its file in a folder, registered and written there if there is none.

    A file that is damaged, of another method or of other bodies is made anew.

    Raises:
        ValueError: the bodies cannot be registered (see `surface.transfer.register`).
    """
    require_human(source, target)
    found = find(folder, source, target)
    if found is None:
        found = register(source, target, progress)
        save(path_of(folder, source, target), found)
    return found


def find(folder: Path, source: Body, target: Body) -> Transfer | None:
    """The transfer between two bodies from its file in a folder, made in whichever direction; None if there is none."""
    for a, b in ((source, target), (target, source)):
        found = load(path_of(folder, a, b), a, b)
        if found is not None:
            return found if a is source else found.inverse
    return None


def path_of(folder: Path, source: Body, target: Body) -> Path:
    """Where the transfer from one body to another is kept."""
    return folder / f"{source.hash[:16]}-{target.hash[:16]}.npz"


def save(path: Path, transfer: Transfer) -> None:
    """Write a transfer, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {
        "method": np.int64(METHOD),
        "source": np.array(transfer.source.hash),
        "target": np.array(transfer.target.hash),
        "figures": np.array(json.dumps(asdict(transfer.figures))),
    }
    for name, way in (("forward", transfer.forward), ("backward", transfer.backward)):
        arrays |= {f"{name}_face": way.face, f"{name}_bary": way.bary}
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path, source: Body, target: Body) -> Transfer | None:
    """The transfer in a file; None when there is none, or it is damaged, of another method or of other bodies."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if int(arrays["method"]) != METHOD or [str(arrays[k]) for k in ("source", "target")] != [
            source.hash,
            target.hash,
        ]:
            return None
        forward, backward = (
            _map(arrays[f"{name}_face"], arrays[f"{name}_bary"], own, other)
            for name, own, other in (("forward", source, target), ("backward", target, source))
        )
        return Transfer(source, target, forward, backward, _figures(json.loads(str(arrays["figures"]))))
    except Exception:  # damage shows itself in dozens of ways, from zlib's error to tokenize's
        return None


def _map(face: Any, bary: Any, own: Body, other: Body) -> SurfaceMap:
    if face.shape != (len(own.vertices),):
        raise ValueError("the map is of another mesh")
    return SurfaceMap(*other._points(face, bary))


def _figures(values: dict[str, Any]) -> Figures:
    spreads = {key: Spread(**values[key]) if values[key] else None for key in ("fit", "cycle", "mirror")}
    return Figures(**{**values, **spreads, "digits": tuple(values["digits"])})
