"""A training that is asked to end before its last step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Halt:
    """Whether the training was asked to end, by a signal or by whoever began it.

    :param stop: asked after every step.
    """

    def __init__(self, stop: Callable[[], bool] | None = None) -> None:
        self._stop = stop
        self._asked = False

    def ask(self) -> None:
        """Have the training end after its step."""
        self._asked = True

    @property
    def asked(self) -> bool:
        """Whether it shall end."""
        if not self._asked and self._stop is not None:
            self._asked = self._stop()
        return self._asked

    @contextmanager
    def on_signals(self, alone: bool = True) -> Iterator[None]:
        """Within the block Ctrl+C and SIGTERM ask for the end; a second Ctrl+C interrupts at once. Signals reach only a
        program's main thread: elsewhere this does nothing.

        :param alone: whether this is the only process: torchrun hands on the Ctrl+C that its processes have heard
            already, so with others a second one changes nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def heard(number: int, _: FrameType | None) -> None:
            if self._asked and alone and number == signal.SIGINT:
                raise KeyboardInterrupt
            self._asked = True

        for number in before:
            signal.signal(number, heard)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
