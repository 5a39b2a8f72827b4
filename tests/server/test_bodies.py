"""Bodies by name and by hash; a project keeps the very body it was made on; spoilt files do no harm."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import surface
from server.bodies import registry
from server.bodies.registry import Bodies
from server.bodies.service import describe
from server.problems import NotFoundError, RefusedError
from surface.body import Body
from surface.colours import chart_colours
from tests.server.worm import worm


def test_a_kept_body_outlives_the_release_that_shipped_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Bodies(tmp_path / "bodies").keep("anny")
    Bodies(tmp_path / "bodies").keep("anny")
    assert len(list((tmp_path / "bodies").iterdir())) == 1
    assert kept.hash == surface.load("anny").hash

    monkeypatch.setattr(surface, "names", list)
    found = Bodies(tmp_path / "bodies").by_hash(kept.hash)
    assert found.hash == kept.hash
    assert found.body.faces.tobytes() == kept.body.faces.tobytes()
    with pytest.raises(NotFoundError, match="no body"):
        Bodies(tmp_path / "elsewhere").by_hash(kept.hash)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read, as they are."""
    done: list[str] = []
    load: Callable[[str | Path], Body] = surface.load

    def counted(source: str | Path = "anny") -> Body:
        done.append(Path(source).name)
        return load(source)

    monkeypatch.setattr(surface, "load", counted)
    return done


def test_few_bodies_are_held_and_no_file_is_read_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr(surface, "names", list)
    monkeypatch.setattr(registry, "LOADED", 2)
    made = {name: worm(name) for name in ("a", "b", "c")}
    for name, body in made.items():
        body.save(tmp_path / f"{name}.npz")
    bodies = Bodies(tmp_path)
    assert [found.name for found in bodies.all()] == ["a", "b", "c"]
    assert [bodies.by_hash(made[name].hash).name for name in "bcbc"] == ["b", "c", "b", "c"]
    assert bodies.by_name("c") is bodies.by_name("c")
    assert reads == ["a.npz", "b.npz", "c.npz"]
    again = bodies.by_hash(made["a"].hash)
    assert (again.name, again.body.hash) == ("a", made["a"].hash)
    assert reads.pop() == "a.npz"
    assert bodies.by_hash(made["c"].hash).name == "c"
    assert reads == ["a.npz", "b.npz", "c.npz"], "b, the longest not asked for, made place"
    assert [found.name for found in bodies.all()] == ["a", "b", "c"]
    with pytest.raises(NotFoundError):
        bodies.by_hash("0" * 64)
    assert len(reads) == 3


def test_a_damaged_file_is_read_once_and_again_when_it_is_mended(tmp_path: Path, reads: list[str]) -> None:
    file = tmp_path / "worm.npz"
    file.write_bytes(b"no body")
    bodies = Bodies(tmp_path)
    for _ in range(3):
        assert [found.file for found in bodies.damaged()] == ["worm.npz"]
    assert reads.count("worm.npz") == 1
    worm().save(file)
    assert bodies.damaged() == []
    assert bodies.by_name("worm").hash == worm().hash
    file.unlink()
    with pytest.raises(NotFoundError):
        bodies.by_name("worm")


def test_a_name_means_the_newest_file_then_what_ships_then_what_projects_keep(tmp_path: Path) -> None:
    shipped = surface.load("anny").hash
    bodies = Bodies(tmp_path)
    bodies.keep("anny")
    old, new = worm("anny", 0.5), worm("anny", 0.6)
    old.save(tmp_path / f"anny-{old.hash[:16]}.npz")
    assert bodies.by_name("anny").hash == shipped
    old.save(tmp_path / "one.npz")
    new.save(tmp_path / "two.npz")
    for first, last in ((old, new), (new, old)):
        for time, body in enumerate((first, last)):
            os.utime(tmp_path / ("one.npz" if body is old else "two.npz"), (2_000_000_000 + time,) * 2)
        assert bodies.by_name("anny").hash == last.hash
        assert [found.hash for found in bodies.all()] == [last.hash, first.hash, shipped]


def test_a_body_is_read_once_however_many_ask_at_once(tmp_path: Path, reads: list[str]) -> None:
    body = worm()
    body.save(tmp_path / "worm.npz")
    bodies = Bodies(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: bodies.by_hash(body.hash), range(32)))
    assert len({id(loaded) for loaded in found}) == 1
    assert reads == ["anny", "worm.npz"]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: bodies.keep("worm"), range(16)))
    assert {loaded.hash for loaded in kept} == {body.hash}
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"worm-{body.hash[:16]}.npz", "worm.npz"]
    with pytest.raises(RefusedError, match="there is no body 'horse'; there are: anny, worm"):
        bodies.keep("horse")


def test_charts_have_the_colours_of_the_pictures(tmp_path: Path) -> None:
    worm("worm").save(tmp_path / "worm.npz")
    loaded = Bodies(tmp_path).by_name("worm")
    shown = [bytes.fromhex(chart.colour[1:]) for chart in describe(loaded).charts]
    drawn = np.round(255 * chart_colours(loaded.body)).astype(np.uint8)
    assert shown == [row.tobytes() for row in drawn]
