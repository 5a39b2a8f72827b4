"""Takes the pictures of the docs from a running demo: `python tools/screenshots.py http://127.0.0.1:8000`.

The demo must be fresh and its persons rendered: they alone are shown. Needs the dev install and a Chromium
(`python tools/bootstrap.py chromium`).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

import surface
from annotation.masks import encode_runs
from cli.api import Api
from cli.demo import PASSWORD, PROJECT, RENDERED_SEED, RENDERED_SIZE
from surface import views
from synthesis.dataset import image_seed
from synthesis.render import Options, render

OUT = Path(__file__).resolve().parent.parent / "docs" / "images"
NUMBER = 1  # of the demo's rendered persons
NAME, SEED = f"renders/{RENDERED_SEED}/{NUMBER:08d}.jpg", image_seed(RENDERED_SEED, NUMBER)
OPTIONS = Options(size=RENDERED_SIZE, occluders=0)


def open_mask_task(api: Api) -> str:
    """The id of the mask task of the rendered person."""
    project = next(p for p in api.items("/api/projects") if p["name"] == PROJECT)
    images = api.items(f"/api/projects/{project['id']}/images")
    image = next((i for i in images if i["file_name"] == NAME), None)
    if image is None:
        raise SystemExit(f"the demo has no {NAME} yet; its persons are rendered within a minute or two")
    person = api.get(f"/api/images/{image['id']}")["persons"][0]
    task: str = api.post(f"/api/persons/{person['id']}/task")["id"]
    return task


def put_mask(api: Api, task_id: str, parts: Sequence[int]) -> int:
    task, mask = api.get(f"/api/tasks/{task_id}"), api.get(f"/api/tasks/{task_id}/mask")
    x0, y0, width, height = task["region"]
    truth = render(surface.load("anny"), SEED, OPTIONS).person.truth.part_map()[y0 : y0 + height, x0 : x0 + width]
    runs = encode_runs(np.where(np.isin(truth, parts), truth, 0).astype(np.uint8))
    write = {"task_id": task_id, "region": task["region"], "runs": runs, "revision": mask["revision"], "seconds": 0.0}
    revision: int = api.put(f"/api/masks/{mask['id']}", write)["revision"]
    return revision


def mark_true(page: Page, api: Api, task_id: str, count: int) -> None:
    """Clicks the true places of the first points, as a sure annotator would."""
    body = surface.load("anny")
    truth = render(body, SEED, OPTIONS).person.truth
    for point in api.get(f"/api/tasks/{task_id}/points")["items"][:count]:
        row = truth.rows([point["x"], point["y"]])
        face, bary = truth.face[row], truth.bary[row].astype(np.float64)
        index = int(views.best_view(body, point["part"], face, bary / bary.sum())[0][0])
        x, y, _ = views.project(body, views.views(body, point["part"])[index], face, bary / bary.sum())
        tile = page.get_by_test_id(f"view-{index}")
        expect(tile.get_by_label("Loading")).to_have_count(0)
        box = tile.bounding_box()
        if box is None:
            raise RuntimeError(f"view {index} is not on the page")
        page.mouse.click(box["x"] + float(x[0]) * box["width"], box["y"] + float(y[0]) * box["height"])
        expect(page.get_by_test_id("save-state")).to_have_text("Saved")
        page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(700)  # transitions end
    file = OUT / f"{name}.jpg"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=90, subsampling=0, optimize=True)
    print(f"wrote docs/images/{file.name}, {file.stat().st_size // 1000} KB")


def main(url: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    browser_path = (Path(sys.prefix) / "chromium-path").read_text().strip()
    with sync_playwright() as playwright, Api(url, "annotator", PASSWORD) as api:
        task = open_mask_task(api)
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/login")
        page.get_by_label("Username").fill("annotator")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/projects")
        put_mask(api, task, [1, 2, 6, 8, 10, 11, 13, 14])
        page.goto(f"{url}/annotate/{task}")
        expect(page.get_by_test_id("mask-canvas")).to_be_visible()
        shoot(page, "masks")
        revision = put_mask(api, task, range(1, 15))
        points_task = api.post(f"/api/tasks/{task}/mask/submit", {"revision": revision})["id"]
        page.goto(f"{url}/annotate/{points_task}")
        expect(page.get_by_test_id("view-5")).to_be_visible()
        mark_true(page, api, points_task, 9)
        shoot(page, "points")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
