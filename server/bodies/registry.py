"""The bodies this server has: the shipped ones, and the files in a folder, where others may appear at any time."""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np

import surface
from server.problems import NotFoundError, RefusedError
from surface.body import Body
from surface.order import part_order
from surface.views import View, image, pick, views

LOADED = 8
"""Bodies held in memory at once; the one that was longest not asked for goes first."""

_LONGEST_NAME = 200  # what a project can write down

_log = logging.getLogger("densemark.bodies")

Source = str | Path
Signature = tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class LoadedBody:
    """A body with what is made of it once: the six views of each part, and the order its parts are worked on in.

    Whoever draws it holds `drawing`: the first picture of a large body takes its time, as do its views, and that is not
    to be spent six times at once.
    """

    body: Body
    drawing: threading.Lock = field(default_factory=threading.Lock)
    viewing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """The body's name."""
        return self.body.name

    @property
    def hash(self) -> str:
        """The body's content hash."""
        return self.body.hash

    @property
    def parts(self) -> int:
        """How many coarse parts it has: mask labels are 0 to this."""
        return len(self.body.part_names)

    def views(self, part: int) -> list[View]:
        """The six views of a coarse part 1..P; raises RefusedError for a part so degenerate that it has none."""
        try:
            with self.viewing:
                return views(self.body, part)
        except (ValueError, ArithmeticError) as error:
            raise RefusedError(f"the body {self.name} cannot be shown: {error}") from error

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Its coarse parts in the order they are marked in."""
        return part_order(self.body)


@dataclass(frozen=True)
class Summary:
    """What is known of a body without holding it in memory."""

    source: Source
    name: str
    hash: str
    vertices: int
    faces: int
    charts: int
    parts: int
    symmetric: bool
    changed: int

    @property
    def kept(self) -> bool:
        """Whether this is a copy that was kept for a project; its name may mean another body by now."""
        return isinstance(self.source, Path) and self.source.stem.endswith(f"-{self.hash[:16]}")

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """Of bodies of one name the greatest is the one that is meant: a file before a shipped body, the newest file
        before others, and last what projects keep copies of."""
        return not self.kept, isinstance(self.source, Path), self.changed, str(self.source)


@dataclass(frozen=True)
class Damaged:
    """A file in the folder that is no usable body, and why."""

    file: str
    problem: str


class Bodies:
    """Bodies by name and by hash, read when they are first needed; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reading = threading.Lock()  # one file at a time, and without the other lock
        self._lock = threading.Lock()
        self._known: dict[Source, tuple[Signature, Summary | Damaged]] = {}
        self._loaded: OrderedDict[str, LoadedBody] = OrderedDict()

    def all(self) -> list[Summary]:
        """One summary for each body by name; of one name the one that is meant by it first."""
        best: dict[str, Summary] = {}
        for summary in self._summaries():
            known = best.get(summary.hash)
            if known is None or summary.rank > known.rank:
                best[summary.hash] = summary
        return sorted(sorted(best.values(), key=lambda s: s.rank, reverse=True), key=lambda s: s.name)

    def damaged(self) -> list[Damaged]:
        """Files in the folder that are no usable bodies."""
        return [found for found in self._scan() if isinstance(found, Damaged)]

    def by_name(self, name: str) -> LoadedBody:
        """A body by name or by hash; of equal names see `Summary.rank`. Raises NotFoundError."""
        fitting = [summary for summary in self._summaries() if name in {summary.name, summary.hash}]
        if not fitting:
            raise NotFoundError(f"this server has no body {name}")
        chosen = max(fitting, key=lambda summary: summary.rank)
        return self._load(chosen)

    def by_hash(self, hash_: str) -> LoadedBody:
        """A body by content hash; raises NotFoundError."""
        with self._lock:
            loaded = self._loaded.get(hash_)
            if loaded is not None:
                self._loaded.move_to_end(hash_)
                return loaded
            known = [found for _, found in self._known.values() if isinstance(found, Summary) and found.hash == hash_]
        for summary in known or self._summaries():
            if summary.hash == hash_:
                return self._load(summary)
        raise NotFoundError(f"this server has no body {hash_}")

    def keep(self, name: str) -> LoadedBody:
        """The body for a new project, by name or hash, with a copy of its file in the folder.

        A later release may ship another body under the same name, and anybody may build one anew; the project's marks
        keep the surface they were made on. Raises RefusedError, which names the bodies there are.
        """
        try:
            loaded = self.by_name(name)
        except NotFoundError as error:
            names = ", ".join(dict.fromkeys(summary.name for summary in self.all()))
            raise RefusedError(f"there is no body {name!r}; there are: {names or 'none'}") from error
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", loaded.name).lstrip(".")[:80]
        copy = self._folder / f"{plain}-{loaded.hash[:16]}.npz"
        if not copy.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            own = self._folder / f".{uuid4()}.tmp"  # another process may keep the same body now
            loaded.body.save(own)
            own.replace(copy)
        return loaded

    def warm_up(self) -> None:
        """Load the shipped bodies and compile what draws them and picks on them."""
        for name in surface.names():
            loaded = self.by_name(name)
            with loaded.drawing:
                image(loaded.body, loaded.views(1)[0], size=64)
            for part in range(1, loaded.parts + 1):
                pick(loaded.body, loaded.views(part)[0], 0.5, 0.5)

    def _summaries(self) -> list[Summary]:
        return [found for found in self._scan() if isinstance(found, Summary)]

    def _scan(self) -> Iterable[Summary | Damaged]:
        """What there is now; reads the files that are new or changed, and no others."""
        sources: list[Source] = [*surface.names(), *sorted(self._folder.glob("*.npz"))]
        found = []
        for source in sources:
            signature = _signature(source)
            with self._lock:
                known = self._known.get(source)
            found.append(known[1] if known and known[0] == signature else self._examine(source, signature)[0])
        with self._lock:
            for gone in set(self._known) - set(sources):
                del self._known[gone]
        return found

    def _load(self, summary: Summary) -> LoadedBody:
        """The body of a summary, from memory or its file; raises NotFoundError when the file is gone or changed."""
        with self._lock:
            if summary.hash in self._loaded:
                self._loaded.move_to_end(summary.hash)
                return self._loaded[summary.hash]
        _, loaded = self._examine(summary.source, _signature(summary.source))
        if loaded is None or loaded.hash != summary.hash:
            raise NotFoundError(f"this server has no body {summary.hash}")
        return loaded

    def _examine(self, source: Source, signature: Signature) -> tuple[Summary | Damaged, LoadedBody | None]:
        """Read a file, remember what it is, and hold its body; unless another thread has done so meanwhile."""
        with self._reading:
            with self._lock:
                before, outcome = self._known.get(source, (None, None))
                if outcome is not None and before == signature:
                    loaded = self._loaded.get(outcome.hash) if isinstance(outcome, Summary) else None
                    if loaded is not None or isinstance(outcome, Damaged):
                        return outcome, loaded
            outcome, loaded = _read(source, signature)
            with self._lock:
                self._known[source] = (signature, outcome)
                if loaded is not None:
                    self._loaded[loaded.hash] = loaded = self._loaded.get(loaded.hash, loaded)
                    self._loaded.move_to_end(loaded.hash)
                    while len(self._loaded) > LOADED:
                        self._loaded.popitem(last=False)
            return outcome, loaded


