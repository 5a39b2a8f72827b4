"""The user's own poses, backgrounds and textures: taken in, kept, chosen, and rendered with as the shell does."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI

from annotation_db import models
from annotation_db.models import JobState
from annotation_db.repositories import images, jobs
from server.jobs import here
from server.renders import files, own
from server.startup import remove_orphans
from server.state import State
from synthesis.pose_files import read_pose_file
from tests.cli.commands import ok
from tests.server.people import Api, png

KINDS = ("poses", "backgrounds", "textures")


def amass(frames: int = 40, bend: float = 1.2, rate: float = 15.0) -> bytes:
    """A motion in which a person who stands lowers both arms evenly."""
    turned = np.linspace(0, bend, frames)
    poses = np.zeros((frames, 156))
    poses[:, 0] = np.pi / 2
    poses[:, 16 * 3 + 2], poses[:, 17 * 3 + 2] = -turned, turned
    file = io.BytesIO()
    np.savez(file, poses=poses, trans=np.zeros((frames, 3)), mocap_framerate=rate)
    return file.getvalue()


def send(lead: Api, project: str, *sent: tuple[str, str, bytes]) -> Any:
    """Upload files, each a kind, a name and its content."""
    form = [(kind, (name, content)) for kind, name, content in sent]
    return lead.ok("POST", f"/api/projects/{project}/render-files", files=form)


def listed(lead: Api, project: str) -> list[Any]:
    """The project's files."""
    found: list[Any] = lead.ok("GET", f"/api/projects/{project}/render-files")
    return found


def test_a_job_renders_with_own_files_what_the_shell_renders_with_them(lead: Api, state: State, tmp_path: Path) -> None:
    project, folders = lead.project(), {kind: tmp_path / kind for kind in KINDS}
    content = {
        "poses": {"walk.npz": amass(), "a/still.npz": amass(2, 0.4)},
        "backgrounds": {"b.png": png(seed=1), "a.png": png(seed=2)},
        "textures": {"wool.png": png(seed=3)},
    }
    for kind, named in content.items():
        for name, data in named.items():
            (folders[kind] / name).parent.mkdir(parents=True, exist_ok=True)
            (folders[kind] / name).write_bytes(data)
    sent = [(kind, name, data) for kind in KINDS for name, data in reversed(content[kind].items())]
    stored = send(lead, project, *sent)["stored"]
    assert {(file["kind"], file["name"]) for file in stored} == {(kind, name) for kind, name, _ in sent}
    chosen = {kind: [file["id"] for file in stored if file["kind"] == kind] for kind in KINDS}
    asked = {"count": 2, "size": 128, "seed": 3, "cut": 0.5, **chosen}
    job = lead.ok("POST", f"/api/projects/{project}/renders", 201, json=asked)
    here.do(state, UUID(job["id"]))

    words = [word for kind in KINDS for word in (f"--{kind}", folders[kind])]
    options = ("--count", "2", "--size", "128", "--seed", "3", "--cut", ".5", "--workers", "1")
    ok("render", *options, "--out", tmp_path / "out", *words, data=state.settings.data)
    made = lead.ok("GET", f"/api/projects/{project}/images")["items"]
    assert [image["file_name"] for image in made] == ["renders/3/00000001.jpg", "renders/3/00000002.jpg"]
    for image in made:
        there = lead.client.get(f"/api/images/{image['id']}/file").content
        assert there == (tmp_path / "out" / "images" / Path(image["file_name"]).name).read_bytes()


def test_files_are_looked_at_one_by_one_and_told_of(lead: Api, app: FastAPI, tmp_path: Path) -> None:
    project = lead.project()
    (tmp_path / "walk.npz").write_bytes(amass())
    read = read_pose_file(tmp_path / "walk.npz")
    assert 1 < len(read.poses) < read.frames == 40
    odd = io.BytesIO()
    np.savez(odd, poses=np.zeros((2, 5)))
    result = send(
        lead,
        project,
        ("poses", "walk.npz", amass()),
        ("poses", "odd.npz", odd.getvalue()),
        ("poses", "run.bvh", b"no motion"),
        ("poses", "walk.fbx", b"other"),
        ("backgrounds", "sea.png", png(seed=1)),
        ("backgrounds", "cut.png", png(seed=2)[:900]),
        ("backgrounds", "notes.txt", b"no picture"),
        ("textures", "sea.png", png(seed=1)),
        ("textures", ".DS_Store", b"litter"),
    )
    walk = result["stored"][0]
    assert (walk["frames"], walk["poses"]) == (40, len(read.poses))
    assert walk["note"] == f"{len(read.poses)} of 40 frames kept (distinct: joints turned 4° on average since the last)"
    assert [(file["kind"], file["name"]) for file in result["stored"]] == [
        ("poses", "walk.npz"), ("backgrounds", "sea.png"), ("textures", "sea.png"),
    ]  # fmt: skip
    refused = {file["file"]: file["reason"] for file in result["refused"]}
    for name, reason in {
        "odd.npz": "a pose has 5 numbers",
        "run.bvh": "it is no BVH file",
        "walk.fbx": "poses are read from .npz (AMASS, SMPL) and .bvh files, not .fbx",
        "cut.png": "cannot be read as an image",
        "notes.txt": "pictures are read from .jpg",
    }.items():
        assert reason in refused.pop(name)
    assert refused == {}
    again = send(lead, project, ("poses", "other name.npz", amass()))
    assert (again["stored"], [file["id"] for file in again["duplicates"]]) == ([], [walk["id"]])
    assert {file["id"] for file in listed(lead, project)} == {file["id"] for file in result["stored"]}
    assert listed(lead, lead.project(name="Other")) == []


