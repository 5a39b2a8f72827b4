"""Datasets in a real browser: a lead makes snapshots, takes one home, compares two, and withdraws a photo."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from cli.common import open_state
from synthesis.render import Render
from tests.e2e.conftest import Street, served
from tests.e2e.test_annotate import sign_in
from tests.server.filled import Filling

pytestmark = pytest.mark.e2e

PHOTOS, POINTS = 10, 4
MADE_MS = 60_000  # a worker of its own starts for it


@pytest.fixture
def street(seeded: tuple[Path, Render], tmp_path: Path) -> Iterator[Street]:
    """A project with finished persons, one in each photo."""
    for street in served(seeded, tmp_path):
        fill(street, range(PHOTOS))
        yield street


def fill(street: Street, numbers: range) -> None:
    with street.api("lead") as lead, open_state(street.server.data) as state:
        annotator = next(user for user in lead.items("/api/users") if user["username"] == "annotator")
        filling = Filling(state, street.project_id, [annotator["id"]])
        for number in numbers:
            filling.person(filling.image(f"{number}.png", tags=["street"], licence="CC BY 4.0"), points=POINTS)


def check(page: Page) -> None:
    """Nothing that axe finds fault with, once everything has faded in."""
    page.wait_for_function("() => document.getAnimations().every((each) => each.playState !== 'running')")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_from_a_snapshot_to_a_withdrawal(page: Page, street: Street) -> None:
    page.emulate_media(color_scheme="dark")
    sign_in(page, street, "lead")
    page.get_by_role("link", name="Street").click()
    page.get_by_role("link", name="Datasets").first.click()
    expect(page.get_by_role("heading", name="A dataset that stays what it is")).to_be_visible()
    check(page)
    page.get_by_role("link", name="New snapshot").click()
    make_v1(page)
    read_v1(page)

    fill(street, range(PHOTOS, PHOTOS + 1))
    with street.api("lead") as lead:
        lead.post(f"/api/projects/{street.project_id}/snapshots", {"name": "v2"})
    page.get_by_role("link", name="Street, datasets").click()
    newest = page.get_by_test_id("snapshot").first
    expect(newest).to_contain_text(f"{PHOTOS + 1} persons", timeout=MADE_MS)
    check(page)
    newest.get_by_role("link", name="v2").click()
    compare(page)
    withdraw(page, street)

    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Go to the datasets").click()
    expect(page.get_by_test_id("affected")).to_have_count(2)
    expect(page.get_by_role("row", name=re.compile("asked for it by letter"))).to_be_visible()
    check(page)
    page.get_by_test_id("snapshot").last.get_by_role("link", name="v1").click()
    expect(page.get_by_test_id("affected-notice")).to_contain_text("withdrawn since, with 1 person")
    check(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the snapshot").click()
    expect(page.get_by_test_id("snapshot")).to_have_count(1)


def make_v1(page: Page) -> None:
    """Asks for a snapshot in two splits; what was entered outlives a look elsewhere."""
    preview = page.get_by_test_id("preview")
    expect(preview).to_have_text(f"{PHOTOS} persons, {PHOTOS * POINTS} points")
    page.get_by_text("train, val", exact=True).click()
    share = page.get_by_label("Share of train in per cent")
    share.fill("60")
    expect(page.get_by_label("Share of val in per cent")).to_have_value("40%")
    page.get_by_label("Share of val in per cent").fill("10")
    expect(page.get_by_role("button", name="Make the snapshot")).to_be_enabled()  # train takes what is left
    expect(share).to_have_value("90%")
    share.fill("60")
    page.get_by_role("combobox", name="With one of these tags").fill("night")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is in it")).to_be_visible()
    expect(page.get_by_role("button", name="Make the snapshot")).to_be_disabled()
    page.get_by_role("combobox", name="With one of these tags").press("Backspace")
    expect(preview).to_have_text(f"{PHOTOS} persons, {PHOTOS * POINTS} points")
    page.get_by_role("link", name="Accuracy").click()
    page.get_by_role("link", name="Datasets").click()
    page.get_by_role("link", name="New snapshot").click()
    expect(page.get_by_text("What you entered before is still here.")).to_be_visible()
    expect(share).to_have_value("60%")
    expect(page.get_by_text("densemark snapshot create Street v1 --split train=.6,val=.4")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Make the snapshot").click()
    page.wait_for_url(re.compile(r"/snapshots/[0-9a-f-]+$"))


def read_v1(page: Page) -> None:
    """Its page, its files and its card."""
    expect(page.get_by_role("heading", name="What is inside")).to_be_visible(timeout=MADE_MS)
    expect(page.get_by_text("Ready")).to_be_visible()
    check(page)
    points = 0
    for split in ("train", "val"):
        with page.expect_download() as begun:
            page.get_by_role("link", name=f"Download {split}").click()
        assert begun.value.suggested_filename == f"v1-{split}-densepose-coco.json"
        annotations = json.loads(begun.value.path().read_bytes())["annotations"]
        points += sum(len(each["dp_x"]) for each in annotations)
    assert points == PHOTOS * POINTS
    with page.expect_download() as begun:
        page.get_by_role("link", name="Card as Markdown").click()
    assert begun.value.path().read_text().startswith("# v1\n")
    page.get_by_role("radio", name="DensePose-CSE").check()
    expect(page.get_by_text("densemark export Street --snapshot v1 --format densepose-cse --out v1")).to_be_visible()


def compare(page: Page) -> None:
    page.get_by_role("combobox", name="From").click()
    page.get_by_role("option", name=re.compile("^v1")).click()
    persons = page.get_by_test_id("diff").get_by_role("row", name=re.compile("^Persons"))
    expect(persons).to_have_text(re.compile(rf"^Persons\s*1\s*0\s*0\s*{PHOTOS}"))
    expect(page.get_by_role("region", name="Differences").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("region", name="Differences")).to_contain_text(f"{PHOTOS}.png")
    check(page)


def withdraw(page: Page, street: Street) -> None:
    with street.api("lead") as lead:
        images = lead.items(f"/api/projects/{street.project_id}/images")
    image = next(image for image in images if image["file_name"] == "3.png")
    page.goto(f"{street.server.url}/projects/{street.project_id}/images/{image['id']}")
    page.get_by_role("button", name="Withdraw photo").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Withdraw for good")).to_be_disabled()
    expect(dialog.get_by_test_id("reach")).to_contain_text("Street: 1 photo, 1 person")
    expect(dialog.get_by_test_id("reach")).to_contain_text("Snapshots affectedv2, v1")
    dialog.get_by_label("Reason").fill("She asked for it by letter.")
    dialog.get_by_label("Type 3.png to confirm").fill("3.png")
    check(page)
    dialog.get_by_role("button", name="Withdraw for good").click()
    expect(page.get_by_test_id("withdrawn")).to_contain_text("Erased with 1 person")
    expect(page.get_by_test_id("withdrawn").get_by_role("link")).to_have_text(["v2", "v1"])
    check(page)
