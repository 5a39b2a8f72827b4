"""Bodies of the render routes."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from annotation_db.models import RenderFileKind
from server.schemas import In, Out
from server.studies.schemas import StudyCreate

MOST_FILES = 2000
"""Own files of a kind in a project."""

_Files = Annotated[tuple[UUID, ...], Field(max_length=MOST_FILES)]
_Persons = Annotated[int, Field(ge=1, le=10)]


class RenderRequest(In):
    """Which persons are to be rendered into a project."""

    count: int = Field(ge=1, le=20_000, description="Images.")
    size: int = Field(default=512, ge=128, le=2048, description="Pixels of a side.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="The same seed and options give the same images.")
    persons: tuple[_Persons, _Persons] = Field(default=(1, 1), description="Fewest and most in an image.")
    occluders: float = Field(default=0.3, ge=0, le=1, description="Share of images where something stands before one.")
    cut: float = Field(default=0.25, ge=0, le=1, description="Share of images whose border cuts the person off.")
    poses: _Files = Field(default=(), description="Own files to take poses from; none: everyday poses.")
    backgrounds: _Files = Field(default=(), description="Own photos to stand before; none: procedural places.")
    textures: _Files = Field(default=(), description="Own pictures of fabrics; none: procedural ones.")

    study: StudyCreate | None = Field(
        default=None, description="A study to set up with these persons as soon as they are rendered."
    )
    open_study: bool = Field(default=False, description="Open it at once.")

    @model_validator(mode="after")
    def _of_these(self) -> Self:
        if self.study is None:
            if self.open_study:
                raise ValueError("open_study: there is no study to open")
        elif self.study.persons is not None or self.study.count is not None:
            raise ValueError("study: its persons are those that are rendered; give neither persons nor their count")
        elif self.count <= (self.study.practice or 0):
            raise ValueError("study: with so many for practice, nobody is left to be measured")
        elif self.open_study and not self.study.annotators:
            raise ValueError("open_study: nobody takes part in the study")
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.persons[0] > self.persons[1]:
            raise ValueError("persons: the fewest are more than the most")
        return self


class RenderFile(Out):
    """A file of the user's own that persons can be rendered with."""

    id: UUID
    kind: RenderFileKind
    name: str
    bytes: int
    frames: int | None = Field(description="Of a file of poses.")
    poses: int | None = Field(description="Frames that are kept, for they differ from the ones before them.")
    note: str | None = Field(description="The same in words.")
    created_at: datetime


class RefusedRenderFile(Out):
    """A file that did not go through, and why."""

    kind: RenderFileKind
    file: str
    reason: str


class RenderFilesResult(Out):
    """What became of each uploaded file; `duplicates` are files whose very bytes the project has already."""

    stored: list[RenderFile]
    duplicates: list[RenderFile]
    refused: list[RefusedRenderFile]
