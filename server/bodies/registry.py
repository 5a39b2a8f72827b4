"""The bodies this server has, loaded once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import surface
from server.problems import NotFoundError
from surface.body import Body
from surface.views import View, image, pick, views

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
        self._loaded: dict[str | Path, LoadedBody] = {}

    def by_name(self, name: str) -> LoadedBody:
        """A body by name or by hash; of equal names the shipped one. Raises NotFoundError."""
        return self._find(lambda loaded: name in {loaded.name, loaded.hash}, name)

    def by_hash(self, hash_: str) -> LoadedBody:
        """A body by content hash; raises NotFoundError."""
        return self._find(lambda loaded: loaded.hash == hash_, hash_)

    def keep(self, name: str) -> LoadedBody:
        """The body for a new project, with a copy of its file in the folder.

        A later release may ship another body under the same name; the project's marks keep the surface they were made
        on. Raises NotFoundError.
        """
        loaded = self.by_name(name)
        copy = self._folder / f"{loaded.name}-{loaded.hash[:16]}.npz"
        if not copy.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            loaded.body.save(copy)
        return loaded

    def warm_up(self) -> None:
        """Load the shipped bodies and compile what draws them and picks on them."""
        for name in SHIPPED:
            loaded = self.by_name(name)
            image(loaded.body, loaded.views[1][0], size=64)
            for part in loaded.views.values():
                pick(loaded.body, part[0], 0.5, 0.5)

    def _find(self, fits: Callable[[LoadedBody], bool], wanted: str) -> LoadedBody:
        with self._lock:
            sources: list[str | Path] = [*SHIPPED, *sorted(self._folder.glob("*.npz"))]
            for source in sources:
                if source not in self._loaded:
                    self._loaded[source] = LoadedBody(surface.load(source))
                if fits(self._loaded[source]):
                    return self._loaded[source]
        raise NotFoundError(f"this server has no body {wanted}")
