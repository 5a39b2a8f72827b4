"""What a report of a study says. Lengths are metres, shares and rates are in [0,1]; `None` is "cannot be said".

Plain dataclasses, so that they turn into JSON as they are; docs/methods/study.md tells how each figure is found.
"""

from __future__ import annotations

from dataclasses import dataclass

FORM = 1


@dataclass(frozen=True)
class Figure:
    """A figure with its 95% interval, and how many points (or persons, where said) it rests on."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class Rate:
    """`count` of `of`, as a share with its 95% interval."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Group:
    """Errors of one part, one group of parts, or of all.

    `kind` is "part", "group" or "all"; `label` is the part's label for a part. `surface_mean` is the paper's figure:
    errors interpolated over the visible surface, then averaged over it, over images and over annotators.
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
    """Ratio of correct points by threshold. `source`: "annotators", "annotator", "network" or "floor"."""

    source: str
    name: str
    thresholds: list[float]
    ratio: list[float]
    low: list[float]
    high: list[float]
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

    `group` joins those between whom no difference was shown (letters: annotators that share one are not told apart).
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
    """Mean error of `first` less that of `second` on points both marked; `p` by permutation, `p_corrected` by Holm."""

    first: str
    second: str
    points: int
    persons: int
    difference: Figure
    p: float
    p_corrected: float
    differs: bool


@dataclass(frozen=True)
class Bin:
    """Errors of the points whose `x` lies in [low, high)."""

    low: float
    high: float
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
    """Persons needed, with so many points each, to tell two annotators apart by `difference` (power .8, level .05)."""

    points_per_person: int
    difference: float
    persons: int | None


@dataclass(frozen=True)
class Plan:
    """How large the next study must be, from the spread seen in this one."""

    rows: list[PlanRow]
    says: str


@dataclass(frozen=True)
class Interpolation:
    """How well errors between the points are known: each point's error foretold from the others, beside its own."""

    points: int
    measured: float | None
    foretold: float | None


@dataclass(frozen=True)
class Report:
    """A study's report."""

    form: int
    title: str
    body: str
    body_hash: str
    persons: int
    annotators: int
    points: int
    marked: int
    flagged: int
    outside: int
    simulated: list[str]
    floor: Figure
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
    interpolation: Interpolation
    says: list[str]
    notes: list[str]
