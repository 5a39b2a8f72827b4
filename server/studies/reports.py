"""Kept reports of studies: DATA/reports/STUDY/CONTENT/, whole or not there, named by the content they were made of."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db import models
from annotation_db.repositories import projects, studies
from evaluation.report import FORM
from server.problems import NotFoundError
from server.settings import Settings

LAST = "report.json"  # written last: a folder that has it has everything


def folder_of(settings: Settings, study_id: UUID) -> Path:
    """Where a study's reports are."""
    return settings.data / "reports" / str(study_id)


def content(session: Session, study: models.Study) -> str:
    """A digest of all that a report says, quickly found: it changes whenever what is measured does."""
    project = projects.by_id(session, study.project_id)
    rows = [
        [str(done.user_id), done.done, done.marks if study.closed_at else 0, str(last)]
        for done in sorted(studies.done(session, [study.id]), key=lambda done: done.user_id)
        for last in [studies.last_seen(session, study.id).get(done.user_id, (None, None))[0]]
        if done.done or done.marks
    ]
    networks = [[network.name, network.blob] for network in studies.networks(session, study.id)]
    said = [FORM, study.name, project.body_hash if project else "", bool(study.closed_at), rows, networks]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def newest(settings: Settings, study_id: UUID) -> Path | None:
    """The folder of the newest report."""
    found = [(path.stat().st_mtime, path.parent) for path in folder_of(settings, study_id).glob(f"*/{LAST}")]
    return max(found)[1] if found else None


def computed_at(folder: Path) -> datetime:
    """When a report was made."""
    return datetime.fromtimestamp((folder / LAST).stat().st_mtime, UTC)


def keep(settings: Settings, study_id: UUID, name: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder, then put it in its place; earlier reports go."""
    parent = folder_of(settings, study_id)
    parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=parent, prefix=".partial-"))
    try:
        write(partial)
        place = parent / name
        shutil.rmtree(place, ignore_errors=True)
        partial.rename(place)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    for other in parent.iterdir():
        if other != place and (not other.name.startswith(".partial-") or _old(other)):
            shutil.rmtree(other, ignore_errors=True)
    return place


def file(settings: Settings, study_id: UUID, name: str) -> Path:
    """A file of the newest report; raises NotFoundError."""
    folder = newest(settings, study_id)
    path = folder / name if folder else None
    if path is None or not path.is_file():
        raise NotFoundError("there is no such file in the newest report" if folder else "there is no report yet")
    return path


def _old(path: Path) -> bool:
    """Whether an interrupted writer left this a day ago."""
    with suppress(OSError):
        return datetime.now(UTC).timestamp() - path.stat().st_mtime > 86_400
    return False