def _signature(source: Source) -> Signature:
    """What changes when a file does; None for a shipped body, and for a file that is gone."""
    try:
        stat = source.stat() if isinstance(source, Path) else None
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size) if stat else None


def _read(source: Source, signature: Signature) -> tuple[Summary | Damaged, LoadedBody | None]:
    try:
        loaded = LoadedBody(surface.load(source))
        _check(loaded)
    except (ValueError, OSError, MemoryError) as error:
        file = Path(source).name
        problem = str(error).removeprefix(f"{source}: ") or type(error).__name__
        _log.warning("%s is left out: %s", file, problem)
        return Damaged(file, problem), None
    body = loaded.body
    return (
        Summary(
            source=source,
            name=body.name,
            hash=body.hash,
            vertices=len(body.vertices),
            faces=len(body.faces),
            charts=len(body.chart_names),
            parts=len(body.part_names),
            symmetric=body.symmetric,
            changed=signature[0] if signature else 0,
        ),
        loaded,
    )


def _check(loaded: LoadedBody) -> None:
    """Raise ValueError for a body that is well-formed but that nobody could annotate on."""
    body = loaded.body
    if not body.name or len(body.name) > _LONGEST_NAME:
        raise ValueError(f"a body's name has 1 to {_LONGEST_NAME} characters, not {len(body.name)}")
    area = np.bincount(body.face_part, body.face_area, minlength=loaded.parts + 1)[1:]
    if not (area > 0).all():
        names = ", ".join(body.part_names[part] for part in np.flatnonzero(~(area > 0)))
        raise ValueError(f"parts without surface: {names}")
