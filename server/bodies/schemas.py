"""Bodies of /api/bodies."""

from typing import Literal

from pydantic import Field

from server.marks.schemas import Fraction, ViewIndex
from server.schemas import In, Out

Theme = Literal["light", "dark"]


class ViewInfo(Out):
    """One of the six views of a part."""

    index: int
    name: str
    title: str


class PartInfo(Out):
    """One coarse part; `mirror` is the label of its counterpart on the person's other side."""

    label: int
    name: str
    side: Literal["left", "right"] | None
    mirror: int
    charts: list[int]
    views: list[ViewInfo]


class Body(Out):
    """A reference surface."""

    name: str
    hash: str
    parts: list[PartInfo]


class Pick(In):
    """A place in the square of one view, y down."""

    view: ViewIndex
    x: Fraction = Field(description="position in the view's square, x right")
    y: Fraction = Field(description="position in the view's square, y down")
