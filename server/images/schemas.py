"""Bodies of images and imports."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from server.persons.schemas import Person
from server.schemas import Out


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


class ImportResult(Out):
    """What became of each uploaded file."""

    stored: list[StoredFile]
    refused: list[RefusedFile]
    duplicates: list[StoredFile] = Field(description="files whose very bytes the project has already")


class CocoResult(ImportResult):
    """What became of a COCO file: `persons` are new ones, `persons_present` were imported before."""

    persons: int
    persons_present: int
    dense: int = Field(description="new persons that came with masks and points")
    points: int = Field(description="their points")
    refused_persons: list[RefusedPerson]
    notes: list[PersonNote]
    remarks: list[str] = Field(description="what is to be said of the file as a whole")
