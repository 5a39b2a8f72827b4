"""Lists that page by time, and what is no place in them."""

from uuid import uuid4

import pytest

from server.schemas import encode_cursor
from tests.server.people import Api


@pytest.mark.parametrize("what", ["persons", "jobs", "studies", "snapshots", "withdrawals"])
def test_a_place_of_another_list_is_refused(lead: Api, what: str) -> None:
    project = lead.project()
    path = f"/api/projects/{project}/{what}"
    assert lead.ok("GET", path) == {"items": [], "next": None}
    for after in (encode_cursor("Street", uuid4()), "%"):
        refused = lead.fails("GET", path, 422, params={"after": after})
        assert refused["detail"] == "`after` is not a cursor of this list"
