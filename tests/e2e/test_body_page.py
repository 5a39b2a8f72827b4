"""Bodies in a real browser: what the cursor reads off them in 3D, and a project on a body that is no human."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

import surface
from surface.body import Body
from surface.raster import cast
from synthesis.render import Render
from tests.e2e.conftest import Street, photo_of, served
from tests.e2e.test_annotate import click_view, mask_of, saved, sign_in, stroke, task_id
from tests.server.worm import worm

pytestmark = pytest.mark.e2e

NUMBER = r"-?\d+\.\d+"


@pytest.fixture(scope="module")
def street(seeded: tuple[Path, Render], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """One server for all: looking at a body changes nothing."""
    yield from served(seeded, tmp_path_factory.mktemp("bodies"))


def open_body(page: Page, street: Street, name: str = "anny") -> None:
    sign_in(page, street, "annotator")
    page.get_by_role("link", name="Bodies").click()
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_url("**/bodies/*")
    expect(page.get_by_test_id("body-canvas")).to_be_visible()


def move(page: Page, x: float, y: float) -> None:
    """The pointer to a place of the canvas, in shares of it, once the camera rests."""
    box = page.get_by_test_id("body-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def read(page: Page) -> tuple[NDArray[np.float64], tuple[int, float, float]]:
    """What the page reads under the pointer: the place in metres, and I,U,V."""
    expect(page.get_by_test_id("read-place")).to_have_text(re.compile(rf"{NUMBER}, {NUMBER}, {NUMBER} m"))
    place = np.array(re.findall(NUMBER, page.get_by_test_id("read-place").inner_text()), np.float64)
    i, u, v = (page.get_by_test_id(f"read-{name}").inner_text() for name in "iuv")
    return place, (int(i), float(u), float(v))


def metres(text: str) -> float:
    found = re.search(rf"({NUMBER}) (mm|cm)", text)
    assert found is not None, text
    return float(found[1]) * {"mm": 1e-3, "cm": 1e-2}[found[2]]


def nearest_to(body: Body, place: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    face, bary, distance = body.nearest(place)
    assert distance[0] < 2e-4  # what is read has a tenth of a millimetre
    return face, bary


def test_the_cursor_reads_what_the_body_says(page: Page, street: Street) -> None:
    body = surface.load("anny")
    open_body(page, street)
    low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
    cx, cy, _ = (low + high) / 2
    for key, towards in (("1", 1.0), ("2", -1.0)):
        page.keyboard.press(key)
        # Straight ahead, the line of sight is the body's own axis, whatever the lens; it moves there first.
        xy, depth = body.vertices[:, :2] * [towards, 1.0], -towards * body.vertices[:, 2]
        face, bary, _ = cast(xy, depth, body.faces, np.array([towards * cx]), np.array([cy]))
        expected = body.position(face, bary)[0]
        chart = int(body.face_chart[face[0]])
        expect(page.get_by_test_id("read-i")).to_have_text("–")
        page.wait_for_function("() => document.getAnimations().length === 0")
        for _ in range(40):
            move(page, 0.5, 0.5)
            place, (i, u, v) = read(page)
            if i == chart:
                break
        assert np.linalg.norm(place - expected) < 4e-3
        there = body.to_iuv(*nearest_to(body, place))
        assert i == there[0][0] == chart
        assert (u, v) == pytest.approx((there[1][0], there[2][0]), abs=1.5e-3)
        expect(page.get_by_test_id("read-part")).to_have_text("Torso")
        page.mouse.move(0, 0)


def test_distances_from_a_click_are_the_exact_ones(page: Page, street: Street) -> None:
    body = surface.load("anny")
    open_body(page, street)
    move(page, 0.5, 0.3)
    start, _ = read(page)
    page.mouse.down()
    page.mouse.up()
    distance = page.get_by_test_id("read-distance")
    expect(distance).to_have_text(re.compile(NUMBER))
    assert metres(distance.inner_text()) < 5e-4
    move(page, 0.53, 0.56)
    expect(page.get_by_test_id("read-path")).to_have_text(re.compile(NUMBER))
    end, _ = read(page)
    exact = float(body.geodesic(nearest_to(body, start), nearest_to(body, end))[0])
    assert exact > 0.2
    assert metres(distance.inner_text()) == pytest.approx(exact, abs=2e-3)
    assert metres(page.get_by_test_id("read-path").inner_text()) == pytest.approx(exact, abs=1e-3)
    expect(page.get_by_test_id("geodesic-note")).to_contain_text("Exact from this point")
    page.keyboard.press("Escape")
    expect(distance).to_contain_text("click a point")


def test_what_is_singled_out_alone_is_under_the_cursor(page: Page, street: Street) -> None:
    open_body(page, street)
    page.get_by_role("button", name=re.compile("^Left hand")).click()
    expect(page.get_by_role("button", name=re.compile("^Left hand"))).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("1")
    seen = set()
    for x in np.linspace(0.3, 0.7, 7):
        for y in np.linspace(0.3, 0.7, 7):
            move(page, float(x), float(y))
            seen.add((page.get_by_test_id("read-i").inner_text(), page.get_by_test_id("read-part").inner_text()))
    chart = [i for i, part in seen if part != "–"]
    assert chart == ["4"], seen


def test_body_pages_keep_the_rules_that_axe_checks(page: Page, street: Street) -> None:
    axe = Axe()
    open_body(page, street)
    found = {"body": axe.run(page).response["violations"]}
    page.goto(f"{street.server.url}/bodies")
    expect(page.get_by_role("link", name="anny")).to_be_visible()
    found["bodies"] = axe.run(page).response["violations"]
    assert {where: [v["id"] for v in violations] for where, violations in found.items()} == {"body": [], "bodies": []}


def test_a_body_without_webgl_shows_the_six_views(page: Page, street: Street) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    sign_in(page, street, "annotator")
    page.goto(f"{street.server.url}/bodies/{surface.load('anny').hash}")
    expect(page.get_by_text("This browser shows no 3D")).to_be_visible()
    expect(page.locator("figure img")).to_have_count(6)


def test_a_project_on_a_worm_is_painted_and_marked(page: Page, street: Street, tmp_path: Path) -> None:
    folder = street.server.data / "bodies"
    folder.mkdir(exist_ok=True)
    body = worm()
    body.save(folder / "worm.npz")
    sign_in(page, street, "lead")
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("Worms")
    page.get_by_role("combobox", name="Body").click()
    page.get_by_role("option", name="worm").click()
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Worms")).to_be_visible()
    expect(page.get_by_role("link", name="worm", exact=True)).to_have_attribute("href", f"/bodies/{body.hash}")
    photo, persons = photo_of(street.render, tmp_path)
    street.server.cli("import", "Worms", "--images", str(photo), "--coco", str(persons))
    page.reload()
    page.get_by_role("button", name="Start annotating").click()
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()
    belly = page.get_by_test_id("part-2")
    expect(belly).to_have_attribute("aria-label", "Belly, key 2")
    page.keyboard.press("2")
    expect(belly).to_have_attribute("aria-checked", "true")
    stroke(page, 0.45)
    saved(page)
    assert set(np.unique(mask_of(street, task_id(page), "lead"))) == {0, 2}
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Schwänzchen")).to_be_visible()
    dialog.get_by_test_id("submit-confirm").click()
    click_view(page, 0)
    expect(page.get_by_test_id("mark-0")).to_be_visible()
    saved(page)
