"""The background builder of geodesic tables, ``python -m surface.geodesic_builder``.

A process of low priority that is told what to build on its standard input, and ends when that does, however the process
that started it has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from surface.geodesic_build import build, words
from surface.geodesic_table import failure_path


def message(
    body_hash: str, vertices: NDArray[np.float64], faces: NDArray[Any], folder: Path, processes: int, target: int
) -> bytes:
    """What the builder reads from its standard input: a line of JSON, then the mesh; see ``build``."""
    head = {
        "body": body_hash, "folder": str(folder), "processes": processes, "target": target,
        "vertices": len(vertices), "faces": len(faces),
    }  # fmt: skip
    mesh = np.ascontiguousarray(vertices, "<f8").tobytes() + np.ascontiguousarray(faces, "<i4").tobytes()
    return json.dumps(head).encode() + b"\n" + mesh


def main() -> int:
    """Build what standard input says, at low priority; what goes wrong is left beside the table for ``status``."""
    if hasattr(os, "nice"):
        os.nice(19)
    stdin = sys.stdin.buffer
    head = json.loads(stdin.readline())
    vertices = np.frombuffer(stdin.read(head["vertices"] * 24), "<f8").reshape(-1, 3)
    faces = np.frombuffer(stdin.read(head["faces"] * 12), "<i4").reshape(-1, 3)
    threading.Thread(target=_end_with, args=(stdin,), daemon=True).start()
    folder = Path(head["folder"])
    failed = failure_path(head["body"], folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        failed.unlink(missing_ok=True)
        with FileLock(folder / "builder.lock"):  # one at a time, also of several server processes
            build(head["body"], vertices, faces, folder, head["processes"], head["target"])
    except Exception as error:  # whatever it was: a build that leaves no word would be begun again and again
        traceback.print_exc()
        with contextlib.suppress(OSError):
            failed.write_text(words(error))
        return 1
    return 0


def _end_with(stdin: Any) -> None:
    """End at once when whoever started this process has ended or closed the pipe; the workers follow."""
    with contextlib.suppress(OSError):
        # Not by Python's file: its lock, held while it waits, would keep the interpreter from ending in good order.
        while os.read(stdin.fileno(), 1):
            pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
