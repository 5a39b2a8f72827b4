"""Query parameters of lists, and pages cut by key."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Query

from server.problems import RefusedError
from server.schemas import Page, decode_cursor, encode_cursor

Row = TypeVar("Row")
Item = TypeVar("Item")


class Dated(Protocol):
    """A row that lists order by when it was made, then by its id."""

    @property
    def id(self) -> UUID: ...

    @property
    def created_at(self) -> datetime: ...


DatedRow = TypeVar("DatedRow", bound=Dated)

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


def page_by_time(
    read: Callable[[tuple[datetime, UUID] | None, int], Sequence[DatedRow]],
    after: str | None,
    limit: int,
    items: Callable[[Sequence[DatedRow]], list[Item]],
) -> Page[Item]:
    """Make a page of `limit` items of a list by time.

    :param read: up to so many rows beyond a place in the list, or from its beginning.
    :raises RefusedError: `after` is no cursor of such a list.
    """
    cursor = decode_cursor(after)
    place: tuple[datetime, UUID] | None = None
    if cursor:
        try:
            place = (datetime.fromisoformat(cursor[0]).replace(tzinfo=UTC), cursor[1])
        except ValueError as error:
            raise RefusedError("`after` is not a cursor of this list") from error
    return page(
        read(place, limit + 1),
        limit,
        lambda row: (row.created_at.astimezone(UTC).replace(tzinfo=None).isoformat(), row.id),
        items,
    )
