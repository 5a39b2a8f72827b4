"""Kept reports of studies: DATA/reports/STUDY/CONTENT-MAKER/, whole or not there.

They are named by the content they were made of and by what made them: another version may word and reckon otherwise.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

import evaluation
from annotation_db import models
from annotation_db.repositories import projects, studies
from evaluation.report import FORM
from server.problems import NotFoundError
from server.settings import Settings

LAST = "report.json"  # a folder of a whole report has it
PEOPLE = "people.json"  # the id of each annotator by the name in the report: people are called otherwise some day


class Kept(NamedTuple):
    """A report: the digests of the content it was made of and of what made it, when, its JSON, and the ids of the
    annotators by the names that they have in it."""

    content: str
    maker: str
    computed_at: datetime
    said: Any
    people: dict[str, UUID]


def folder_of(settings: Settings, study_id: UUID) -> Path:
    """Where a study's reports are."""
    return settings.data / "reports" / str(study_id)


def content(session: Session, study: models.Study) -> str:
    """A digest of all that a report says, quickly found: it changes whenever what is measured does."""
    project = projects.by_id(session, study.project_id)
    closed = study.closed_at is not None
    # Marks of a person that is done change only when it is taken up and submitted again, and those of the persons that
    # were begun count when the study is closed, as they are then.
    submitted = studies.last_submitted(session, study.id, only_done=not closed)
    users = {user.id: user for user in studies.annotators(session, [study.id])[study.id]}
    rows = []
    for done in sorted(studies.done(session, [study.id]), key=lambda done: done.user_id):
        if done.done or (closed and done.marks):
            user = users[done.user_id]
            told = [str(user.id), user.name, user.username, user.simulated]
            rows.append([*told, done.done, done.marks if closed else 0, str(submitted.get(user.id))])
    networks = [[network.name, network.blob] for network in studies.networks(session, study.id)]
    said = [study.name, project.body_hash if project else "", str(study.closed_at), rows, networks]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


@cache
def maker() -> str:
    """A digest of what makes reports: their form, and the program that words, reckons and draws them."""
    digest = hashlib.sha256(str(FORM).encode())
    for path in sorted(Path(evaluation.__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def name_of(content: str) -> str:
    """What the folder of a report of this content is called when it is made now."""
    return f"{content}-{maker()}"


def newest(settings: Settings, study_id: UUID) -> Path | None:
    """The folder of the newest report; one that is being written is none."""
    found = _kept(folder_of(settings, study_id))
    return found[-1] if found else None


def again(settings: Settings, study_id: UUID, name: str) -> Path | None:
    """The folder of a kept report, which is the newest from now on; None when there is none of this content."""
    place = folder_of(settings, study_id) / name
    try:
        os.utime(place / LAST)
    except FileNotFoundError:
        return None
    return place


def keep(settings: Settings, study_id: UUID, name: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a folder, then put it in its place. The report before it stays for those who are reading it."""
    parent = folder_of(settings, study_id)
    parent.mkdir(parents=True, exist_ok=True)
    before = newest(settings, study_id)
    partial = Path(tempfile.mkdtemp(dir=parent, prefix=".partial-"))
    try:
        write(partial)
        for path in [*partial.rglob("*"), partial]:
            _sync(path)
        place = again(settings, study_id, name)  # somebody else made the same meanwhile
        if place is None:
            place = parent / name
            shutil.rmtree(place, ignore_errors=True)
            partial.rename(place)
            _sync(parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for other in parent.iterdir():
        if other not in (place, before) and (not other.name.startswith(".") or _old(other)):
            shutil.rmtree(other, ignore_errors=True)
    return place


def file(settings: Settings, study_id: UUID, name: str) -> Path:
    """A file of the newest report; raises NotFoundError."""
    folder = newest(settings, study_id)
    path = folder / name if folder else None
    while path is None or not path.is_file():
        tried, folder = folder, newest(settings, study_id)
        if folder == tried:  # or else it went while it was looked at
            raise NotFoundError("there is no such file in the newest report" if folder else "there is no report yet")
        path = folder / name if folder else None
    return path


def read(settings: Settings, study_id: UUID) -> Kept | None:
    """The newest report."""
    with suppress(NotFoundError):
        path = file(settings, study_id, LAST)
        said, made = path.parent.name.partition("-")[::2]
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        people = path.with_name(PEOPLE)
        ids = json.loads(people.read_bytes()) if people.is_file() else {}
        named = {name: UUID(id_) for name, id_ in ids.items()}
        return Kept(said, made, at, json.loads(path.read_bytes()), named)
    return None


def _kept(parent: Path) -> list[Path]:
    """The whole reports in a folder, the newest last."""
    found = []
    for path in parent.glob(f"*/{LAST}"):
        with suppress(FileNotFoundError):  # another process threw it away in this moment
            if not path.parent.name.startswith("."):
                found.append((path.stat().st_mtime_ns, path.parent))
    return [folder for _, folder in sorted(found)]


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _old(path: Path) -> bool:
    """Whether an interrupted writer left this a day ago."""
    with suppress(OSError):
        return datetime.now(UTC).timestamp() - path.stat().st_mtime > 86_400
    return False