def test_files_beyond_the_limits_are_refused(lead: Api, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    project, settings = lead.project(), app.state.densemark.settings
    monkeypatch.setattr(settings, "max_file_bytes", 20_000)
    monkeypatch.setattr(settings, "max_pixels", 60 * 80 - 1)
    zipped = io.BytesIO()
    np.savez_compressed(zipped, poses=np.zeros((100, 156)))
    assert len(zipped.getvalue()) < 20_000
    monkeypatch.setattr(files, "MOST_FILES", 1)
    refused = send(
        lead,
        project,
        ("poses", "big.npz", amass(100)),
        ("poses", "bomb.npz", zipped.getvalue()),
        ("backgrounds", "wide.png", png()),
        ("textures", "one.png", png(20, 20, 1)),
        ("textures", "two.png", png(20, 20, 2)),
    )["refused"]
    reasons = [(file["file"], file["reason"].split(",")[0]) for file in refused]
    assert reasons == [
        ("big.npz", "it has 0 MiB"),
        ("bomb.npz", "it unpacks to 0 MiB"),
        ("wide.png", "it has 0 million pixels"),
        ("two.png", "the most that a project can have of textures are 1 files; delete some"),
    ]


def test_what_a_project_renders_with_is_kept_until_it_is_deleted(
    lead: Api, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.settings, "orphan_grace_minutes", 0)
    project = lead.project()
    ((sea,), (walk,)) = (
        send(lead, project, (kind, name, data))["stored"]
        for kind, name, data in (("backgrounds", "sea.png", png()), ("poses", "walk.npz", amass(2)))
    )
    keys = {key for key, _ in state.blobs.ages()}
    with state.database.read() as session:
        assert images.named_blobs(session) == keys
    assert (len(keys), remove_orphans(state)) == (2, 0)
    job = lead.ok("POST", f"/api/projects/{project}/renders", 201, json={"count": 1, "backgrounds": [sea["id"]]})
    path = f"/api/projects/{project}/render-files"
    assert "has not ended" in lead.fails("DELETE", f"{path}/{sea['id']}", 409)["detail"]
    lead.fails("DELETE", f"/api/projects/{lead.project(name='Other')}/render-files/{sea['id']}", 404)
    lead.ok("POST", f"/api/jobs/{job['id']}/cancel")
    lead.ok("DELETE", f"{path}/{sea['id']}", 204)
    lead.fails("DELETE", f"{path}/{sea['id']}", 404)
    assert [file["id"] for file in listed(lead, project)] == [walk["id"]]
    assert remove_orphans(state) == 1
    for kind, id_ in (("backgrounds", sea["id"]), ("backgrounds", walk["id"]), ("poses", str(uuid4()))):
        asked = {"count": 1, kind: [id_]}
        assert "no such file" in lead.fails("POST", f"/api/projects/{project}/renders", 422, json=asked)["detail"]


def test_a_withdrawn_photo_is_no_background_any_more(lead: Api, state: State) -> None:
    project = lead.project()
    stored = lead.upload(project, ("sea.png", png()))["stored"][0]["image"]["id"]
    sea = send(lead, project, ("backgrounds", "sea.png", png()))["stored"][0]
    job = lead.ok("POST", f"/api/projects/{project}/renders", 201, json={"count": 1, "backgrounds": [sea["id"]]})
    lead.ok("POST", f"/api/images/{stored}/withdraw", json={})
    assert listed(lead, project) == []
    assert list(state.blobs.ages()) == []
    again = send(lead, project, ("backgrounds", "sea.png", png()))
    assert "withdrew" in again["refused"][0]["reason"]
    with pytest.raises(ValueError, match=r"the file sea\.png is gone"):
        here.do(state, UUID(job["id"]))
    with state.database.read() as session:
        ended = jobs.by_id(session, UUID(job["id"]))
    assert isinstance(ended, models.Job)
    assert ended.state == JobState.failed


def test_poses_of_a_job_are_read_once_in_a_process(lead: Api, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    project = lead.project()
    send(lead, project, ("poses", "walk.npz", amass()))
    (file,) = listed(lead, project)
    with state.database.read() as session:
        chosen = files.chosen(session, UUID(project), {models.RenderFileKind.poses: (UUID(file["id"]),)})
    first = own.own_files(state, {"files": chosen})
    assert len(first["poses"]) == file["poses"]
    assert own.own_files(state, {"files": chosen})["poses"] is first["poses"]
    assert own.own_files(state, {}) == {"poses": (), "backgrounds": (), "textures": ()}
