"""The words that several rooms share: roles, the life of a person, task kinds and mark kinds."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is here for."""

    annotator = "annotator"
    reviewer = "reviewer"
    lead = "lead"
    engineer = "engineer"
    admin = "admin"


class PersonSource(StrEnum):
    """Where a person's box came from."""

    drawn = "drawn"
    coco = "coco"
    rendered = "rendered"


class PersonState(StrEnum):
    """How far the work on a person is: nothing yet, mask begun, mask submitted, points submitted."""

    new = "new"
    mask = "mask"
    points = "points"
    done = "done"


class TaskKind(StrEnum):
    """What is to be done on the person."""

    mask = "mask"
    points = "points"


class TaskState(StrEnum):
    """`waiting`: a points task whose mask has been reopened; `returned`: sent back by a reviewer."""

    open = "open"
    submitted = "submitted"
    returned = "returned"
    waiting = "waiting"


class MarkKind(StrEnum):
    """`surface`: a surface point; `flag`: no point, with the reason; `cleared`: taken back."""

    surface = "surface"
    flag = "flag"
    cleared = "cleared"


class MarkFlag(StrEnum):
    """Why a point has no mark."""

    occluded = "occluded"
    ambiguous = "ambiguous"
    wrong_part = "wrong_part"
    outside = "outside"


class StudyState(StrEnum):
    """Whether annotators work on a study: not yet, now, no more."""

    draft = "draft"
    open = "open"
    closed = "closed"


class StudyMasks(StrEnum):
    """`given`: annotators get the true part masks and mark points; `drawn`: they draw the masks first."""

    given = "given"
    drawn = "drawn"
