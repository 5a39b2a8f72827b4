"""Files that are made for a request: written to disk, sent piece by piece, and removed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from server.problems import RefusedError
from server.state import State


def download_of(state: State, name: str, write: Callable[[Path], Any]) -> FileResponse:
    """What `write` writes, as a JSON file to be saved under a name; gone when it is sent.

    Raises RefusedError with the text of a ValueError of `write`.
    """
    parent = state.settings.data / "cache" / "exports"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        write(folder / name)
    except ValueError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedError(f"it cannot be exported: {error}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(folder / name, media_type="application/json", filename=name, background=remove)
