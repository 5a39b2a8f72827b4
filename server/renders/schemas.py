"""Bodies of the render routes."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from server.schemas import In

_Persons = Annotated[int, Field(ge=1, le=10)]


class RenderRequest(In):
    """Which persons are to be rendered into a project."""

    count: int = Field(ge=1, le=20_000, description="Images.")
    size: int = Field(default=512, ge=128, le=2048, description="Pixels of a side.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="The same seed and options give the same images.")
    persons: tuple[_Persons, _Persons] = Field(default=(1, 1), description="Fewest and most in an image.")
    occluders: float = Field(default=0.3, ge=0, le=1, description="Share of images where something stands before one.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.persons[0] > self.persons[1]:
            raise ValueError("persons: the fewest are more than the most")
        return self
