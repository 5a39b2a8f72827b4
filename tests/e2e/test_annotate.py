"""One person annotated in a real browser: paint, submit, click; reload and kill in the middle; nothing is lost."""

from __future__ import annotations

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotation.masks import decode_runs
from tests.e2e.conftest import PASSWORD, Street

pytestmark = pytest.mark.e2e

TORSO_KEY, TORSO = "w", 1


def sign_in(page: Page, street: Street, username: str) -> None:
    page.goto(f"{street.server.url}/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects")


def open_workspace(page: Page, street: Street) -> None:
    sign_in(page, street, "annotator")
    page.get_by_role("link", name="Street").click()
    page.get_by_role("button", name="Start annotating").click()
    page.wait_for_url("**/annotate/*")
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()


def task_id(page: Page) -> str:
    return page.url.rsplit("/", 1)[1]


def saved(page: Page) -> None:
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")


def stroke(page: Page, height: float, half_width: float = 30) -> None:
    """A horizontal stroke across the middle of the canvas, at a height in its share."""
    box = page.get_by_test_id("mask-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * height
    page.mouse.move(x - half_width, y)
    page.mouse.down()
    page.mouse.move(x, y, steps=4)
    page.mouse.move(x + half_width, y, steps=4)
    page.mouse.up()


def mask_of(street: Street, task: str, username: str = "annotator") -> np.ndarray:
    with street.api(username) as api:
        mask = api.get(f"/api/tasks/{task}/mask")
    _, _, width, height = mask["region"]
    return decode_runs(mask["runs"], height, width) if mask["runs"] else np.zeros((height, width), np.uint8)


def click_view(page: Page, index: int) -> None:
    """A click in the middle of a view, where its part is."""
    view = page.get_by_test_id(f"view-{index}")
    expect(view.get_by_label("Loading")).to_have_count(0)
    view.click()


def marked(page: Page) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+) of (\d+)", page.get_by_test_id("point-counter").inner_text().strip())
    assert found is not None
    return int(found[1]), int(found[2])


def test_a_person_from_first_stroke_to_dataset(page: Page, street: Street) -> None:
    open_workspace(page, street)
    task = task_id(page)

    page.keyboard.press(TORSO_KEY)
    stroke(page, 0.42)
    stroke(page, 0.45)
    saved(page)
    first = mask_of(street, task)
    assert set(np.unique(first)) == {0, TORSO}

    page.keyboard.press("Control+z")
    saved(page)
    undone = mask_of(street, task)
    assert 0 < np.count_nonzero(undone) < np.count_nonzero(first)
    page.keyboard.press("Control+Shift+z")
    saved(page)
    np.testing.assert_array_equal(mask_of(street, task), first)

    page.reload()
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()
    saved(page)
    np.testing.assert_array_equal(mask_of(street, task), first)

    page.keyboard.press("Control+Enter")
    page.get_by_test_id("submit-confirm").click()
    expect(page.get_by_test_id("view-5")).to_be_visible()
    done, total = marked(page)
    assert (done, total > 0) == (0, True)

    click_view(page, 0)
    expect(page.get_by_test_id("mark-0")).to_be_visible()
    expect(page.get_by_test_id("point-counter")).to_have_text(f"1 of {total}")
    saved(page)

    page.reload()
    expect(page.get_by_test_id("point-counter")).to_have_text(f"1 of {total}")

    for number in range(1, total):
        page.keyboard.press("n")
        click_view(page, 0)
        expect(page.get_by_test_id("point-counter")).to_have_text(f"{number + 1} of {total}")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("step-done")).to_be_visible()

    with street.api("lead") as lead:
        exported = lead.get(f"/api/projects/{street.project_id}/export")["annotations"][0]
    assert len(exported["dp_x"]) == total
    assert set(exported["dp_I"]) <= {1.0, 2.0}
    assert [part for part, rle in enumerate(exported["dp_masks"], start=1) if rle] == [TORSO]


def test_a_mask_saved_before_the_box_changed_is_submitted_over_the_new_box(page: Page, street: Street) -> None:
    open_workspace(page, street)
    page.keyboard.press(TORSO_KEY)
    stroke(page, 0.42)
    saved(page)
    with street.api("annotator") as api:
        person = api.get(f"/api/persons/{street.person_id}")
        x, y, width, height = person["bbox"]
        write = {
            "image_id": person["image_id"],
            "revision": person["revision"],
            "bbox": [x, y, width - 10, height - 10],
        }
        api.put(f"/api/persons/{street.person_id}", write)

    page.reload()
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()
    page.keyboard.press("Control+Enter")
    page.get_by_test_id("submit-confirm").click()
    expect(page.get_by_test_id("view-5")).to_be_visible()
    assert marked(page)[1] > 0


def test_work_done_while_the_server_is_dead_arrives_after_its_return(page: Page, street: Street) -> None:
    open_workspace(page, street)
    task = task_id(page)
    page.keyboard.press(TORSO_KEY)
    stroke(page, 0.42)
    saved(page)
    before = np.count_nonzero(mask_of(street, task))

    street.server.kill()
    stroke(page, 0.5)
    expect(page.get_by_test_id("save-state")).to_contain_text("kept here")

    street.server.start()
    saved(page)
    assert np.count_nonzero(mask_of(street, task)) > before


def test_a_browser_closed_before_saving_keeps_its_work(page: Page, street: Street) -> None:
    open_workspace(page, street)
    task = task_id(page)
    page.keyboard.press(TORSO_KEY)
    street.server.kill()
    stroke(page, 0.42)
    expect(page.get_by_test_id("save-state")).to_contain_text("kept here")
    url, context = page.url, page.context
    page.close()

    street.server.start()
    assert np.count_nonzero(mask_of(street, task)) == 0
    again = context.new_page()
    again.goto(url)
    expect(again.get_by_test_id("mask-canvas")).to_be_visible()
    saved(again)
    assert np.count_nonzero(mask_of(street, task)) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_violations(page: Page, street: Street, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    axe = Axe()
    page.goto(f"{street.server.url}/login")
    expect(page.get_by_label("Username")).to_be_visible()
    found = {"/login": axe.run(page).response["violations"]}
    sign_in(page, street, "lead")
    image = street_image(street)
    for path in (
        "/projects",
        f"/projects/{street.project_id}",
        f"/projects/{street.project_id}/images/{image}",
        f"/projects/{street.project_id}/people",
        f"/projects/{street.project_id}/datasets/now",
    ):
        page.goto(street.server.url + path)
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        found[path] = axe.run(page).response["violations"]
    page.goto(f"{street.server.url}/projects/{street.project_id}")
    page.get_by_role("button", name="Start annotating").click()
    expect(page.get_by_test_id("mask-canvas")).to_be_visible()
    found["masks"] = axe.run(page).response["violations"]
    broken = {path: [v["id"] for v in violations] for path, violations in found.items() if violations}
    assert broken == {}


def street_image(street: Street) -> str:
    with street.api("lead") as api:
        image: str = api.items(f"/api/projects/{street.project_id}/images")[0]["id"]
    return image
