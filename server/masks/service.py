"""Part masks: runs over the person's region outside, COCO RLE of the whole image at rest; every revision is kept."""

from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from annotation.masks import decode_runs, encode_runs, from_coco_rle, region_of, to_coco_rle
from annotation.words import PersonState, TaskKind
from annotation_db import Database, models
from annotation_db.repositories import images, masks, persons
from server.bodies.registry import Bodies
from server.masks.schemas import Mask, MaskRevision, MaskRevisions, MaskWrite
from server.problems import ConflictError, NotFoundError, RefusedError, StaleError
from server.schemas import Region
from server.session.service import Caller
from server.settings import Settings
from server.tasks.leases import check_open, hold, lock


def put_mask(
    database: Database, settings: Settings, bodies: Bodies, caller: Caller, mask_id: UUID, body: MaskWrite
) -> Mask:
    """Write the next revision. The same `write_id` again changes nothing.

    Raises RefusedError on runs that do not fill the region or name parts that the project's body does not have,
    ConflictError when the region has moved, StaleError, LeaseLostError.
    """
    with database.read() as session:  # pixels are worked on before anything is locked
        mask = _existing(session, mask_id)
        if masks.has_write(session, mask_id, body.write_id):
            return current(session, mask)
        region, width, height = _place(session, mask)
        if body.region != region:
            raise ConflictError(
                f"the person's box was changed, its region is {list(region)} now", current=current(session, mask)
            )
        body_hash = masks.body_hash(session, mask_id)
    try:
        label_map = decode_runs(body.runs, region[3], region[2], bodies.by_hash(body_hash).parts)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    rles = to_coco_rle(label_map, region[:2], width, height)
    with database.write() as session:
        return _append(session, settings, caller, mask_id, body, label_map, rles, (width, height))


def current(session: Session, mask: models.Mask) -> Mask:
    """The mask as it is now."""
    return _out(session, mask, masks.revision(session, mask.id, mask.revision))


def label_map(session: Session, mask: models.Mask) -> tuple[np.ndarray, tuple[int, int]]:
    """The present labels (h, w) u8 over the person's region, and the region's origin."""
    region, _, _ = _place(session, mask)
    row = masks.revision(session, mask.id, mask.revision)
    return _labels(row, region), region[:2]


def check_window(session: Session, mask: models.Mask) -> None:
    """Raise StaleError when the person's region has moved since the present revision was drawn in it: what lies outside
    now, or was not to be seen then, must be looked at and saved again."""
    region, width, height = _place(session, mask)
    row = masks.revision(session, mask.id, mask.revision)
    drawn_on = persons.box_at(session, mask.person_id, row.created_at) if row else None
    if drawn_on and region_of(drawn_on, width, height) != region:
        raise StaleError(
            "the person's box was changed after this mask was saved; look at it, change what is needed and save it",
            current=current(session, mask),
        )


def list_revisions(session: Session, mask_id: UUID) -> MaskRevisions:
    """The history, newest first."""
    return MaskRevisions(
        items=[
            MaskRevision(
                revision=row.revision,
                user_id=row.user_id,
                parts=row.parts,
                area=row.area,
                seconds=row.seconds,
                created_at=row.created_at,
            )
            for row in masks.revisions(session, mask_id)
        ]
    )


def get_revision(session: Session, mask_id: UUID, number: int) -> Mask:
    """The mask as it was."""
    row = masks.revision(session, mask_id, number) if 0 < number < 2**31 else None
    if row is None:
        raise NotFoundError("no such revision")
    return _out(session, _existing(session, mask_id), row)


def _append(
    session: Session,
    settings: Settings,
    caller: Caller,
    mask_id: UUID,
    body: MaskWrite,
    label_map: np.ndarray,
    rles: dict[int, dict],
    size: tuple[int, int],
) -> Mask:
    found = lock(session, body.task_id)
    mask = _existing(session, mask_id, lock=True)
    if found is None:
        raise RefusedError("there is no such task")
    task, person = found
    if task.kind != TaskKind.mask or task.person_id != mask.person_id:
        raise RefusedError("the task is not this mask's")
    if masks.has_write(session, mask_id, body.write_id):
        return current(session, mask)
    check_open(task)
    hold(session, settings, caller, task)
    if mask.revision != body.revision:
        raise StaleError("the mask was changed meanwhile", current=current(session, mask))
    row = models.MaskRevision(
        mask_id=mask.id,
        revision=mask.revision + 1,
        write_id=body.write_id,
        width=size[0],
        height=size[1],
        counts={str(label): rle["counts"] for label, rle in rles.items()},
        parts=len(rles),
        area=int(np.count_nonzero(label_map)),
        user_id=caller.id,
        seconds=body.seconds,
    )
    masks.append(session, mask, row)
    person.state, person.parts = PersonState.mask, len(rles)
    return Mask(
        id=mask.id,
        person_id=mask.person_id,
        revision=mask.revision,
        region=body.region,
        runs=encode_runs(label_map),
        updated_at=row.created_at,
    )


def _existing(session: Session, mask_id: UUID, lock: bool = False) -> models.Mask:
    mask = masks.by_id(session, mask_id, lock)
    if mask is None:
        raise NotFoundError("no such mask")
    return mask


def _place(session: Session, mask: models.Mask) -> tuple[Region, int, int]:
    """The person's region, and width and height of the image."""
    person = persons.by_id(session, mask.person_id)
    image = images.by_id(session, person.image_id) if person else None
    if person is None or image is None:
        raise NotFoundError("the image of this mask was taken out of the project")
    return region_of(person.bbox, image.width, image.height), image.width, image.height


def _labels(row: models.MaskRevision | None, region: Region) -> np.ndarray:
    counts = row.counts if row else {}
    size = [row.height, row.width] if row else [0, 0]
    return from_coco_rle({int(label): {"size": size, "counts": rle} for label, rle in counts.items()}, region)


def _out(session: Session, mask: models.Mask, row: models.MaskRevision | None) -> Mask:
    region, _, _ = _place(session, mask)
    return Mask(
        id=mask.id,
        person_id=mask.person_id,
        revision=row.revision if row else 0,
        region=region,
        runs=encode_runs(_labels(row, region)) if row else [],
        updated_at=row.created_at if row else None,
    )
