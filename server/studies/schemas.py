"""Bodies of studies."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from annotation.sampling import MAX_POINTS
from annotation.words import MarkKind, StudyMasks, StudyState, TaskKind
from evaluation.report import Report
from server.bodies.geodesics_routes import Geodesics
from server.jobs.schemas import Job
from server.marks.schemas import Fraction, SurfacePoint
from server.projects.schemas import BodyRef
from server.schemas import In, Name, Out, Revision

MOST_PERSONS = 10_000
MOST_ANNOTATORS = 1_000
MOST_COPIES = 500_000

Count = Annotated[int, Field(ge=0, le=MOST_PERSONS)]


class StudyCreate(In):
    """A new study. All but the name has a default: all rendered persons of the project, all parts, masks given."""

    name: Name
    description: str = Field(default="", max_length=10_000, description="what annotators read before they begin")
    persons: list[UUID] | None = Field(default=None, min_length=1, max_length=MOST_PERSONS)
    count: int | None = Field(
        default=None, ge=1, le=MOST_PERSONS, description="so many of the project's rendered persons, chosen at random"
    )
    annotators: list[UUID] = Field(default_factory=list, max_length=MOST_ANNOTATORS)
    parts: list[int] | None = Field(default=None, min_length=1, max_length=255, description="labels; null for all")
    points_per_part: int = Field(default=6, ge=1, le=MAX_POINTS, description="at most; small parts get fewer")
    masks: StudyMasks = StudyMasks.given
    practice: Count | None = Field(
        default=None, description="persons shown first, of few points, with feedback; they never count"
    )
    again: Count | None = Field(default=None, description="persons that everybody gets twice")
    seed: int | None = Field(default=None, ge=0, lt=2**53)

    @model_validator(mode="after")
    def one_choice(self) -> Self:
        """Persons are listed or counted."""
        if self.persons is not None and self.count is not None:
            raise ValueError("give the persons or their count, not both")
        return self


class StudyPatch(In):
    """What to change; an absent or null field stays as it is. What is measured, and how, cannot be changed."""

    revision: Revision
    name: Name | None = None
    description: str | None = Field(default=None, max_length=10_000)


class AnnotatorsAdd(In):
    """More annotators; those who take part already are passed over."""

    annotators: list[UUID] = Field(min_length=1, max_length=MOST_ANNOTATORS)


class StudyAnnotator(Out):
    """Somebody who takes part; `simulated`: a program."""

    user_id: UUID
    username: str
    name: str
    simulated: bool


class Study(Out):
    """A study. `persons` are measured, `practice` ones come first and never count, `again` of the former come twice;
    `done` of `total` counts the showings of measured persons to all annotators."""

    id: UUID
    project_id: UUID
    name: str
    description: str
    state: StudyState
    body: BodyRef
    masks: StudyMasks
    parts: list[int] | None
    points_per_part: int
    persons: int
    practice: int
    again: int
    seed: int
    annotators: list[StudyAnnotator]
    done: int
    total: int
    created_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    revision: int


class StudyDetail(Study):
    """A study with the rendered persons that it measures."""

    person_ids: list[UUID]


class AnnotatorProgress(StudyAnnotator):
    """How far an annotator is; `seconds` of work on measured persons."""

    done: int
    total: int
    practice_done: int
    practice: int
    points: int = Field(description="points of the measured persons handed out so far")
    marks: int = Field(description="of them with a mark or a flag")
    seconds: float
    last_seen: datetime | None


class Common(Out):
    """How many pairs of annotators have handed in enough of the same persons for a report to test their difference.

    `most` is the number of persons that the two with the most have in common, `needed` what a test takes.
    """

    pairs: int
    enough: int
    most: int
    needed: int


class StudyProgress(Out):
    """How far a study is; `common`: what its annotators have in common so far, null for fewer than two of them."""

    done: int
    total: int
    annotators: list[AnnotatorProgress]
    common: Common | None


class MyStudy(Out):
    """A study as one of its annotators sees it; `next` is what waits, null when all is done or it is not open."""

    id: UUID
    project_id: UUID
    name: str
    description: str
    state: StudyState
    masks: StudyMasks
    done: int
    total: int
    practice_left: int
    practice: int
    next: TaskKind | None


class MyStudies(Out):
    """The open studies that the caller takes part in."""

    items: list[MyStudy]


class PointFeedback(Out):
    """A practice point: where it was marked and where it truly lies, and the distance between the two in metres, null
    where there is no mark, the place shows no part of the person, or distances are not known yet."""

    point_id: UUID
    part: int
    x: float
    y: float
    kind: MarkKind
    marked: SurfacePoint | None
    true: SurfacePoint | None
    error: float | None


class Feedback(Out):
    """The errors of a practice person. `measured` is false while the body's table of distances is being made."""

    measured: bool
    table: Geodesics
    mean: float | None
    median: float | None
    items: list[PointFeedback]


class NetworkPoint(In):
    """A network's prediction for one of the study's points: I, U, V, or face and bary; neither where it sees nobody."""

    point: int = Field(ge=0, lt=2**63)
    I: int | None = Field(default=None, ge=1, le=255)
    U: Fraction | None = None
    V: Fraction | None = None
    face: int | None = Field(default=None, ge=0, lt=2**31)
    bary: tuple[Fraction, Fraction, Fraction] | None = None

    @model_validator(mode="after")
    def whole(self) -> Self:
        """One form or none, and all of it."""
        chart = [value is not None for value in (self.I, self.U, self.V)]
        place = [value is not None for value in (self.face, self.bary)]
        if any(chart) != all(chart) or any(place) != all(place) or (any(chart) and any(place)):
            raise ValueError("give I, U and V, or face and bary, or neither")
        return self


class NetworkWrite(In):
    """All predictions of a network; they take the place of earlier ones of its name."""

    items: list[NetworkPoint] = Field(min_length=1, max_length=2_000_000)


class Network(Out):
    """What a network predicted."""

    name: str
    points: int
    created_at: datetime


class StudyReport(Out):
    """The newest report, if there is one. `stale`: marks or predictions have come since; `outdated`: another version of
    the program made it, and would say some of it otherwise. `job` makes a new one."""

    report: Report | None
    computed_at: datetime | None
    stale: bool
    outdated: bool
    job: Job | None
    table: Geodesics
    networks: list[Network]
