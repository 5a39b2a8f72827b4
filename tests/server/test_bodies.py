"""Bodies by name and by hash; a project keeps the very body it was made on; spoilt files do no harm."""

from pathlib import Path

import pytest

import surface
from server.bodies.registry import Bodies
from server.problems import NotFoundError


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
