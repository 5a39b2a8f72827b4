"""One training at a time on each GPU of a machine, and one on its processor: locks of the operating system in
DATA/runs/locks, which end with whoever holds them."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from server.runs import known
from server.settings import Settings

CPU = "cpu"
_ASKED = ("--query-gpu=memory.used,memory.total,utilization.gpu", "--format=csv,noheader,nounits")


def count() -> int:
    """GPUs of this machine that its kernel knows; 0 where that cannot be told."""
    return len([path for path in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)])


def lanes() -> int:
    """How many trainings this machine can do at once."""
    return count() + 1


def take(settings: Settings, wanted: str) -> tuple[str, BaseFileLock] | None:
    """A device that is free, with its lock; None while there is none. "auto": a GPU, or the CPU where there is none."""
    for name in _candidates(wanted):
        place = settings.data.absolute() / "runs" / "locks"
        place.mkdir(parents=True, exist_ok=True)
        host = re.sub(r"[^\w.-]", "-", socket.gethostname())[:80]
        lock = FileLock(place / f"{host}-{name.replace(':', '-')}.lock")
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            return name, lock
    return None


def _candidates(wanted: str) -> list[str]:
    if wanted != "auto":
        return [wanted]
    gpus = [device.name for device in known.devices()[0] if device.name != CPU] if count() else []
    return gpus or [CPU]


def usage(device: str) -> dict[str, float | None] | None:
    """Memory of a GPU that is used, and all of it, in MiB, and the share of time it is busy; None where nvidia-smi
    cannot say."""
    program = shutil.which("nvidia-smi")
    if program is None or device == CPU:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - arguments of ours
            [program, f"--id={device.removeprefix('cuda:')}", *_ASKED],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
        used, total, use = (part.strip() for part in told.splitlines()[0].split(","))
        return {"used": float(used), "total": float(total), "use": float(use) / 100 if use.isdecimal() else None}
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
