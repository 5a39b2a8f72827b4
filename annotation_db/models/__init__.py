"""All tables."""

from annotation_db.models.accounts import SignInFailure, User, UserSession
from annotation_db.models.base import Base
from annotation_db.models.datasets import PersonSource, Snapshot, SnapshotImage, SnapshotState, Withdrawal
from annotation_db.models.jobs import Job, JobShard, JobState, Worker
from annotation_db.models.photos import Image, Member, Person, PersonRevision, Project
from annotation_db.models.renders import RenderFile, RenderFileKind
from annotation_db.models.runs import Run, RunImage, RunState
from annotation_db.models.studies import Study, StudyAnnotator, StudyNetwork, StudyPerson
from annotation_db.models.work import Mark, MarkRevision, Mask, MaskRevision, Point, Task

__all__ = [
    "Base",
    "Image",
    "Job",
    "JobShard",
    "JobState",
    "Mark",
    "MarkRevision",
    "Mask",
    "MaskRevision",
    "Member",
    "Person",
    "PersonRevision",
    "PersonSource",
    "Point",
    "Project",
    "RenderFile",
    "RenderFileKind",
    "Run",
    "RunImage",
    "RunState",
    "SignInFailure",
    "Snapshot",
    "SnapshotImage",
    "SnapshotState",
    "Study",
    "StudyAnnotator",
    "StudyNetwork",
    "StudyPerson",
    "Task",
    "User",
    "UserSession",
    "Withdrawal",
    "Worker",
]
