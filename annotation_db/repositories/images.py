"""Images."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from annotation.words import PersonState, StudyState
from annotation_db.models import Image, Person, RenderFile, Study, StudyNetwork, StudyPerson
from annotation_db.repositories.place import Place

_VALUES = 5000  # in one query: databases limit them
_BLOBS = (Image.blob, Person.truth, StudyNetwork.blob, RenderFile.blob)


def by_id(session: Session, image_id: UUID, lock: bool = False) -> Image | None:
    """One image, unless it is deleted; with `lock`, held until the transaction ends."""
    query = select(Image).where(Image.id == image_id, Image.deleted_at.is_(None))
    return session.scalar(query.with_for_update() if lock else query)


def place_of(session: Session, image_id: UUID) -> Place | None:
    """The project of an image that is not deleted."""
    project_id = session.scalar(select(Image.project_id).where(Image.id == image_id, Image.deleted_at.is_(None)))
    return Place(project_id) if project_id else None


def by_sha256(session: Session, project_id: UUID, sha256: str) -> Image | None:
    """The image that came with these bytes, deleted or not."""
    return session.scalar(select(Image).where(Image.project_id == project_id, Image.sha256 == sha256))


def name_taken(session: Session, project_id: UUID, file_name: str) -> bool:
    """Whether an image of the project, deleted ones too, has this name."""
    query = select(Image.id).where(Image.project_id == project_id, Image.file_name == file_name)
    return session.scalar(query) is not None


def add(session: Session, image: Image) -> None:
    """Insert; raises IntegrityError when bytes or name are there already."""
    session.add(image)
    session.flush()


def page(
    session: Session,
    project_id: UUID,
    after: tuple[str, UUID] | None,
    limit: int,
    part_of_name: str | None,
    kept_back: bool = True,
) -> Sequence[Image]:
    """Up to `limit` images by file name, with those or without those that a study keeps back."""
    query = (
        select(Image)
        .where(Image.project_id == project_id, Image.deleted_at.is_(None))
        .order_by(Image.file_name, Image.id)
        .limit(limit)
    )
    if not kept_back:
        query = query.where(Image.id.not_in(kept_back_in(project_id)))
    if part_of_name:
        query = query.where(Image.file_name.icontains(part_of_name, autoescape=True))
    if after:
        query = query.where(tuple_(Image.file_name, Image.id) > after)
    return session.scalars(query).all()


def many(session: Session, image_ids: Collection[UUID]) -> dict[UUID, Image]:
    """Several images by id, deleted ones too."""
    ids = list(image_ids)
    found: dict[UUID, Image] = {}
    for start in range(0, len(ids), _VALUES):
        rows = session.scalars(select(Image).where(Image.id.in_(ids[start : start + _VALUES])))
        found.update((image.id, image) for image in rows)
    return found


def kept_back_in(*project_ids: UUID) -> Select[UUID]:
    """The images that a study shows before it is closed: nobody who annotates should know them beforehand."""
    return (
        select(Person.image_id)
        .join(StudyPerson, StudyPerson.person_id == Person.id)
        .join(Study, Study.id == StudyPerson.study_id)
        .where(Study.project_id.in_(project_ids), Study.state != StudyState.closed)
    )


class Named(NamedTuple):
    """An image as files name it."""

    id: UUID
    file_name: str
    width: int
    height: int


def named(session: Session, project_id: UUID) -> Iterator[Named]:
    """All images of a project that are not deleted."""
    query = select(Image.id, Image.file_name, Image.width, Image.height)
    rows = session.execute(query.where(Image.project_id == project_id, Image.deleted_at.is_(None)))
    return (Named(*row) for row in rows)


def add_tags(image: Image, tags: Collection[str]) -> None:
    """Give an image tags beside those that it has."""
    if not set(tags) <= set(image.tags or ()):
        image.tags = sorted({*(image.tags or ()), *tags})


def person_counts(session: Session, image_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Persons and finished persons of several images, without copies for studies."""
    done = case((Person.state == PersonState.done, 1), else_=0)
    found: dict[UUID, tuple[int, int]] = {}
    for start in range(0, len(image_ids), _VALUES):
        rows = session.execute(
            select(Person.image_id, func.count(), func.sum(done))
            .where(
                Person.image_id.in_(image_ids[start : start + _VALUES]),
                Person.deleted_at.is_(None),
                Person.study_id.is_(None),
            )
            .group_by(Person.image_id)
        )
        found.update({image_id: (count, int(finished)) for image_id, count, finished in rows})
    return found


def referenced_blobs(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that an image, a person, deleted or not, a study or a file for rendering refers to."""
    found: set[str] = set()
    for column in _BLOBS:
        found.update(key for key in session.scalars(select(column).where(column.in_(keys))) if key)
    return found


def named_blobs(session: Session) -> set[str]:
    """All keys of blobs that `referenced_blobs` looks for."""
    return {key for column in _BLOBS for key in session.scalars(select(column).distinct()) if key}
