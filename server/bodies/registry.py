"""The bodies this server has, loaded once."""

import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import surface
from server.problems import NotFoundError
from surface.body import Body
from surface.views import View, views

SHIPPED = ("anny",)


@dataclass(frozen=True, eq=False)
class LoadedBody:
    """A body with the six views of each of its parts."""

    body: Body

    @property
    def name(self) -> str:
        """The body's name."""
        return self.body.name

    @property
    def hash(self) -> str:
        """The body's content hash."""
        return self.body.hash

    @cached_property
    def views(self) -> dict[int, list[View]]:
        """The views by coarse part."""
        return {part: views(self.body, part) for part in range(1, len(self.body.part_names) + 1)}


class Bodies:
    """Bodies by name and by hash: the shipped ones, and `*.npz` files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._by_hash: dict[str, LoadedBody] = {}
        self._hash_of: dict[str, str] = {}

    def by_name(self, name: str) -> LoadedBody:
        """A body by name or hash; raises NotFoundError."""
        with self._lock:
            if name not in self._hash_of and name not in self._by_hash:
                self._load(name)
            return self._by_hash[self._hash_of.get(name, name)]

    def by_hash(self, hash_: str) -> LoadedBody:
        """A body by content hash; raises NotFoundError."""
        with self._lock:
            for name in self._names():
                if hash_ in self._by_hash:
                    break
                if name not in self._hash_of:
                    self._load(name)
            if hash_ not in self._by_hash:
                raise NotFoundError(f"this server has no body {hash_}")
            return self._by_hash[hash_]

    def _names(self) -> list[str]:
        return [*SHIPPED, *sorted(path.stem for path in self._folder.glob("*.npz"))]

    def _load(self, name: str) -> None:
        if name not in self._names():
            raise NotFoundError(f"this server has no body {name}")
        loaded = LoadedBody(surface.load(name if name in SHIPPED else self._folder / f"{name}.npz"))
        self._hash_of[name] = loaded.hash
        self._by_hash[loaded.hash] = loaded
