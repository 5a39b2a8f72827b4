"""Files that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO


@contextmanager
def replacing(path: str | Path) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when the block ends well, and leaves nothing behind otherwise."""
    with (
        replacing_bytes(path) as partial,
        open(partial.fileno(), "w", encoding="utf-8", newline="\n", closefd=False) as file,
    ):
        yield file


@contextmanager
def replacing_bytes(path: str | Path) -> Iterator[BinaryIO]:
    """As ``replacing``, for bytes."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def all_or_none(folder: Path) -> Iterator[Path]:
    """An empty folder whose files, when the block ends well, take their places in ``folder``; nothing of them is left
    behind otherwise. ``folder`` is made if need be."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{os.getpid()}.tmp"
    try:
        staged.mkdir()
        yield staged
        for path in sorted(path for path in staged.rglob("*") if path.is_file()):
            place = folder / path.relative_to(staged)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        made = []
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        for parent in made:
            parent.rmdir()
