"""Rendered persons, whose true surface points are known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from annotation.words import PersonSource
from annotation_db.repositories import images, persons
from server.images import service
from server.persons.service import clip_box, new_person
from server.problems import NotFoundError, RefusedError
from server.schemas import Box
from server.state import State


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
    """Store a rendered image (once) and a person in it, with its truth as a blob that annotators never see.

    `truth_path` is the renderer's .npz of face and barycentrics per pixel; `segmentation` is COCO's. Returns the
    person's id; the same person again is the same. Raises RefusedError when the image is.
    """
    with image_path.open("rb") as file:
        outcome = service.store(state, project_id, user_id, image_path.name, image_path.name, file)
    if outcome.image_id is None:
        raise RefusedError(f"{image_path.name}: {outcome.reason}")
    with truth_path.open("rb") as file:
        truth = state.blobs.put(file)
    person_id = uuid5(outcome.image_id, f"truth:{truth}:{list(bbox)}")
    with state.database.write() as session:
        image = images.by_id(session, outcome.image_id, lock=True)
        if image is None:
            raise NotFoundError("no such image")
        if persons.by_id(session, person_id) is None:
            person = new_person(image, clip_box(bbox, image.width, image.height), PersonSource.rendered, user_id)
            person.id = person_id
            person.truth = truth
            person.keypoints = list(keypoints) if keypoints else None  # a body may have none
            person.segmentation = segmentation
            persons.add(session, person, person_id)
    return person_id


def truth_of(state: State, person_id: UUID) -> bytes:
    """The truth file of a rendered person; raises NotFoundError."""
    with state.database.read() as session:
        person = persons.by_id(session, person_id)
    if person is None or person.truth is None:
        raise NotFoundError("no rendered person of this id")
    with state.blobs.open(person.truth) as file:
        return file.read()
