"""What the networks' room knows - recipes, devices - as `densemark train` tells it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import tomllib
from concurrent.futures import Future
from functools import lru_cache
from typing import Any

from server.problems import RefusedError
from server.runs.schemas import Recipe, TrainingDevice

ORDER = (sys.executable, "-P", "-m", "cli", "train")
_PATIENCE = 120.0  # seconds; importing torch takes some
_FRESH = 60.0  # seconds for which the devices are taken to be the same
_lock = threading.Lock()
_asking: Future[tuple[float, dict[str, Any]]] | None = None


class _FailedError(Exception):
    """The command said no; the text is its line."""


@lru_cache(maxsize=1)
def recipes() -> tuple[Recipe, ...]:
    """All that ship. Raises RefusedError when the command cannot say."""
    try:
        return tuple(Recipe(**each) for each in _asked("--show", "--json"))
    except _FailedError as error:
        raise RefusedError(f"the recipes cannot be read: {error}") from error


def complete(name: str, changes: tuple[str, ...]) -> tuple[str, int]:
    """The text of a recipe with changes, and its steps. Raises RefusedError, naming the key that is wrong."""
    names = [recipe.name for recipe in recipes()]
    if name not in names:
        raise RefusedError(f"recipe: there is none called {name!r}; there are {', '.join(names)}")
    text, steps = _complete(name, changes)
    network = tomllib.loads(text)["network"]
    if network["trunk"]["weights"] not in ("", "imagenet"):
        raise RefusedError("network.trunk.weights: from here only imagenet; a file is named from the shell alone")
    if network["start"]:
        raise RefusedError("network.start: a run to begin with is named from the shell alone")
    return text, steps


@lru_cache(maxsize=256)
def _complete(name: str, changes: tuple[str, ...]) -> tuple[str, int]:
    try:
        shown = _asked("--recipe", name, *(f"--set={change}" for change in changes), "--show", "--json")
    except _FailedError as error:
        raise RefusedError(str(error)) from None
    return shown["text"], shown["steps"]


def devices(patience: float = _PATIENCE) -> tuple[list[TrainingDevice], str | None, str | None]:
    """Where a training can run on this machine, the version of torch, and what is missing, in words.

    :param patience: so many seconds the answer is waited for; until it comes, that is what is missing.
    """
    global _asking
    with _lock:
        if _asking is None or (_asking.done() and time.monotonic() - _asking.result()[0] > _FRESH):
            _asking = Future()
            threading.Thread(target=_ask_devices, args=(_asking,), daemon=True).start()
        asking = _asking
    try:
        told = asking.result(patience)[1]
    except TimeoutError:
        told = {"devices": [], "torch": None, "problem": "torch is being asked for its devices: look again in a moment"}
    return [TrainingDevice(**each) for each in told["devices"]], told["torch"], told["problem"]


def _ask_devices(asking: Future[tuple[float, dict[str, Any]]]) -> None:
    try:
        told = _asked("--devices", "--json")
    except _FailedError as error:
        told = {"devices": [], "torch": None, "problem": str(error)}
    asking.set_result((time.monotonic(), told))


def _asked(*words: str) -> Any:
    """The JSON that the command prints. Raises _FailedError."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of this package
            [*ORDER, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise _FailedError(f"densemark train did not answer: {error}") from error
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    raise _FailedError((said[-1] if said else f"exit status {done.returncode}").removeprefix("error: "))
