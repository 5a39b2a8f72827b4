"""Bodies of marks."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from annotation.words import MarkFlag, MarkKind
from server.schemas import In, Out, Revision, Seconds

ViewIndex = Annotated[int, Field(ge=0, le=5)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Projection(Out):
    """Where a surface point falls on one of the six views, in [0,1] of its square, y down."""

    view: int
    x: float
    y: float
    visible: bool


class SurfacePoint(Out):
    """A surface point in both its forms, and where the six views of the part show it."""

    face: int
    bary: tuple[float, float, float]
    i: int
    u: float
    v: float
    projections: list[Projection]


class Mark(Out):
    """An annotator's mark on a point; the surface fields are null unless `kind` is `surface`."""

    id: UUID
    point_id: UUID
    revision: int
    kind: MarkKind
    flag: MarkFlag | None
    view: int | None
    x: float | None
    y: float | None
    face: int | None
    bary: tuple[float, float, float] | None
    i: int | None
    u: float | None
    v: float | None
    projections: list[Projection]
    annotator_id: UUID
    updated_at: datetime


class MarkWrite(In):
    """A new revision of a mark."""

    task_id: UUID
    point_id: UUID
    revision: Revision
    write_id: UUID
    kind: MarkKind
    view: ViewIndex | None = None
    x: Fraction | None = Field(default=None, description="position in the view's square, x right")
    y: Fraction | None = Field(default=None, description="position in the view's square, y down")
    flag: MarkFlag | None = None
    seconds: Seconds

    @model_validator(mode="after")
    def fields_fit_the_kind(self) -> Self:
        """A surface mark has view, x and y and nothing else; a flag has its reason; cleared has nothing."""
        place = [value is not None for value in (self.view, self.x, self.y)]
        wanted = [self.kind == MarkKind.surface] * 3
        if place != wanted:
            raise ValueError(f"a mark of kind {self.kind} has {'' if all(wanted) else 'no '}view, x and y")
        if (self.flag is not None) != (self.kind == MarkKind.flag):
            raise ValueError(f"a mark of kind {self.kind} has {'a' if self.kind == MarkKind.flag else 'no'} flag")
        return self


class MarkRevision(Out):
    """One kept revision of a mark."""

    revision: int
    kind: MarkKind
    flag: MarkFlag | None
    face: int | None
    bary: tuple[float, float, float] | None
    i: int | None
    u: float | None
    v: float | None
    annotator_id: UUID
    seconds: float
    created_at: datetime


class MarkRevisions(Out):
    """All revisions of a mark, newest first."""

    items: list[MarkRevision]
