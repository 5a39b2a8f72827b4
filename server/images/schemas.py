"""Bodies of images and imports."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from server.persons.schemas import Person
from server.schemas import Out

LISTED = 1000  # entries of each list of an import's answer over HTTP


class ImageBase(Out):
    """What every form of an image has."""

    id: UUID
    file_name: str
    width: int
    height: int
    done: int = Field(description="persons whose points are submitted")
    created_at: datetime


class Image(ImageBase):
    """An image in a list; `persons` counts them."""

    persons: int


class ImageDetail(ImageBase):
    """An image with its persons."""

    persons: list[Person]


class StoredFile(Out):
    """A file that became an image."""

    file: str
    image: Image


class RefusedFile(Out):
    """A file that did not go through, and why."""

    file: str
    reason: str


class RefusedPerson(Out):
    """A person of a COCO file that did not go through, and why."""

    id: str = Field(description="the annotation's id in the COCO file")
    reason: str


class PersonNote(Out):
    """What was mended on a person of a COCO file."""

    id: str = Field(description="the annotation's id in the COCO file")
    note: str


class ImportCounts(Out):
    """How many files there are of each list, listed or not."""

    stored: int
    refused: int
    duplicates: int


class CocoCounts(ImportCounts):
    """How many files and persons there are of each list, listed or not."""

    refused_persons: int
    notes: int


class ImportResult(Out):
    """What became of each uploaded file; over HTTP the first 1,000 of each list, while `counts` has all."""

    counts: ImportCounts
    stored: list[StoredFile]
    refused: list[RefusedFile]
    duplicates: list[StoredFile] = Field(description="files whose very bytes the project has already")

    def cut(self, most: int = LISTED) -> Self:
        """The same with at most so many entries in each list."""
        return self.model_copy(update={name: getattr(self, name)[:most] for name in type(self.counts).model_fields})


class CocoResult(ImportResult):
    """What became of a COCO file: `persons` are new ones, `persons_present` were imported before."""

    counts: CocoCounts
    persons: int
    persons_present: int
    dense: int = Field(description="new persons that came with masks and points")
    points: int = Field(description="their points")
    refused_persons: list[RefusedPerson]
    notes: list[PersonNote]
    remarks: list[str] = Field(description="what is to be said of the file as a whole")
