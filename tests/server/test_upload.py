"""Uploads: each file its own result, zips under suspicion, nothing half-stored."""

import io
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from annotation.words import Role
from annotation_db.models import Image
from annotation_db.repositories import images
from server.images import names, service
from server.images.upload import Upload
from server.startup import clean, prepare, remove_orphans
from server.state import State
from tests.server.people import Api, add_user, png, sign_in


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def stored_blobs(state: State) -> set[str]:
    return {key for key, _ in state.blobs.ages()}


def test_each_file_has_its_own_result(app: FastAPI, lead: Api, state: State) -> None:
    project = lead.project()
    result = lead.upload(
        project,
        ("one.png", png(seed=1)),
        ("notes.txt", b"not a photo"),
        ("again.png", png(seed=1)),
        ("cut.png", png(seed=2)[:3000]),
        ("folder/two.png", png(seed=3)),
        (".DS_Store", b"litter"),
    )
    assert [item["file"] for item in result["stored"]] == ["one.png", "folder/two.png"]
    assert [item["file"] for item in result["duplicates"]] == ["again.png"]
    assert result["duplicates"][0]["image"] == result["stored"][0]["image"]
    assert {item["file"]: item["reason"].split()[0] for item in result["refused"]} == {
        "notes.txt": "this",
        "cut.png": "the",
    }
    listed = lead.ok("GET", f"/api/projects/{project}/images")["items"]
    assert [image["file_name"] for image in listed] == ["folder/two.png", "one.png"]
    assert len(stored_blobs(state)) == 2


