"""The accuracy study in a real browser: a lead sets it up, an annotator practises and marks, the report is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import surface
from cli.common import open_state
from server.persons.rendered import RenderedPerson, add_rendered
from surface.geodesic_build import build
from synthesis.dataset import picture
from synthesis.render import Render
from tests.e2e.conftest import PATIENCE_MS, Street, served
from tests.e2e.test_annotate import click_view, marked, sign_in

pytestmark = pytest.mark.e2e

TABLE = 60  # vertices of the table of distances: coarse, but there at once
REPORT_MS = 60_000  # a worker of its own starts for it


@pytest.fixture
def street(seeded: tuple[Path, Render], tmp_path: Path) -> Iterator[Street]:
    for street in served(seeded, tmp_path):
        body = surface.load("anny")
        build(body.hash, body.vertices, body.faces, street.server.data / "geodesics", 1, TABLE)
        with open_state(street.server.data) as state:
            made = street.render
            persons = [RenderedPerson.of(person) for person in made.persons]
            for n in range(3):  # the same person thrice; a corner makes each a photo of its own
                image = made.image.copy()
                image[:8, :8] = 100 * n
                add_rendered(state, UUID(street.project_id), f"{n}.jpg", BytesIO(picture(image)), persons)
        yield street


def set_up(page: Page, street: Street) -> None:
    """A study of two persons and one to practise on, with one point on the head and one on the torso."""
    sign_in(page, street, "lead")
    page.get_by_role("link", name="Street").click()
    page.get_by_role("link", name="Accuracy").click()
    expect(page.get_by_text("How accurate are your annotators?")).to_be_visible()
    page.get_by_role("link", name="New study").click()
    page.get_by_role("textbox", name="Name").fill("Spring")
    page.get_by_text("Already rendered (3)").click()
    page.get_by_label("How many, chosen at random").fill("2")
    page.get_by_label("Practice persons").fill("1")
    page.get_by_role("button", name="None", exact=True).click()
    expect(page.get_by_role("button", name="Create and open")).to_be_disabled()
    page.get_by_role("checkbox", name="Head").check()
    page.get_by_role("checkbox", name="Torso").check()
    page.get_by_role("slider", name="Points per part").press("Home")
    expect(page.get_by_text("1 annotator × 2 persons")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url(re.compile(r"/studies/[0-9a-f-]+$"))


def mark_all(page: Page) -> int:
    """Clicks the first view for each point and submits; returns how many points there were."""
    expect(page.get_by_test_id("view-5")).to_be_visible()
    done, total = marked(page)
    for number in range(done, total):
        click_view(page, 0)
        expect(page.get_by_test_id("point-counter")).to_have_text(f"{number + 1} of {total}")
        page.keyboard.press("n")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("step-done")).to_be_visible()
    return total


def check(page: Page) -> None:
    """Nothing that axe finds fault with, once everything has faded in."""
    page.wait_for_function("() => document.getAnimations().length === 0")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_a_study_from_set_up_to_report(page: Page, browser: Browser, street: Street) -> None:
    set_up(page, street)
    expect(page.get_by_text("0 of 2").first).to_be_visible()
    check(page)

    other = browser.new_context(viewport={"width": 1280, "height": 720})
    other.set_default_timeout(PATIENCE_MS)
    work = other.new_page()
    sign_in(work, street, "annotator")
    expect(work.get_by_test_id("my-study")).to_contain_text("2 of 2 left, after 1 for practice")
    work.get_by_role("link", name="Start").click()
    expect(work.get_by_test_id("study-place")).to_contain_text("Practice 1 of 1")
    expect(work.get_by_test_id("view-5")).to_be_visible()
    work.keyboard.press("m")  # the masks are given: there is no way to them
    expect(work.get_by_role("dialog")).to_have_count(0)
    practised = mark_all(work)
    feedback = work.get_by_test_id("feedback")
    expect(feedback).to_contain_text(re.compile(r"Your marks are \d+\.\d cm from the true places on average"))
    expect(feedback).to_contain_text(f"1 of {practised}")
    check(work)
    work.get_by_test_id("next-person").click()
    marks = 0
    for number in (1, 2):
        expect(work.get_by_test_id("study-place")).to_contain_text(f"Person {number} of 2")
        marks += mark_all(work)
        expect(work.get_by_test_id("feedback")).to_have_count(0)
        work.get_by_test_id("next-person").click()
    expect(work.get_by_text("You have done them all")).to_be_visible()
    other.close()

    page.reload()
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("link", name="Open the report").click(timeout=REPORT_MS)
    expect(page.get_by_role("heading", name="How accurate are the annotators?")).to_be_visible()
    expect(page.get_by_text(f"{marks} marks on the body anny")).to_be_visible()
    for name in ("Share of correct points", "Planning the next study", "How this was measured, and its limits"):
        expect(page.get_by_role("heading", name=name)).to_be_attached()
    expect(page.get_by_role("row", name=re.compile("^Head"))).to_be_visible()
    expect(page.get_by_test_id("heat")).to_be_visible()
    check(page)
