"""The process that does steps, ``python -m server.jobs.stepper``: one at a time, as its worker tells it.

Steps keep a processor busy for long; here they hold up neither their worker's signs of life nor anybody's request, and
can be ended by ending the process. It ends, with all it has started, when its input does: its worker is gone then.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from typing import IO, Any
from uuid import UUID

from server.jobs import steps, words
from server.problems import ProblemError
from server.settings import Settings
from server.startup import open_lazily
from server.state import State


def main() -> int:
    """Read settings, then orders, a line of JSON each; answer each order by a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a step prints must not get between the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdin = sys.stdin.buffer
    settings = Settings.model_validate_json(stdin.readline())
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(stdin, orders), daemon=True).start()
    state = open_lazily(settings)
    while True:
        answers.write(json.dumps(answer(state, json.loads(orders.get()))) + "\n")
        answers.flush()


def answer(state: State, order: dict[str, Any]) -> dict[str, Any]:
    """Do what is told; the answer has `done`, or `failed` with `passes`."""
    job_id = UUID(order["job"])
    try:
        if order["do"] == "plan":
            return {"done": steps.plan(state, job_id)}
        if order["do"] == "step":
            return {"done": steps.step(state, job_id, order["index"])}
        steps.finish(state, job_id)
        return {"done": None}
    except Exception as error:  # whatever a step may raise is the job's failure, not this process's
        passes = words.passes(error)
        if not passes and not isinstance(error, ProblemError):  # a refusal in words is no fault of the server
            traceback.print_exc()
        return {"failed": words.in_words(error), "passes": passes}


def _read(stdin: IO[bytes], orders: queue.SimpleQueue[bytes]) -> None:
    with contextlib.suppress(OSError):
        while line := stdin.readline():
            orders.put(line)
    end_all()


def end_all() -> None:
    """End this process and what it has started, at once."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
