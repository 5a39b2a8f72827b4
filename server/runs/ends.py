"""How a trainer ended, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from annotation_db.models import RunState
from server.runs.folder import LOG

FINISHED, STOPPED = 0, 3
"""Exit statuses of `densemark train`. Of the others (4: a loss is not finite, 5: the memory does not suffice) its last
line says what happened and what to change."""
_TAIL = 64 * 2**10


@dataclass(frozen=True)
class End:
    """A state that a run has come to, and why, where it is not plain."""

    state: RunState
    error: str | None = None


def told(status: int, folder: Path, reason: str | None) -> End:
    """The end that an exit status means.

    :param reason: why it was asked to end; None where it was not, "" where somebody wanted it.
    """
    if status == FINISHED:
        return End(RunState.finished)
    if status == STOPPED:
        outside = "it was asked to end by a signal from outside; resume it to go on"
        return End(RunState.stopped, outside if reason is None else reason or None)
    return End(RunState.failed, last_error(folder) or f"the trainer ended with status {status}; its log says more")


def died(signal: int) -> str:
    """Of a trainer that was killed again and again at the same place."""
    return (
        f"the trainer was killed by signal {signal} again and again without coming to its next checkpoint. Most likely"
        " the machine's memory does not suffice: resume it with data.workers=0 or schedule.accumulate=2, or clone it"
        " with smaller images (data.shortest, data.longest); where somebody else killed it, resume it as it is"
    )


def last_error(folder: Path) -> str | None:
    """The trainer's own last word in its log."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    said = [line.strip() for line in lines if line.startswith("error: ")]
    return said[-1].removeprefix("error: ") if said else None
