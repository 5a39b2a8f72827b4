"""What `densemark train` says of itself: the recipes that ship, and what it could train on."""

from __future__ import annotations

import os
from typing import Any

from cli.common import console, print_json, print_table


def print_recipes() -> None:
    """All recipes that ship, complete, as JSON."""
    from model import recipe_text

    print_json([{"name": name, "text": recipe_text.as_toml(recipe_text.read(name))} for name in recipe_text.names()])


def print_devices(as_json: bool) -> None:
    """The processors and GPUs, the version of torch, and what is missing."""
    told = _devices()
    if as_json:
        print_json(told)
        return
    print_table(("device", "what", "MiB"), [(d["name"], d["title"], d["memory"] or "") for d in told["devices"]])
    if told["problem"]:
        console.print(told["problem"])


def _devices() -> dict[str, Any]:
    try:
        from model import devices
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "torch":
            raise
        missing = "torch is not installed: pip install 'densemark[model]', in the environment of the worker"
        return {"devices": [], "torch": None, "problem": missing}
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cpu = {"name": "cpu", "title": f"{processors} processors", "memory": None}
    found = devices.gpus()
    return {"devices": [*found, cpu], "torch": devices.TORCH, "problem": None if found else devices.why_no_gpu()}
