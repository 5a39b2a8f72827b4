"""How well the people who annotated were measured to: the study whose report a snapshot goes by."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db import models
from annotation_db.repositories import projects, studies
from evaluation.report import FORM
from export.card import StudyHeadline
from server.problems import RefusedError
from server.settings import Settings
from server.studies import reports
from server.studies.reports import Kept


@dataclass(frozen=True)
class Measured:
    """A study's headline, and the mean errors in metres of its annotators."""

    study: StudyHeadline
    errors: dict[UUID, float]

    def within(self, most: float) -> set[UUID]:
        """Those whose mean error is at most so many metres."""
        return {user for user, error in self.errors.items() if error <= most}


def measured(session: Session, settings: Settings, project: models.Project, study_id: UUID | None) -> Measured | None:
    """What is known of a project's annotators: by the study named, else by the newest report of a study of the project,
    else of a study on the same body that measured members of the project; None when there is none.

    Raises RefusedError where a study is named that is none of these, is on another body, or has no report.
    """
    if study_id is not None:
        study = studies.by_id(session, study_id)
        if study is None or not (study.project_id == project.id or _shares(session, project, study)):
            raise RefusedError("study_id: there is no such study in this project, nor one of its members")
        kept = _kept(session, settings, project, study)
        if kept is None:
            raise RefusedError(f"the study {study.name!r} has no report on this project's body")
        return _measured(study, kept)
    found = [
        (study.project_id == project.id, kept.computed_at, study, kept)
        for study in studies.everything(session)
        if (study.project_id == project.id or _shares(session, project, study))
        and (kept := _kept(session, settings, project, study)) is not None
    ]
    if not found:
        return None
    _, _, study, kept = max(found, key=lambda item: (item[0], item[1]))
    return _measured(study, kept)


def _shares(session: Session, project: models.Project, study: models.Study) -> bool:
    users = studies.annotators(session, [study.id])[study.id]
    return any(projects.is_member(session, project.id, user.id) for user in users)


def _kept(session: Session, settings: Settings, project: models.Project, study: models.Study) -> Kept | None:
    """The newest report of a study, if it is on the project's body and of this version."""
    own = projects.by_id(session, study.project_id)
    if own is None or own.body_hash != project.body_hash:
        return None
    kept = reports.read(settings, study.id)
    return kept if kept is not None and kept.said["form"] == FORM else None


def _measured(study: models.Study, kept: Kept) -> Measured:
    said = kept.said
    everything = next(group for group in said["groups"] if group["kind"] == "all")
    people = next((curve for curve in said["curves"] if curve["source"] == "annotators"), None)
    headline = StudyHeadline(
        id=str(study.id),
        name=said["title"],
        content=kept.content,
        computed_at=f"{kept.computed_at:%Y-%m-%d}",
        annotators=said["annotators"],
        simulated=len(said["simulated"]),
        persons=said["persons"],
        points=everything["points"],
        mean=_cm(everything["mean"]["value"]),
        low=_cm(everything["mean"]["low"]),
        high=_cm(everything["mean"]["high"]),
        median=_cm(everything["median"]["value"]),
        auc10=people["auc10"]["value"] if people else None,
        auc30=people["auc30"]["value"] if people else None,
    )
    errors = {
        kept.people[row["name"]]: row["mean"]["value"]
        for row in said["by_annotator"]
        if row["name"] in kept.people and row["mean"]["value"] is not None
    }
    return Measured(headline, errors)


def _cm(metres: float | None) -> float | None:
    return None if metres is None else 100 * metres
