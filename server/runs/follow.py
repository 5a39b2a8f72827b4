"""What a training's metrics say while they are written."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.runs import folder as folders
from server.runs.folder import METRICS, parsed

_OF_TRAINING = ("loss", "rate", "images_per_second", "waiting", "memory")
_PACE = 20  # lines over which the time of a step is averaged


class Metrics:
    """Reads on from where it was each time it is asked; a file that was cut is read anew.

    :param folder: of the run.
    :param steps: all that are to be done.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder, self._steps = folder, steps
        self._file, self._offset = 0, 0
        self._begin()

    def _begin(self) -> None:
        self.step = 0
        self.line: dict[str, Any] | None = None
        self.evaluations: dict[int, dict[str, Any]] = {}
        self._pace: deque[tuple[int, float]] = deque(maxlen=_PACE)

    def read(self) -> bool:
        """Take in what was written since; returns whether anything was."""
        try:
            with (self._folder / METRICS).open("rb") as file:
                number, size = (stat := (self._folder / METRICS).stat()).st_ino, stat.st_size
                if number != self._file or size < self._offset:
                    self._file, self._offset = number, 0
                    self._begin()
                file.seek(self._offset)
                read = file.read()
        except OSError:
            return False
        whole = read[: read.rfind(b"\n") + 1]
        self._offset += len(whole)
        for text in whole.splitlines():
            line = parsed(text.decode("utf-8", "replace"))
            if line is not None:
                self._take(line)
        return bool(whole)

    def values(self, gpu: dict[str, float | None] | None) -> dict[str, Any]:
        """What the run's row is to say."""
        best = folders.model_step(self._folder)
        newest = max(self.evaluations, default=None)
        return {
            "step": self.step,
            "latest": None
            if self.line is None
            else {**{name: self.line.get(name) for name in _OF_TRAINING}, "seconds_left": self.left(), "gpu": gpu},
            "newest": None if newest is None else {"step": newest, "figures": self.evaluations[newest]},
            "best": {"step": best, "figures": self.evaluations[best]} if best in self.evaluations else None,
        }

    def left(self) -> float | None:
        """Seconds of training that are left at the pace of the last steps; evaluations come on top."""
        if len(self._pace) < 2:
            return None
        (first, began), (last, now) = self._pace[0], self._pace[-1]
        return max(0.0, (now - began) / max(1, last - first) * (self._steps - self.step))

    def _take(self, line: dict[str, Any]) -> None:
        self.step = line["step"]
        if line["kind"] == "begin":
            self._pace.clear()
        elif line["kind"] == "train":
            self.line = line
            if isinstance(line.get("seconds"), int | float):
                self._pace.append((line["step"], line["seconds"]))
        elif line["kind"] == "test" and isinstance(line.get("figures"), dict):
            self.evaluations[line["step"]] = headline(line["figures"])


def headline(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers among an evaluation's figures, and those of its tables; lists and texts stay in the file."""
    numbers = {name: value for name, value in figures.items() if _number(value)}
    tables = {name: {key: each for key, each in value.items() if _number(each)}
              for name, value in figures.items() if isinstance(value, Mapping)}  # fmt: skip
    return {**numbers, **{name: table for name, table in tables.items() if table}}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
