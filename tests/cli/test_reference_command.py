"""`densemark body reference`: what it writes for which body, and that it says what is missing."""

import json
from pathlib import Path

from surface.geodesic_build import build
from tests.cli.commands import ok, refused
from tests.server.worm import worm


def test_an_animal_gets_the_files_for_embeddings(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    (data / "bodies").mkdir(parents=True)
    body = worm()
    body.save(data / "bodies" / "worm.npz")
    missing = refused("body", "reference", "worm", "--out", out, data=data)
    assert "no geodesic table of worm yet: `densemark body geodesics worm` builds it" in missing
    build(body.hash, body.vertices, body.faces, data / "geodesics", processes=1)
    told = json.loads(ok("body", "reference", "worm", "--out", out, "--json", data=data))
    assert told["for"] == "embeddings"
    names = ["geodists_worm.pkl", "texcoords_worm.pkl", "worm.pkl"]
    assert sorted(Path(file).name for file in told["files"]) == sorted(path.name for path in out.iterdir()) == names
    said = ok("body", "reference", "worm", "--out", out, data=data)
    assert "worm is not its own mirror image" in said
    assert "needs the 14 parts" in refused("body", "reference", "worm", "--for", "charts", "--out", out, data=data)
    assert "neither charts nor" in refused("body", "reference", "worm", "--for", "cse", "--out", out, data=data)
