"""Transfers between bodies for requests: read from their files, and made in the background where there is none.

A registration takes about half a minute of a processor, so it runs in a process of its own, one at a time. It ends with
the server that started it.
"""

import logging
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from server.problems import ProblemError
from surface.body import Body
from surface.transfer import Transfer, require_human
from surface.transfer_file import find

_log = logging.getLogger("densemark.transfers")

WAIT = 2.0
"""Seconds that a request waits for a transfer that is being made."""
RETRY = 5
"""Seconds after which the client may ask again."""
BUILDER = (sys.executable, "-P", "-m", "surface.transfer_builder")


class BeingMadeError(ProblemError):
    """The transfer is being made; the same request will succeed later."""

    status, kind = 503, "being-made"


@dataclass
class _Making:
    ended: threading.Event = field(default_factory=threading.Event)
    problem: str | None = None


class Transfers:
    """The transfers in a folder; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._one = threading.Lock()  # registration at a time
        self._makings: dict[tuple[str, ...], _Making] = {}
        self._child: subprocess.Popen[str] | None = None
        self._closed = False

    def ready(self, source: Body, target: Body) -> Transfer:
        """The transfer between two bodies, if it is there within a moment.

        :raises BeingMadeError: it is being made in the background, which this call has begun unless it was under way.
        :raises ValueError: the bodies cannot be registered, or it went wrong; the next call tries again.
        """
        require_human(source, target)
        found = find(self.folder, source, target)
        if found is not None:
            return found
        key = tuple(sorted((source.hash, target.hash)))
        making = self._begin(key, source, target)
        if not making.ended.wait(WAIT):
            raise BeingMadeError(
                f"the map between {source.name} and {target.name} is being made; it takes about half a minute",
                headers={"Retry-After": str(RETRY)},
            )
        with self._lock:
            if self._makings.get(key) is making:
                del self._makings[key]
        found = None if making.problem else find(self.folder, source, target)
        if found is None:
            why = making.problem or "its file cannot be read again"
            raise ValueError(f"the map between {source.name} and {target.name} could not be made: {why}")
        return found

    def close(self) -> None:
        """End what is being made; nothing is begun any more."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()
            makings = list(self._makings.values())
        for making in makings:
            making.ended.wait()

    def _begin(self, key: tuple[str, ...], source: Body, target: Body) -> _Making:
        with self._lock:
            making = self._makings.get(key)
            if making is None:
                making = self._makings[key] = _Making()
                threading.Thread(target=self._make, args=(key, making, source, target), daemon=True).start()
            return making

    def _make(self, key: tuple[str, ...], making: _Making, source: Body, target: Body) -> None:
        try:
            with self._one:
                making.problem = self._register(source, target)
        except OSError as error:
            making.problem = str(error)
        finally:
            with self._lock:
                if making.problem is None:
                    self._makings.pop(key, None)  # from now on there is the file; a problem is told to the next request
                else:
                    _log.warning("%s and %s: %s", source.name, target.name, making.problem)
            making.ended.set()

    def _register(self, source: Body, target: Body) -> str | None:
        """What went wrong, or None."""
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / name) for name in ("source.npz", "target.npz")]
            for body, file in zip((source, target), files, strict=True):
                body.save(file)
            with self._lock:
                if self._closed:
                    return "the server is ending"
                # Its input stays open as long as this process lives: its end is what tells the builder to end.
                child = self._child = subprocess.Popen(  # noqa: S603 - a program of this package, and files written here
                    [*BUILDER, *files, str(self.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            assert child.stdin is not None
            assert child.stdout is not None
            told = child.stdout.read().strip()
            code = child.wait()
            with self._lock:
                self._child = None
            child.stdout.close()
            with suppress(OSError):
                child.stdin.close()
        return None if code == 0 else told or f"the process that made it ended with status {code}"
