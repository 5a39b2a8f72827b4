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
    """One coarse part; `mirror` is the label of its counterpart on the other side."""

    label: int
    name: str
    side: Literal["left", "right"] | None
    mirror: int
    charts: list[int]
    colour: str = Field(description='sRGB, as "#3fa7d6"')
    views: list[ViewInfo]


class ChartInfo(Out):
    """One chart; `mirror` is the number of its counterpart on the other side."""

    chart: int
    name: str
    part: int
    mirror: int
    colour: str = Field(description='sRGB, as "#3fa7d6"; the same as in pictures of the body')


class Body(Out):
    """A reference surface. Part labels are 1 to P and chart numbers 1 to C, whatever the body."""

    name: str
    hash: str
    symmetric: bool = Field(description="whether left and right are told apart; else each part is its own mirror")
    vertices: int
    faces: int
    parts: list[PartInfo]
    charts: list[ChartInfo]


class BodySummary(Out):
    """A body in few words."""

    name: str
    hash: str
    vertices: int
    faces: int
    charts: int
    parts: int
    symmetric: bool
    current: bool = Field(description="whether a new project with this name gets this body, and not a newer one")


class DamagedBody(Out):
    """A file among the server's bodies that is none, and why."""

    file: str
    problem: str


class BodyList(Out):
    """The bodies that projects can be made on, and the files that were left out."""

    items: list[BodySummary]
    damaged: list[DamagedBody]


class Pick(In):
    """A place in the square of one view, y down."""

    view: ViewIndex
    x: Fraction = Field(description="position in the view's square, x right")
    y: Fraction = Field(description="position in the view's square, y down")
