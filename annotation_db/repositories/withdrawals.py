"""Withdrawn images: what is noted of them, and everything that goes with them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from annotation_db.models import (
    Image,
    Mark,
    MarkRevision,
    Mask,
    MaskRevision,
    Person,
    PersonRevision,
    PersonSource,
    Point,
    Study,
    StudyPerson,
    Task,
    Withdrawal,
)
from annotation_db.repositories.place import Place


def place_of(session: Session, image_id: UUID) -> Place | None:
    """The project of an image, also of one that was taken out or withdrawn."""
    found = session.scalar(select(Image.project_id).where(Image.id == image_id))
    found = found or session.scalar(select(Withdrawal.project_id).where(Withdrawal.image_id == image_id).limit(1))
    return Place(found) if found else None


def of_image(session: Session, image_id: UUID) -> Withdrawal | None:
    """The withdrawal of an image."""
    return session.scalar(select(Withdrawal).where(Withdrawal.image_id == image_id).limit(1))


def of_bytes(session: Session, keys: Collection[str]) -> Sequence[Withdrawal]:
    """The withdrawals of images whose bytes, as they came or as they were kept, have one of these hashes."""
    query = select(Withdrawal).where(or_(Withdrawal.sha256.in_(keys), Withdrawal.blob.in_(keys)))
    return session.scalars(query.order_by(Withdrawal.created_at, Withdrawal.id)).all()


def is_withdrawn(session: Session, keys: Collection[str]) -> bool:
    """Whether an image of any of these hashes of bytes was withdrawn."""
    return bool(session.scalar(select(exists().where(or_(Withdrawal.sha256.in_(keys), Withdrawal.blob.in_(keys))))))


def blobs(session: Session) -> set[str]:
    """The hashes of the kept bytes of all withdrawn images."""
    return set(session.scalars(select(Withdrawal.blob).distinct()))


def with_files(session: Session) -> Sequence[Withdrawal]:
    """The withdrawals whose files are not known to be gone."""
    query = select(Withdrawal).where(Withdrawal.files_gone_at.is_(None))
    return session.scalars(query.order_by(Withdrawal.created_at, Withdrawal.id)).all()


def files_are_gone(session: Session, withdrawal_ids: Collection[UUID], at: datetime) -> None:
    """Note that the files of withdrawals are gone, and forget which there were."""
    session.execute(
        update(Withdrawal).where(Withdrawal.id.in_(withdrawal_ids)).values(files_gone_at=at, truths=[], studies=[])
    )


def numbers_taken(session: Session, project_id: UUID) -> tuple[set[int], set[int]]:
    """The integer ids in dataset files that withdrawn images of a project had, and those of their persons."""
    query = select(Withdrawal.number, Withdrawal.person_numbers).where(Withdrawal.project_id == project_id)
    images: set[int] = set()
    persons: set[int] = set()
    for number, own in session.execute(query):
        images |= set() if number is None else {number}
        persons |= set(own)
    return images, persons


def images_from(session: Session, image: Image) -> Iterable[tuple[UUID, str | None]]:
    """The images of the project that came from the same place in a file as this one, itself too, in the order they
    came: id and where from; none where it came from no file."""
    if image.source_id is None:
        return []
    query = select(Image.id, Image.source_id).where(
        Image.project_id == image.project_id, Image.source_id == image.source_id
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Image.created_at, Image.id))]


def persons_from(session: Session, image: Image) -> Iterable[tuple[UUID, str | None]]:
    """The same for the persons of an image: all of the project that came from the same places in a file."""
    own = select(Person.source_id).where(Person.image_id == image.id, Person.study_id.is_(None))
    query = select(Person.id, Person.source_id).where(
        Person.project_id == image.project_id, Person.study_id.is_(None), Person.source_id.in_(own)
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Person.created_at, Person.id))]


def person_ids(session: Session, image_id: UUID) -> set[UUID]:
    """The persons of an image, deleted ones too, but no copies for studies."""
    return set(session.scalars(select(Person.id).where(Person.image_id == image_id, Person.study_id.is_(None))))


def page(session: Session, project_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> Sequence[Withdrawal]:
    """Up to `limit` withdrawals of a project, the newest first."""
    query = select(Withdrawal).where(Withdrawal.project_id == project_id)
    if before:
        query = query.where(tuple_(Withdrawal.created_at, Withdrawal.id) < before)
    return session.scalars(query.order_by(Withdrawal.created_at.desc(), Withdrawal.id.desc()).limit(limit)).all()


def same_bytes(session: Session, keys: Collection[str], lock: bool = False) -> Sequence[Image]:
    """The images of all projects, those taken out too, whose bytes have one of these hashes; with `lock`, held until
    the transaction ends."""
    query = select(Image).where(or_(Image.sha256.in_(keys), Image.blob.in_(keys))).order_by(Image.created_at, Image.id)
    return session.scalars(query.with_for_update() if lock else query).all()


def truths_in(session: Session, image_id: UUID) -> set[str]:
    """The blobs of the true surface points of an image's persons."""
    query = select(Person.truth).where(Person.image_id == image_id, Person.truth.is_not(None))
    return {key for key in session.scalars(query) if key}


