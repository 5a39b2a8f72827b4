"""The export on another body over HTTP."""

import json
from dataclasses import replace
from typing import Any

from server.state import State
from surface.body import Body
from surface.surfacemap import SurfaceMap
from surface.transfer import Transfer
from surface.transfer_figures import corners, figures_of
from surface.transfer_file import path_of, save
from tests.server.people import Api
from tests.server.test_surface_points import clicks_on, points_task

__all__ = ["points_task"]


def test_the_export_is_written_on_the_body_that_is_asked_for(
    lead: Api, state: State, points_task: dict[str, Any]
) -> None:
    own = state.bodies.by_hash(points_task["body"]["hash"]).body
    folder = state.settings.data / "bodies"
    twin, statue = replace(own, name="twin"), replace(own, name="statue", rig=None)
    for body in (twin, statue):
        body.save(folder / f"{body.name}.npz")
    save(path_of(folder / "transfers", own, twin), _mirroring(own, twin))
    marked = [point for point in lead.points(points_task) if point["part"] == 14]
    for point, (view, x, y, _, _) in zip(marked, clicks_on(state, 14, len(marked)), strict=True):
        lead.put_mark(points_task, point["id"], kind="surface", flag=None, view=view, x=x, y=y)
    for point in lead.points(points_task):
        if point["mark"] is None:
            lead.put_mark(points_task, point["id"])
    lead.ok("POST", f"/api/tasks/{points_task['id']}/submit")
    url = f"/api/projects/{points_task['project_id']}/export"
    plain = json.loads(lead.client.get(url).content)
    for name in ("twin", twin.hash):
        moved = json.loads(lead.client.get(url, params={"body": name}).content)
        assert moved["info"]["densemark"]["body_hash"] == twin.hash
        assert moved["info"]["densemark"]["transferred_from"]["body_hash"] == own.hash
        (before,), (after,) = plain["annotations"], moved["annotations"]
        assert after["transferred_from"] == {"body": own.name, "body_hash": own.hash}
        assert [own.chart_mirror[int(i)] for i in before["dp_I"]] == after["dp_I"]
        assert max(abs(a - b) for a, b in zip(before["dp_V"], after["dp_V"], strict=True)) < 1e-3
    assert lead.client.get(url, params={"body": own.name}).content == lead.client.get(url).content
    assert "has no rig" in lead.fails("GET", url, 422, params={"body": "statue"})["detail"]
    assert "no body nobody" in lead.fails("GET", url, 404, params={"body": "nobody"})["detail"]


def _mirroring(own: Body, twin: Body) -> Transfer:
    """Every point to its mirror image: a map that shows."""
    way = SurfaceMap(*own.mirror(*corners(own)))
    return Transfer(own, twin, way, way, figures_of(own, twin, way, way, own.vertices[:, 0] * 0, ()))