def test_photos_come_back_as_they_were(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    image = lead.image(project)
    response = lead.client.get(f"/api/images/{image}/file")
    assert response.content == png()
    assert response.headers["content-type"] == "image/png"
    assert "immutable" in response.headers["cache-control"]
    again = lead.client.get(f"/api/images/{image}/file", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = lead.client.get(f"/api/images/{image}/file", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, png()[:8])


def test_thumbnails(app: FastAPI, lead: Api) -> None:
    from PIL import Image as Pillow

    project = lead.project()
    stored = lead.upload(project, ("wide.png", png(900, 300)))["stored"][0]["image"]
    url = f"/api/images/{stored['id']}/thumbnail"
    first, second = lead.client.get(url), lead.client.get(url)
    assert first.content == second.content
    assert Pillow.open(io.BytesIO(first.content)).size == (256, 85)
    assert Pillow.open(io.BytesIO(lead.client.get(url, params={"size": 300}).content)).size == (512, 171)
    lead.fails("GET", url, 422, params={"size": 5000})


def test_equal_names_are_kept_apart(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    stored = lead.upload(project, ("a.png", png(seed=1)), ("a.png", png(seed=2)), ("b/a.png", png(seed=3)))["stored"]
    found = [item["image"]["file_name"] for item in stored]
    assert found[0] == "a.png"
    assert found[1].startswith("a-")
    assert found[2] == "b/a.png"
    assert len(set(found)) == 3


def test_a_deleted_image_comes_back_with_everything_on_it(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    image = lead.image(project)
    person = lead.person(image)
    lead.ok("DELETE", f"/api/images/{image}", 204)
    for path in (f"/api/images/{image}", f"/api/images/{image}/file", f"/api/persons/{person}"):
        lead.fails("GET", path, 404)
    assert lead.ok("GET", f"/api/projects/{project}")["progress"]["persons"] == 0
    assert lead.next_task(project) is None
    stored = lead.upload(project, ("other name.png", png()))["stored"]
    assert [item["image"]["id"] for item in stored] == [image]
    assert [p["id"] for p in lead.ok("GET", f"/api/images/{image}")["persons"]] == [person]


def test_search_and_pages(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    lead.upload(project, *((f"{name}.png", png(seed=n)) for n, name in enumerate(["b", "A_1", "a%2", "c", "ab"])))

    def listed(**params: object) -> list[str]:
        found, after = [], None
        while True:
            query = params | ({"after": after} if after else {})
            page = lead.ok("GET", f"/api/projects/{project}/images", params=query)
            found += [image["file_name"] for image in page["items"]]
            after = page["next"]
            if after is None:
                return found

    assert listed(limit=2) == listed() == sorted(listed())
    assert len(listed()) == 5
    assert listed(q="A", limit=1) == ["A_1.png", "a%2.png", "ab.png"]
    assert listed(q="%") == ["a%2.png"]
    assert listed(q="_") == ["A_1.png"]


def _link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_zips_are_unpacked_entry_by_entry(app: FastAPI, lead: Api, tmp_path: Path) -> None:
    project = lead.project()
    archive = zipped(
        ("photos/deep/one.png", png(seed=1)),
        ("__MACOSX/photos/._one.png", b"litter"),
        ("photos/.hidden.png", b"litter"),
        ("photos/Thumbs.db", b"litter"),
        ("../outside.png", png(seed=2)),
        ("/etc/absolute.png", png(seed=3)),
        ("C:\\windows.png", png(seed=4)),
        ("a/../../b.png", png(seed=5)),
        (_link("link.png"), b"/etc/passwd"),
        ("inner.zip", zipped(("x.png", png(seed=6)))),
        ("notes.txt", b"text"),
        ("two.png", png(seed=7)),
    )
    result = lead.upload(project, ("all.zip", archive))
    assert [item["image"]["file_name"] for item in result["stored"]] == ["photos/deep/one.png", "two.png"]
    reasons = {item["file"].removeprefix("all.zip/"): item["reason"] for item in result["refused"]}
    outside = {"outside.png", "etc/absolute.png", "windows.png", "a/b.png"}
    assert {name for name, reason in reasons.items() if "outside" in reason} == outside
    assert "link" in reasons["link.png"]
    assert "zip inside" in reasons["inner.zip"]
    assert "not an image" in reasons["notes.txt"]
    assert not list(tmp_path.rglob("*outside*"))


def test_zip_bombs_are_refused(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    app = make_app(sqlite_url, max_zip_bytes=20 * 2**20, max_zip_files=5, max_file_bytes=8 * 2**20)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    project = lead.project()
    deflated = zipfile.ZIP_DEFLATED
    files = {
        "ratio.zip": zipped(("zeros.bmp", b"\0" * 5 * 2**20), ("fine.png", png()), compression=deflated),
        "large.zip": zipped(("zeros.bmp", b"\0" * 9 * 2**20), compression=deflated),
        "total.zip": zipped(*((f"{n}.bmp", b"\0" * 6 * 2**20) for n in range(4)), compression=deflated),
        "many.zip": zipped(*((f"{n}.png", b"") for n in range(6))),
        "broken.zip": zipped(("one.png", png(seed=9)))[:-40],
    }
    result = lead.upload(project, *files.items())
    reasons = {item["file"]: item["reason"] for item in result["refused"]}
    assert "times its size" in reasons["ratio.zip/zeros.bmp"]
    assert "9 MiB" in reasons["large.zip/zeros.bmp"]
    assert "unpacks to" in reasons["total.zip"]
    assert "6 files" in reasons["many.zip"]
    assert "damaged" in reasons["broken.zip"]
    assert [item["file"] for item in result["stored"]] == ["ratio.zip/fine.png"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_stored_and_deflated_entries_are_unpacked(app: FastAPI, lead: Api, method: int) -> None:
    """The others' blocks are unpacked whole, whatever size the entry states."""
    result = lead.upload(lead.project(), ("odd.zip", zipped(("one.png", png()), compression=method)))
    assert result["stored"] == []
    assert "deflate" in result["refused"][0]["reason"]


def test_a_zip_entry_that_lies_about_its_content_is_refused(app: FastAPI, lead: Api) -> None:
    content = bytearray(zipped(("one.png", png(seed=1)), ("two.png", png(seed=2))))
    content[200] ^= 0xFF
    result = lead.upload(lead.project(), ("lies.zip", bytes(content)))
    assert [item["file"] for item in result["refused"]] == ["lies.zip/one.png"]
    assert "CRC" in result["refused"][0]["reason"]
    assert [item["file"] for item in result["stored"]] == ["lies.zip/two.png"]


def test_forms_without_files(app: FastAPI, lead: Api) -> None:
    project = lead.project()
    lead.fails("POST", f"/api/projects/{project}/images", 422, json={})
    lead.fails("POST", f"/api/projects/{project}/coco", 422, files=[("files", ("a.png", png()))])
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    lead.fails("POST", f"/api/projects/{project}/images", 422, content=b"--y\r\n", headers=broken)


@given(st.text(max_size=400))
def test_names_are_made_harmless(name: str) -> None:
    clean = names.clean(name)
    assert clean
    assert len(clean) <= 300
    assert all(len(part.encode()) <= 200 for part in clean.split("/"))
    assert not clean.startswith("/")
    assert ".." not in clean.split("/")
    assert "\0" not in clean
    assert names.clean(clean) == clean


def test_long_names_keep_their_extension(app: FastAPI, lead: Api) -> None:
    assert names.clean("b/" + "\u00e9" * 150 + ".jpeg") == "b/" + "\u00e9" * 97 + ".jpeg"
    assert names.clean("a" * 250) == "a" * 200
    annotations = ("x" * 290 + ".json", b'{"images": [], "annotations": []}')
    lead.ok("POST", f"/api/projects/{lead.project()}/coco", files=[("coco", annotations)])


def test_a_form_has_500_files_at_most(app: FastAPI, lead: Api) -> None:
    files = [("files", (".DS_Store", b""))] * 501
    url = f"/api/projects/{lead.project()}/images"
    assert "500" in lead.fails("POST", url, 422, files=files)["detail"]
    lead.ok("POST", url, files=files[:500])


def test_folders_on_disk(app: FastAPI, lead: Api, state: State, tmp_path: Path) -> None:
    from uuid import UUID

    folder = tmp_path / "photos"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "one.png").write_bytes(png(seed=1))
    (folder / "two.png").write_bytes(png(seed=2))
    project = UUID(lead.project())
    result = service.import_paths(state, project, None, [folder, folder / "two.png"])
    assert [item.image.file_name for item in result.stored] == ["a/one.png", "two.png"]
    assert [item.file for item in result.duplicates] == ["two.png"]


def test_a_failing_database_leaves_no_row_and_the_blob_is_cleaned_up(
    make_app: Callable[..., FastAPI], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from uuid import UUID

    app = make_app(sqlite_url, orphan_grace_minutes=0)
    add_user(app, "lena", Role.lead)
    lead = sign_in(app, "lena")
    state: State = app.state.densemark
    project = UUID(lead.project())
    lead.image(str(project), seed=1)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("server.images.service.images.add", fail)
        with pytest.raises(OSError, match="disk full"):
            service.import_files(state, project, None, [Upload("x.png", io.BytesIO(png(seed=2)))])
    with state.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Image)) == 1
        kept = session.scalars(select(Image.blob)).all()
    assert len(stored_blobs(state)) == 2
    assert remove_orphans(state) == 1
    assert stored_blobs(state) == set(kept)


def test_young_orphans_stay(app: FastAPI, state: State) -> None:
    state.blobs.put(io.BytesIO(b"about to get its row"))
    assert remove_orphans(state) == 0
    assert len(stored_blobs(state)) == 1


def test_an_orphan_that_is_put_again_while_others_are_removed_stays(
    make_app: Callable[..., FastAPI], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: State = make_app(sqlite_url, orphan_grace_minutes=1).state.densemark
    keys = [state.blobs.put(io.BytesIO(content)) for content in (b"left", b"wanted again")]
    for key in keys:
        path = state.blobs.local_path(key)
        assert path is not None
        os.utime(path, (0, 0))
    referenced = images.referenced_blobs

    def put_meanwhile(*args: Any) -> set[str]:
        state.blobs.put(io.BytesIO(b"wanted again"))
        return referenced(*args)

    monkeypatch.setattr("server.startup.images.referenced_blobs", put_meanwhile)
    assert remove_orphans(state) == 1
    assert stored_blobs(state) == {keys[1]}


def test_only_serving_removes_orphans(make_app: Callable[..., FastAPI], sqlite_url: str) -> None:
    state: State = make_app(sqlite_url, orphan_grace_minutes=0).state.densemark
    state.blobs.put(io.BytesIO(b"an import is about to write its row"))
    prepare(state.settings)
    assert len(stored_blobs(state)) == 1
    assert clean(state.settings) == 1
    assert stored_blobs(state) == set()


def test_the_same_file_twice_at_once_is_stored_once(any_app: FastAPI) -> None:
    from concurrent.futures import ThreadPoolExecutor

    add_user(any_app, "lena", Role.lead)
    project = sign_in(any_app, "lena").project()
    clients = [sign_in(any_app, "lena") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda api: api.upload(project, ("x.png", png())), clients))
    assert sum(len(result["stored"]) for result in results) == 1
    assert sum(len(result["duplicates"]) for result in results) == 3