def studies_of(session: Session, image_id: UUID) -> Sequence[UUID]:
    """The studies that show an image, closed ones too."""
    person = select(Person.id).where(Person.image_id == image_id)
    listed = select(StudyPerson.study_id).where(StudyPerson.person_id.in_(person))
    copied = select(Person.study_id).where(Person.image_id == image_id, Person.study_id.is_not(None))
    return sorted({id_ for id_ in [*session.scalars(listed), *session.scalars(copied)] if id_ is not None})


def add(session: Session, withdrawal: Withdrawal) -> None:
    """Insert."""
    session.add(withdrawal)
    session.flush()


def erase(session: Session, image_id: UUID) -> None:
    """Delete an image and everything on it: persons, copies of them for studies, masks, points, marks, all with their
    history, and their tasks."""
    shown = studies_of(session, image_id)
    person = select(Person.id).where(Person.image_id == image_id)
    point = select(Point.id).where(Point.person_id.in_(person))
    mark = select(Mark.id).where(Mark.point_id.in_(point))
    mask = select(Mask.id).where(Mask.person_id.in_(person))
    for statement in (
        delete(MarkRevision).where(MarkRevision.mark_id.in_(mark)),
        delete(Mark).where(Mark.point_id.in_(point)),
        delete(Point).where(Point.person_id.in_(person)),
        delete(MaskRevision).where(MaskRevision.mask_id.in_(mask)),
        delete(Mask).where(Mask.person_id.in_(person)),
        delete(Task).where(Task.person_id.in_(person)),
        delete(PersonRevision).where(PersonRevision.person_id.in_(person)),
        delete(PersonSource).where(PersonSource.person_id.in_(person)),
        delete(StudyPerson).where(StudyPerson.person_id.in_(person)),
        delete(Person).where(Person.image_id == image_id, Person.study_id.is_not(None)),
        delete(Person).where(Person.image_id == image_id),
        delete(Image).where(Image.id == image_id),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    for study_id in shown:
        _recount(session, study_id)
    session.expire_all()


def _recount(session: Session, study_id: UUID) -> None:
    """Have a study count the persons that it has left."""

    def count(*conditions: object) -> object:
        query = select(func.count()).select_from(StudyPerson)
        return query.where(StudyPerson.study_id == study_id, *conditions).scalar_subquery()  # type: ignore[arg-type]

    session.execute(
        update(Study)
        .where(Study.id == study_id)
        .values(
            persons=count(StudyPerson.practice.is_(False)),
            practice=count(StudyPerson.practice.is_(True)),
            again=count(StudyPerson.again.is_(True)),
        )
    )
