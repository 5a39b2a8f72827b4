"""Work of a dataset file on persons that are there already: COCO's persons first, their DensePose file later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from annotation.words import PersonState, TaskKind, TaskState
from annotation_db import models, utc_now
from annotation_db.repositories.imports import Present, Rows
from export.coco_in import CocoPerson

_SAME = 0.01  # pixels: COCO's boxes have two decimals


def refusal(present: Present, person: CocoPerson) -> str | None:
    """Why a person of a file is not the one that is there under its id, or its work is not added to that one's."""
    entry = _entry(present)
    before, now = (entry["bbox"], person.entry["bbox"]) if entry else (present.person.bbox, person.bbox)
    if not np.allclose(before, now, rtol=0, atol=_SAME):
        return f"the image has another person of this id: its box is {list(before)}, this one's {list(now)}"
    if present.person.deleted_at is not None or person.dense is None:
        return None
    there = entry.get("dp_masks")
    if there is None and _is_worked_on(present):
        return "the image has this person already and it was worked on: the file's masks and points are not added"
    if there is not None and there != person.entry["dp_masks"]:
        return "the image has this person already with other masks and points from a file"
    return None


def is_wanted(present: Present, person: CocoPerson) -> bool:
    """Whether the file brings work for a person that has none."""
    return person.dense is not None and present.person.deleted_at is None and "dp_masks" not in _entry(present)


def fill(session: Session, present: Present, rows: Rows, annotator: UUID) -> None:
    """Give a person without work the mask, the tasks and the entry of the rows that it would have been added with."""
    person, source, mask = (rows[table][0] for table in (models.Person, models.PersonSource, models.MaskRevision))
    for name in ("state", "parts", "points", "marks"):
        setattr(present.person, name, person[name])
    for name in ("segmentation", "keypoints"):
        if getattr(present.person, name) is None:
            setattr(present.person, name, person[name])
    if present.source is None:
        session.add(models.PersonSource(**source))
    else:
        present.source.entry = {**source["entry"], **present.source.entry, "bbox": source["entry"]["bbox"]}
        present.source.mask_revision = 1
    present.mask.revision = present.mask.sampled_revision = 1
    session.add(models.MaskRevision(**{**mask, "mask_id": present.mask.id}))
    now = utc_now()
    for kind in (TaskKind.mask, TaskKind.points):
        task = present.tasks.get(kind)
        if task is None:
            task = models.Task(project_id=present.person.project_id, person_id=present.person.id, kind=kind)
            session.add(task)
        task.state, task.submitted_at, task.submitted_by = TaskState.submitted, now, annotator
        task.lease_user_id = task.lease_until = None
    session.flush()


def _entry(present: Present) -> dict[str, Any]:
    return {} if present.source is None else present.source.entry


def _is_worked_on(present: Present) -> bool:
    """Whether somebody drew, moved the box, or holds the person at this moment."""
    revision = 1 if present.source is None else present.source.person_revision
    touched = present.person.state != PersonState.new or present.person.revision != revision
    now = utc_now()
    return (
        touched
        or present.mask.revision > 0
        or any(t.state != TaskState.open or (t.lease_until or now) > now for t in present.tasks.values())
    )
