"""The process between a job's step and its trainer, ``python -m server.runs.lifeline COMMAND...``.

It leads a session of its own, starts the command in it, and ends with all of the session when its input does: however
the step has ended, no trainer is left that writes into the folder of the run. SIGTERM is handed to the command alone,
which then ends well. What the command ended with is the one line that this prints.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(command: list[str]) -> None:
    """Run the command; ends this process and all that the command has started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child: subprocess.Popen[bytes] | None = None
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        if child is not None:
            child.terminate()

    signal.signal(signal.SIGTERM, ask)
    answers = os.fdopen(os.dup(1), "w")
    child = subprocess.Popen(  # noqa: S603 - what a step of ours says
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )
    if asked:
        child.terminate()
    threading.Thread(target=_wait_for_end, daemon=True).start()
    status = child.wait()
    answers.write(f"{status}\n")
    answers.flush()
    _end_all()


def _die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _wait_for_end() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    _end_all()


def _end_all() -> None:
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
