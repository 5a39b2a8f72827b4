"""Exports on another body while the transfer to it is being made: nobody waits long, and nothing is made twice."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from server.exports import transfers
from server.exports.transfers import BeingMadeError, Transfers
from server.state import State
from surface.body import Body
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer
from surface.transfer_figures import corners, figures_of
from surface.transfer_file import path_of, save
from tests.server.people import Api

BUILDER = """
import os, shutil, sys
gate, made, wanted, code, *_ = sys.argv[1:]
with open(wanted + ".begun", "a") as file:
    file.write("x")
with open(gate) as file:  # opens when the test lets it
    file.read()
if code == "0":
    os.makedirs(os.path.dirname(wanted), exist_ok=True)
    shutil.copy(made, wanted)
else:
    print("no such luck")
sys.exit(int(code))
"""


class Gate:
    """A builder that waits for the test, and then writes a transfer that was made before or fails."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fifo, self.patch = tmp_path / "gate", monkeypatch
        self.made, self.wanted = tmp_path / "made.npz", tmp_path / "none"
        os.mkfifo(self.fifo)
        monkeypatch.setattr(transfers, "WAIT", 0.2)

    def leads_to(self, wanted: Path, code: int = 0) -> None:
        self.wanted = wanted
        wanted.parent.mkdir(parents=True, exist_ok=True)
        command = (sys.executable, "-c", BUILDER, *map(str, (self.fifo, self.made, wanted, code)))
        self.patch.setattr(transfers, "BUILDER", command)

    def open(self) -> None:
        self.patch.setattr(transfers, "WAIT", 60)
        self.fifo.write_text("go")  # waits until the builder reads

    @property
    def begun(self) -> int:
        return len(self.wanted.with_name(self.wanted.name + ".begun").read_text())


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(tmp_path, monkeypatch)


@pytest.fixture
def pair(state: State, gate: Gate) -> tuple[Body, Body]:
    """The default body and its twin; the transfer between them is ready for the builder."""
    own = state.bodies.by_name("anny").body
    twin = replace(own, name="twin")
    same = SurfaceMap(*corners(own))
    save(gate.made, Transfer(own, twin, same, same, figures_of(own, twin, same, same, own.vertices[:, 0] * 0, ())))
    return own, twin


def test_an_export_is_answered_at_once_and_later_with_the_file(
    lead: Api, state: State, gate: Gate, pair: tuple[Body, Body]
) -> None:
    own, twin = pair
    gate.leads_to(path_of(state.transfers.folder, own, twin))
    twin.save(state.settings.data / "bodies" / "twin.npz")
    url = f"/api/projects/{lead.project()}/export"
    begun = time.monotonic()
    answers = [lead.client.get(url, params={"body": "twin"}) for _ in range(3)]
    assert time.monotonic() - begun < 10
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/being-made"
        told = "the map between anny and twin is being made; it takes about half a minute"
        assert answer.json()["detail"] == told
    gate.open()
    assert lead.ok("GET", url, params={"body": "twin"})["info"]["densemark"]["body_hash"] == twin.hash
    assert gate.begun == 1


def test_what_goes_wrong_is_told_once_and_tried_again(gate: Gate, pair: tuple[Body, Body], tmp_path: Path) -> None:
    found = Transfers(tmp_path / "transfers")
    gate.leads_to(path_of(found.folder, *pair), code=1)
    with pytest.raises(BeingMadeError):
        found.ready(*pair)
    gate.open()
    with pytest.raises(ValueError, match="the map between anny and twin could not be made: no such luck"):
        found.ready(*pair)
    gate.leads_to(path_of(found.folder, *pair))
    opener = threading.Thread(target=gate.open)
    opener.start()
    assert found.ready(*pair).target is pair[1]
    opener.join()
    assert gate.begun == 2


def test_closing_ends_the_builder(
    gate: Gate, pair: tuple[Body, Body], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Transfers(tmp_path / "transfers")
    gate.leads_to(path_of(found.folder, *pair))
    with pytest.raises(BeingMadeError):
        found.ready(*pair)
    found.close()
    monkeypatch.setattr(transfers, "WAIT", 60)
    for _ in range(2):  # and none is begun any more
        with pytest.raises(ValueError, match=r"ended with status|the server is ending"):
            found.ready(*pair)


def test_the_builder_tells_why_it_cannot_and_ends_with_its_input(pair: tuple[Body, Body], tmp_path: Path) -> None:
    own, _ = pair
    for body in (own, replace(own, name="statue", rig=None)):
        body.save(tmp_path / f"{body.name}.npz")

    def builder(target: str) -> subprocess.Popen[str]:
        command = [*transfers.BUILDER, str(tmp_path / "anny.npz"), str(tmp_path / target), str(tmp_path / "t")]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    with builder("statue.npz") as child:
        assert child.stdout is not None
        assert "body 'statue' has no rig" in child.stdout.read()
        assert child.wait() == 1
    os.mkfifo(tmp_path / "endless.npz")
    with builder("endless.npz") as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(60) == 0
    assert not list(tmp_path.glob("t/*.npz"))
