"""What a report of a study says. Lengths are metres, shares and rates are in [0,1]; `None` is "cannot be said".

Plain dataclasses, so that they turn into JSON as they are; docs/methods/study.md tells how each figure is found.
"""

from __future__ import annotations

from dataclasses import dataclass

FORM = 4


@dataclass(frozen=True)
class Figure:
    """A figure with its 95% interval, and how many points (or persons, where said) it rests on."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class Rate:
    """`count` of `of`, as a share with its 95% interval; of too few there is no share (``evaluation.swaps.ENOUGH``)."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Group:
    """Errors of one part, one group of parts, or of all.

    `kind` is "part", "group" or "all"; `label` is the part's label for a part. `surface_mean` is after the paper:
    errors interpolated over the visible surface, then averaged over it, over images and over annotators; beyond the
    paper, errors are taken to drift with the viewing angle. Its count is that of images by one annotator.
    """

    kind: str
    name: str
    label: int | None
    persons: int
    points: int
    flagged: int
    mean: Figure
    median: Figure
    p90: Figure
    surface_mean: Figure


@dataclass(frozen=True)
class Curve:
    """Ratio of correct points by threshold. `source`: "annotators", "annotator", "network" or "floor".

    `low` and `high` hold None where there is no interval: marks of one image have none.
    """

    source: str
    name: str
    thresholds: list[float]
    ratio: list[float]
    low: list[float | None]
    high: list[float | None]
    auc10: Figure
    auc30: Figure


@dataclass(frozen=True)
class Published:
    """Figures from a paper, to stand beside ours."""

    name: str
    citation: str
    auc10: float
    auc30: float


@dataclass(frozen=True)
class Annotator:
    """One annotator. `rank` 1 has the least mean error; `suspect` when their swaps stand out from the others'.

    `group` joins those between whom no difference was shown (letters: annotators that share one are not told apart);
    it is empty for one who shared too few persons with any other, and so was compared with nobody.
    """

    name: str
    simulated: bool
    rank: int
    group: str
    persons: int
    points: int
    flagged: int
    outside: int
    mean: Figure
    median: Figure
    p90: Figure
    surface_mean: Figure
    auc10: Figure
    auc30: Figure
    left_right: Rate
    front_back: Rate
    suspect: list[str]
    seconds_per_point: Figure
    mask_iou: Figure | None
    retest: Figure | None
    parts: list[Group]


@dataclass(frozen=True)
class Difference:
    """Mean error of `first` less that of `second` on what both marked: the same points, else the same parts of images.

    `p` is by permutation, `p_corrected` for all pairs together. Of fewer persons than the test needs
    (``evaluation.compare.LEAST``) there is neither p nor an interval.
    """

    first: str
    second: str
    points: int
    persons: int
    difference: Figure
    p: float | None
    p_corrected: float | None
    differs: bool


@dataclass(frozen=True)
class Bin:
    """Errors of the points whose `x` lies in [low, high); `middle` is their mean `x`."""

    low: float
    high: float
    middle: float
    mean: Figure


@dataclass(frozen=True)
class Trend:
    """Error against something. `name`: "seconds", "angle" (degrees, 0 faces the viewer) or "order" (points before).

    `slope` is metres per unit within annotators, with its interval; `p` tests that it is zero.
    """

    name: str
    label: str
    unit: str
    bins: list[Bin]
    slope: Figure
    p: float | None
    says: str


@dataclass(frozen=True)
class Shares:
    """Shares of the variance of errors that lie with the annotator, the image, the part, and the rest."""

    annotator: Figure
    image: Figure
    part: Figure
    rest: Figure
    spread: float | None


@dataclass(frozen=True)
class MaskGroup:
    """Overlap (intersection over union, pooled over masks) of drawn and true part masks; one part, or all."""

    name: str
    label: int | None
    iou: Figure
    masks: int


@dataclass(frozen=True)
class Retest:
    """The same annotators on the same points twice."""

    points: int
    distance: Figure
    first: Figure
    second: Figure
    correlation: Figure


@dataclass(frozen=True)
class PlanRow:
    """Persons needed, with so many points each, to tell two annotators apart by `difference`.

    Power is .8, the level .05 for all pairs of as many annotators as this study has together. `reachable`: the study's
    settings give so many points on a person.
    """

    points_per_person: int
    difference: float
    persons: int | None
    reachable: bool


@dataclass(frozen=True)
class Plan:
    """How large the next study must be, from the spread seen in this one.

    `own` is how many points two annotators both marked on a person of this study on average (where they drew the masks,
    how many a person had), `most` how many its settings give at most.
    """

    own: int | None
    most: int | None
    rows: list[PlanRow]
    says: str


@dataclass(frozen=True)
class Interpolation:
    """How well errors between the points are known: each point's error foretold from the others, beside its own.

    `measured` and `foretold` are means; their agreement shows no more than that nothing is added or lost. `correlation`
    is that of the two over the points: at 0 a point tells nothing of its neighbours.
    """

    points: int
    measured: float | None
    foretold: float | None
    correlation: float | None


@dataclass(frozen=True)
class Unmeasured:
    """Why there is no such figure, as a sentence; `None` where there is one."""

    differences: str | None
    retest: str | None
    masks: str | None


@dataclass(frozen=True)
class Report:
    """A study's report.

    `points` counts showings: a point shown to three annotators counts three times, in `distinct_points` once. `covered`
    is the share of the visible surface that errors were interpolated over: parts with a mark. `here` is the mean error
    over all marks with an interval for the same annotators on other images; that of `groups` is for other annotators,
    too.
    """

    form: int
    title: str
    body: str
    body_hash: str
    persons: int
    annotators: int
    points: int
    distinct_points: int
    marked: int
    flagged: int
    outside: int
    simulated: list[str]
    floor: Figure
    here: Figure
    groups: list[Group]
    curves: list[Curve]
    published: list[Published]
    by_annotator: list[Annotator]
    differences: list[Difference]
    left_right: Rate
    front_back: Rate
    trends: list[Trend]
    shares: Shares
    masks: list[MaskGroup] | None
    retest: Retest | None
    plan: Plan
    covered: float | None
    interpolation: Interpolation
    unmeasured: Unmeasured
    says: list[str]
    notes: list[str]
