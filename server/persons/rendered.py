"""Rendered persons, whose true surface points are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID, uuid5

from annotation.words import PersonSource
from annotation_db.repositories import images, persons
from server.images import service
from server.persons.service import clip_box, new_person
from server.problems import NotFoundError, RefusedError
from server.schemas import Box
from server.state import State

if TYPE_CHECKING:
    from synthesis.render import Person


@dataclass(frozen=True)
class RenderedPerson:
    """A person as the renderer describes it: box, COCO's keypoints and segmentation, and the file of its truth (see
    `synthesis.truth`)."""

    bbox: Box
    keypoints: Sequence[float] | None
    segmentation: Any | None
    truth: BinaryIO

    @classmethod
    def of(cls, person: "Person") -> "RenderedPerson":
        """One that has just been rendered."""
        from synthesis import truth  # here: servers that render nothing need no renderer

        file = BytesIO()
        truth.write(file, person.truth)
        return cls(person.box, person.keypoints.ravel().tolist(), person.segmentation, file)


def add_rendered(
    state: State,
    project_id: UUID,
    name: str,
    image: BinaryIO,
    rendered: Sequence[RenderedPerson],
    user_id: UUID | None = None,
) -> list[UUID]:
    """Store a rendered image (once) and the persons in it, with their truth as blobs that annotators never see.

    Returns the persons' ids; the same persons again are the same. Raises RefusedError when the image is.
    """
    outcome = service.store(state, project_id, user_id, name, name, image)
    if outcome.image_id is None:
        raise RefusedError(f"{name}: {outcome.reason}")
    truths = [state.blobs.put(person.truth) for person in rendered]
    ids = [
        uuid5(outcome.image_id, f"truth:{key}:{list(person.bbox)}")
        for key, person in zip(truths, rendered, strict=True)
    ]
    with state.database.write() as session:
        row = images.by_id(session, outcome.image_id, lock=True)
        if row is None:
            raise NotFoundError("no such image")
        for person_id, key, person in zip(ids, truths, rendered, strict=True):
            if persons.by_id(session, person_id) is None:
                made = new_person(row, clip_box(person.bbox, row.width, row.height), PersonSource.rendered, user_id)
                made.id = person_id
                made.truth = key
                made.keypoints = list(person.keypoints) if person.keypoints else None  # a body may have none
                made.segmentation = person.segmentation
                persons.add(session, made, person_id)
    return ids


def add_rendered_person(
    state: State,
    project_id: UUID,
    image_path: Path,
    bbox: Box,
    keypoints: Sequence[float] | None,
    segmentation: Any | None,
    truth_path: Path,
    user_id: UUID | None = None,
) -> UUID:
    """The same for one person and files on disk."""
    with image_path.open("rb") as image, truth_path.open("rb") as file:
        person = RenderedPerson(bbox, keypoints, segmentation, file)
        return add_rendered(state, project_id, image_path.name, image, [person], user_id)[0]


def truth_of(state: State, person_id: UUID) -> bytes:
    """The truth file of a rendered person; raises NotFoundError."""
    with state.database.read() as session:
        person = persons.by_id(session, person_id)
    if person is None or person.truth is None:
        raise NotFoundError("no rendered person of this id")
    with state.blobs.open(person.truth) as file:
        return file.read()
