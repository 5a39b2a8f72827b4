"""The report of a study over HTTP: the kept one, and the job that makes the next."""

from uuid import UUID

from annotation_db.models import JobState
from annotation_db.repositories import projects, studies
from evaluation.report import FORM
from server.bodies.geodesics_routes import told
from server.jobs import service as jobs
from server.jobs.schemas import Job
from server.problems import ConflictError
from server.state import State
from server.studies import reports
from server.studies.schemas import Network, StudyReport
from server.studies.service import existing

KIND = "study-report"


def get(state: State, study_id: UUID) -> StudyReport:
    """The newest report and whether it is stale, the job, and the state of the body's table of distances."""
    with state.database.read() as session:
        row = existing(session, study_id)
        project = projects.by_id(session, row.project_id)
        assert project is not None
        content = reports.content(session, row)
        job = jobs.latest(session, KIND, study_id)
        shown = jobs.out(job) if job else None
        networks = [
            Network(name=network.name, points=network.points, created_at=network.created_at)
            for network in studies.networks(session, study_id)
        ]
    kept = reports.read(state.settings, study_id)
    if kept is not None and kept.said["form"] != FORM:  # an older version's, which cannot be shown
        kept = None
    return StudyReport(
        report=kept.said if kept else None,
        computed_at=kept.computed_at if kept else None,
        stale=kept is not None and kept.content != content,
        outdated=kept is not None and kept.maker != reports.maker(),
        job=shown,
        table=told(state.geodesics.status(state.bodies.by_hash(project.body_hash))),
        networks=networks,
    )


def start(state: State, study_id: UUID, user_id: UUID | None) -> Job:
    """Have a report made, unless one is being made; raises ConflictError where nothing is measured yet."""
    with state.database.write() as session:
        row = existing(session, study_id, lock=True)
        closed = row.closed_at is not None  # what was begun counts then
        if not any(done.done or (closed and done.marks) for done in studies.done(session, [study_id])):
            raise ConflictError("nothing is measured yet: nobody has submitted a person of this study")
        job = jobs.latest(session, KIND, study_id)
        if job is None or job.state not in {JobState.queued, JobState.running}:
            job = jobs.start(
                session,
                KIND,
                {"study_id": str(study_id)},
                title=f"Report of {row.name}",
                project_id=row.project_id,
                subject_id=study_id,
                user_id=user_id,
            )
        return jobs.out(job)
