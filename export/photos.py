"""Photos beside a dataset's files."""

import shutil
from pathlib import Path

from annotation_db.blobs import BlobStore


def copy_photo(blobs: BlobStore, key: str, file_name: str, folder: Path) -> None:
    """Copies a photo, never links it: a change to an exported photo must not reach the store.

    :raises ValueError: its name leaves the folder.
    :raises FileNotFoundError: it is not in the store.
    """
    target = folder / file_name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"image {file_name!r} would leave {folder.name}/")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.tmp")
    with blobs.open(key) as source, partial.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    partial.replace(target)
