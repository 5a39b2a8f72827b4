"""Runs whose photos are withdrawn: they end, and what shows the photos goes. Figures and networks stay."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db.models import RunState
from annotation_db.repositories import runs
from server.runs import folder
from server.state import State

_REASON = "photos that it learns from were withdrawn: clone it, to learn without them"


def note(session: Session, image_ids: Collection[UUID]) -> None:
    """Have the runs under way that learn from these images end; those that have not begun learn without them."""
    for row in runs.holding(session, image_ids):
        if row.started_at is None:
            runs.forget_images(session, row.id, image_ids)
        else:
            runs.change(session, row.id, runs.OPEN, state=RunState.stopping, error=_REASON)


def remove_photos(state: State, image_ids: Collection[UUID]) -> None:
    """Remove all in the folders of runs that shows these images. Where one is being trained, its job does so at the
    end, which is near."""
    with state.database.read() as session:
        rows = runs.holding(session, image_ids)
    for row in rows:
        with folder.held(folder.of(state.settings, row.id), 0) as alone:
            if alone:
                folder.drop_photos(folder.of(state.settings, row.id))


def drop_unnamed(state: State) -> None:
    """Remove folders of runs that are no more: a delete was interrupted."""
    found = folder.there(state.settings)
    with state.database.read() as session:
        named = runs.ids(session)
    for run_id in found - named:
        folder.drop(state.settings, run_id)
