"""Withdrawing images: from the database in one transaction, then from disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.repositories import images, jobs, projects, render_files, snapshots, studies, withdrawals
from export.wanted import coco_id, numbers
from server.paging import page_by_time
from server.problems import NotFoundError
from server.runs import withdrawn as runs
from server.schemas import Page
from server.snapshots import places, unused
from server.state import State
from server.studies import reports
from server.withdrawals.schemas import AffectedSnapshot, Reach, ReachedProject, ReachedStudy, Withdrawal, Withdrawn


def withdraw(state: State, image_id: UUID, reason: str, user_id: UUID | None) -> Withdrawn:
    """Erase an image, those of all projects that have the very same bytes, and such backgrounds and textures of
    renders. Again completes what was interrupted.

    The database first: it knows from then on that these bytes are withdrawn, which files go with them, and nothing
    refers to them any more. What is killed before the files are gone is completed by the same request again, or as the
    next server starts.

    Raises NotFoundError.
    """
    with state.database.write() as session:
        keys = _bytes_of(session, image_id)
        for row in withdrawals.same_bytes(session, keys, lock=True):
            withdrawals.add(session, _noted(session, row, reason, user_id))
            withdrawals.erase(session, row.id)
        rows = withdrawals.of_bytes(session, keys)
        runs.note(session, [row.image_id for row in rows])
        done = _done(session, rows)
        render_files.remove_bytes(session, keys)
    _remove_files(state, rows)
    return done


def reach(session: Session, image_id: UUID) -> Reach:
    """What withdrawing an image would erase, in all projects that have the very same bytes, and affect.

    Raises NotFoundError.
    """
    keys = _bytes_of(session, image_id)
    rows = withdrawals.same_bytes(session, keys)
    gone = withdrawals.of_bytes(session, keys)
    taken: dict[UUID, list[int]] = {id_: [] for id_ in [r.project_id for r in rows] + [r.project_id for r in gone]}
    for row in rows:
        taken[row.project_id].append(len(withdrawals.person_ids(session, row.id)))
    shown = {study_id for row in rows for study_id in withdrawals.studies_of(session, row.id)}
    found = [(id_, projects.by_id(session, id_), own) for id_, own in taken.items()]
    study_rows = [study for id_ in sorted(shown) if (study := studies.by_id(session, id_)) is not None]
    holding = snapshots.holding(session, [row.id for row in rows] + [row.image_id for row in gone])
    return Reach(
        projects=[
            ReachedProject(id=id_, name=row.name, images=len(own), persons=sum(own))
            for id_, row, own in found
            if row is not None
        ],
        persons=sum(map(sum, taken.values())),
        studies=[ReachedStudy(id=study.id, project_id=study.project_id, name=study.name) for study in study_rows],
        snapshots=_affected(holding),
    )


def complete(state: State) -> None:
    """Remove the files of withdrawals that were interrupted."""
    with state.database.read() as session:
        rows = withdrawals.with_files(session)
    if rows:
        _remove_files(state, rows)


def list_withdrawals(session: Session, project_id: UUID, after: str | None, limit: int) -> Page[Withdrawal]:
    """One page of a project's withdrawals, the newest first."""
    return page_by_time(
        lambda place, most: withdrawals.page(session, project_id, place, most),
        after,
        limit,
        lambda kept: _out(session, kept),
    )


def _bytes_of(session: Session, image_id: UUID) -> set[str]:
    """The hashes of an image's bytes, as they came and as they are kept, or were. Raises NotFoundError."""
    image = images.many(session, [image_id]).get(image_id)
    known = withdrawals.of_image(session, image_id)
    if image is None and known is None:
        raise NotFoundError("no such image")
    return {key for row in (image, known) if row is not None for key in (row.sha256, row.blob)}


def _noted(session: Session, row: models.Image, reason: str, user_id: UUID | None) -> models.Withdrawal:
    images_gone, persons_gone = withdrawals.numbers_taken(session, row.project_id)
    own = withdrawals.person_ids(session, row.id)
    number = _held([row.id], withdrawals.images_from(session, row), images_gone)
    return models.Withdrawal(
        project_id=row.project_id,
        image_id=row.id,
        sha256=row.sha256,
        blob=row.blob,
        persons=len(own),
        number=next(iter(number), None),
        person_numbers=sorted(_held(own, withdrawals.persons_from(session, row), persons_gone)),
        truths=sorted(withdrawals.truths_in(session, row.id)),
        studies=[study_id.hex for study_id in withdrawals.studies_of(session, row.id)],
        reason=reason,
        created_by=user_id,
        created_at=utc_now(),
    )


def _held(ids: Iterable[UUID], alike: Iterable[tuple[UUID, str | None]], gone: set[int]) -> set[int]:
    """The ids from a COCO file that items have in dataset files, and not another one that came with the same id."""
    sources = dict(alike)
    found = numbers(sources.items(), gone)
    return {found[id_] for id_ in ids if id_ in found and found[id_] == coco_id(sources[id_])}


def _done(session: Session, rows: Sequence[models.Withdrawal]) -> Withdrawn:
    holding = snapshots.holding(session, [row.image_id for row in rows])
    return Withdrawn(withdrawals=_out(session, rows), snapshots=_affected(holding))


def _affected(rows: Sequence[models.Snapshot]) -> list[AffectedSnapshot]:
    return [AffectedSnapshot(id=row.id, project_id=row.project_id, name=row.name) for row in rows]


def _out(session: Session, rows: Sequence[models.Withdrawal]) -> list[Withdrawal]:
    held = snapshots.holders(session, [row.image_id for row in rows])
    return [
        Withdrawal(
            id=row.id,
            project_id=row.project_id,
            image_id=row.image_id,
            persons=row.persons,
            reason=row.reason,
            created_by=row.created_by,
            created_at=row.created_at,
            snapshots=held.get(row.image_id, 0),
        )
        for row in rows
    ]


def _remove_files(state: State, rows: Sequence[models.Withdrawal]) -> None:
    """Remove photos with their thumbnails, truths that nothing refers to any more, what snapshots under way have
    written and no row names, copies of photos that networks learn from, and reports of studies that showed the images,
    which are made again. Last, note that."""
    photos = {key for row in rows for key in (row.sha256, row.blob)}
    truths = {key for row in rows for key in row.truths}
    with state.database.read() as session:
        used = images.referenced_blobs(session, photos | truths)
    for key in (photos | truths) - used:
        state.blobs.delete(key)
    for key in photos:
        for path in (state.settings.data / "cache" / "thumbnails" / key[:2]).glob(f"{key[:32]}-*"):
            path.unlink(missing_ok=True)
    for study_id in {study_id for row in rows for study_id in row.studies}:
        shutil.rmtree(reports.folder_of(state.settings, UUID(study_id)), ignore_errors=True)
    runs.remove_photos(state, [row.image_id for row in rows])
    state.database.forget_deleted()
    with state.database.read() as session:
        making = jobs.open_subjects(session, "snapshot")
    # Jobs under way leave out what was withdrawn meanwhile, and clear up behind themselves.
    places.drop_working_but(state.settings, making)
    unused.drop_unnamed(state)
    with state.database.write() as session:
        withdrawals.files_are_gone(session, [row.id for row in rows], utc_now())
