"""Makes a transfer in the background: ``python -m surface.transfer_builder SOURCE.npz TARGET.npz FOLDER``.

A process of low priority that ends when its standard input does, however the process that started it has ended. One
registers at a time, whoever started it; what another has made meanwhile is not made again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

from filelock import FileLock

from surface.body import Body
from surface.transfer_file import kept

_NICENESS = 10


def main(source: str, target: str, folder: str) -> int:
    """Make the transfer between two body files and keep it in a folder; tells on standard output what went wrong."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        bodies = Body.load(source), Body.load(target)
        Path(folder).mkdir(parents=True, exist_ok=True)
        with FileLock(Path(folder) / ".registering"):
            kept(Path(folder), *bodies)
    except (ValueError, OSError) as error:
        sys.stdout.write(str(error))
        return 1
    return 0


def _end_with_input() -> None:
    # Not by Python's file: its lock, held while it waits, would keep the interpreter from ending in good order.
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
