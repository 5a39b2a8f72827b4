"""The user's own files as the renderer takes them, read once in a process."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from annotation_db import BlobStore
from server.problems import NotFoundError
from server.state import State
from synthesis.pose_files import UserPose, read_poses

_Named = tuple[tuple[str, str], ...]  # names and blobs


def own_files(state: State, args: dict[str, Any]) -> dict[str, Any]:
    """What `synthesis.render.Options` is given of the files of a job: poses, backgrounds, textures.

    Raises NotFoundError when one is gone.
    """
    files = args.get("files", {})
    return {
        "poses": _poses(state.blobs, _named(files.get("poses", ()))),
        "backgrounds": _pictures(state.blobs, _named(files.get("backgrounds", ()))),
        "textures": _pictures(state.blobs, _named(files.get("textures", ()))),
    }


def _named(files: Sequence[Sequence[str]]) -> _Named:
    return tuple((name, blob) for name, blob in files)


@lru_cache(maxsize=2)
def _poses(blobs: BlobStore, files: _Named) -> tuple[UserPose, ...]:
    poses: list[UserPose] = []
    for name, blob in files:
        with TemporaryDirectory(prefix="densemark-") as folder:
            path = Path(folder) / PurePosixPath(name).name
            _copy(blobs, name, blob, path)
            poses += read_poses(path)
    return tuple(poses)


def _pictures(blobs: BlobStore, files: _Named) -> tuple[Path, ...]:
    return tuple(_picture(blobs, name, blob) for name, blob in files)


def _picture(blobs: BlobStore, name: str, blob: str) -> Path:
    """The picture as a local file: the blob itself, or a copy that lasts as long as the process."""
    path = blobs.local_path(blob)
    if path is not None:
        if not path.exists():
            raise _gone(name)
        return path
    path = Path(_copies().name) / blob
    if not path.exists():
        _copy(blobs, name, blob, path)
    return path


@lru_cache(maxsize=1)
def _copies() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="densemark-")


def _copy(blobs: BlobStore, name: str, blob: str, path: Path) -> None:
    """Copy a blob to a file that appears whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with blobs.open(blob) as file, part.open("wb") as copy:
            shutil.copyfileobj(file, copy)
    except FileNotFoundError:
        raise _gone(name) from None
    part.replace(path)


def _gone(name: str) -> NotFoundError:
    return NotFoundError(f"the file {name} is gone; choose others and render again")
