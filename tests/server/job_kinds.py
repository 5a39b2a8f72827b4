"""Kinds of jobs for tests; every effect is a line in a file, so that a test can count them."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from server.jobs.kinds import Kind, PassingError
from server.state import State


def _plan(_state: State, args: dict[str, Any]) -> list[int]:
    return list(range(args["count"]))


def _note(args: dict[str, Any], line: str) -> None:
    with Path(args["file"]).open("a") as file:
        file.write(f"{line}\n")


def _step(_state: State, args: dict[str, Any], shard: int) -> int:
    _note(args, f"begin {shard}")
    _note(args, f"pid {os.getpid()}")
    if shard == args.get("crash"):
        os._exit(3)
    if shard == args.get("fault"):
        raise ValueError("the fourth wall is missing")
    if shard == args.get("hiccup") and Path(args["file"]).read_text().count(f"begin {shard}\n") < 3:
        raise PassingError("try again")
    if args.get("child"):
        child = subprocess.Popen(["sleep", "60"])
        _note(args, f"child {child.pid}")
    time.sleep(args.get("seconds", 0))
    _note(args, f"end {shard}")
    return shard * shard


def _finish(_state: State, args: dict[str, Any], results: list[int]) -> dict[str, int]:
    _note(args, "finish")
    return {"sum": sum(results)}


SQUARES = Kind("squares", _plan, _step, _finish)
