"""Query parameters of lists, and pages cut by key."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query

from server.schemas import Page, encode_cursor

Row = TypeVar("Row")
Item = TypeVar("Item")

After = Annotated[str | None, Query(max_length=2000, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]


def page(
    rows: Sequence[Row],
    limit: int,
    key: Callable[[Row], tuple[str, UUID]],
    items: Callable[[Sequence[Row]], list[Item]],
) -> Page[Item]:
    """Make a page of `limit` items from up to `limit` + 1 rows."""
    kept = rows[:limit]
    more = len(rows) > limit
    return Page(items=items(kept), next=encode_cursor(*key(kept[-1])) if more else None)
