"""A folder that is made over a long time: it gets its name when all of it is there, and until then is gone on with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from export.files import replacing

_BEGUN, _LOCK = "begun.json", ".lock"


@contextmanager
def staged(out: Path, about: Mapping[str, Any]) -> Iterator[Path]:
    """The folder ``.NAME.distilling`` in which the work goes on; it takes the place of ``out`` when the block ends
    well.

    :param about: JSON values that the work follows from. What lies there of other work is thrown away.
    :raises ValueError: ``out`` is there, or another process makes it.
    """
    if out.exists():
        raise ValueError(f"{out} is there already: choose another folder")
    folder = out.parent / f".{out.name}.distilling"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"{out}: is being made by another process") from None
    try:
        begun = folder / _BEGUN
        if not begun.exists() or json.loads(begun.read_bytes()) != about:
            _empty(folder)
            with replacing(begun) as file:
                json.dump(about, file)
        yield folder
        begun.unlink()
        (folder / _LOCK).unlink()
        folder.replace(out)
    finally:
        lock.release()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()


def linked(source: Path, folder: Path, name: str) -> None:
    """Have a file under a name in a folder, too, as a link where the file system can; nothing is done where it is there
    or there is no such file.

    :raises ValueError: the name leads out of the folder.
    """
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise ValueError(f"the photo {name!r} lies outside of the folder of images")
    place = folder / name
    if not source.is_file() or place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), place)
    except OSError:
        partial = place.with_name(f".{place.name}.tmp")
        shutil.copyfile(source, partial)
        partial.replace(place)
