"""What every request and response model shares."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from server.problems import RefusedError

T = TypeVar("T")

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Box = tuple[float, float, float, float]
Region = tuple[int, int, int, int]
Revision = Annotated[int, Field(ge=0, le=2**31 - 1, description="The revision the client saw; 0 for a new object.")]
Seconds = Annotated[float, Field(ge=0, le=1e7, description="Working time spent on this write, in seconds.")]


class In(BaseModel):
    """Base of all request bodies: unknown fields, NaN and infinities are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class Out(BaseModel):
    """Base of all response bodies."""

    model_config = ConfigDict(extra="forbid")


class Page(Out, Generic[T]):
    """One page of a list; `next` is the `after` of the following page, null on the last one."""

    items: list[T]
    next: str | None


class FieldError(Out):
    """One wrong field of a request."""

    where: list[str | int] = Field(description='Path to the field, as ["body", "bbox", 2].')
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description='A relative URI that names the kind of problem, as "/problems/stale".')
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldError] | None = Field(default=None, description="For /problems/validation.")
    current: dict[str, Any] | None = Field(default=None, description="For a 409: the object as the server has it.")
    unmarked: list[UUID] | None = Field(default=None, description="For /problems/unmarked: the points left.")


def encode_cursor(key: str, id_: UUID) -> str:
    """Pack the sort key of a page's last item into an opaque `after`."""
    return base64.urlsafe_b64encode(f"{id_}{key}".encode()).decode().rstrip("=")


def decode_cursor(after: str | None) -> tuple[str, UUID] | None:
    """The sort key and id in an `after`; raises RefusedError (422) on anything this server did not make."""
    if after is None:
        return None
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        return text[36:], UUID(text[:36])
    except (ValueError, binascii.Error) as error:
        raise RefusedError("`after` is not a cursor of this list") from error
