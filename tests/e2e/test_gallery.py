"""The page of a dataset in a real browser, from its file and without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.export.test_gallery import made, person

pytestmark = pytest.mark.e2e


def opened(page: Page, folder: Path, persons: list, **options) -> list[str]:
    """Open the page of these persons; returns what it asks of the network and complains of, which fills up later."""
    made(folder, persons, **options)
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url) if request.url.startswith("http") else None)
    page.goto((folder / "page.html").as_uri())
    return heard


def test_persons_are_stepped_through_filtered_and_found_on_the_body(page: Page, tmp_path: Path) -> None:
    heard = opened(page, tmp_path, [person(1, 3), person(2, 0), person(3, 4)])
    current = page.locator("#list button[aria-current=true] b")
    expect(current).to_have_text("1")
    expect(page.locator("#frame circle")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(current).to_have_text("3")
    page.locator("#frame circle").first.dispatch_event("pointerenter")
    expect(page.locator("#told")).to_contain_text("I ")
    page.keyboard.press("End")
    expect(page.locator("#frame")).to_contain_text("No points on this person")
    page.keyboard.press("m")
    expect(page.locator("#frame .over")).to_have_css("opacity", "0")
    page.get_by_role("button", name="Annotated").click()
    expect(page.locator("#list button")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("no such photo")
    expect(page.get_by_role("heading", name="No person matches")).to_be_visible()
    page.get_by_role("button", name="Show all persons").click()
    expect(page.locator("#list button")).to_have_count(3)
    assert heard == []


def test_dragging_turns_the_body(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, [person(2, 0)])
    viewer = page.locator("#viewer")
    expect(viewer.locator(".side").first).to_have_text("front")
    box = viewer.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 257, box["y"] + 100)
    page.mouse.up()
    expect(viewer.locator(".side").first).not_to_have_text("front")
    page.get_by_role("button", name="Front and back").click()
    expect(viewer.locator(".side").last).to_have_text("back")


def test_an_empty_dataset_says_what_to_do(page: Page, tmp_path: Path) -> None:
    heard = opened(page, tmp_path, [])
    expect(page.get_by_role("heading", name="There is no person in this dataset")).to_be_visible()
    expect(page.locator(".filters")).to_be_hidden()
    assert heard == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_the_rules_that_axe_checks(page: Page, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, tmp_path, [person(1, 3), person(2, 0)])
    expect(page.locator("#frame circle")).to_have_count(3)
    found = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in Axe().run(page).response["violations"]]
    assert found == []
