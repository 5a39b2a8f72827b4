"""What a study says in plain sentences, and what limits it."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation import compare
from evaluation.groups import SIDES, coarse
from evaluation.report import Annotator, Difference, Figure, Group, Report, Shares
from evaluation.swaps import FAR, LEAST

FEW = 5
"""Of fewer annotators next to nothing is known of others."""


@dataclass(frozen=True)
class Line:
    """A row of a list of parts: its name there, and whether it stands under a group."""

    group: Group
    name: str
    under: bool


def lines(groups: list[Group]) -> list[Line]:
    """All parts, then each group with its left and right under it, the largest errors first.

    A group of one part is that part, and stands there once.
    """

    def kind(name: str) -> list[Group]:
        return sorted((g for g in groups if g.kind == name), key=lambda g: -(g.mean.value or 0.0))

    out = [Line(group, "All parts", False) for group in kind("all")]
    parts, joined = kind("part"), set()
    for group in kind("group"):
        own = sorted((part for part in parts if coarse(part.name) == group.name), key=lambda part: part.name.lower())
        joined |= {part.name for part in own}
        out.append(Line(group, group.name.capitalize(), False))
        if len(own) > 1:
            out += [Line(part, _side(part.name), True) for part in own]
    return out + [Line(part, part.name.capitalize(), False) for part in parts if part.name not in joined]


def _side(name: str) -> str:
    own = [word for word in name.lower().split() if word in SIDES]
    return " ".join(own) or name.lower()


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: "1 point", "1,200 points"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def centimetres(figure: Figure) -> str:
    """A length with its interval in words."""
    value = f"{100 * (figure.value or 0):.1f} cm"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} (95% interval {100 * figure.low:.1f} to {100 * figure.high:.1f})"


def percent(share: float) -> str:
    """A share: "4.2%", whole from ten up, "0%" for none."""
    hundredths = 100 * share
    return f"{hundredths:.0f}%" if hundredths >= 9.95 or hundredths < 1e-9 else f"{hundredths:.1f}%"


def says(report: Report) -> list[str]:
    """A handful of sentences."""
    groups = {group.kind: group for group in report.groups if group.kind == "all"}
    whole = groups.get("all")
    if whole is None or whole.mean.value is None:
        return ["No point has a mark, so nothing can be said of errors."]
    out = [
        f"On average a mark of {'this annotator' if report.annotators == 1 else 'these annotators'} lies"
        f" {centimetres(report.here)} from the true place, measured along the body's surface; half of all marks lie"
        f" within {100 * (whole.median.value or 0):.1f} cm, nine of ten within {100 * (whole.p90.value or 0):.1f} cm."
    ]
    out += _others(report, whole.mean)
    if whole.surface_mean.value is not None:
        out.append(
            "Averaged over the visible surface instead of over the marks, as the paper does, the error is"
            f" {_between(whole.surface_mean, report.annotators > 1)}."
        )
    out += _parts([g for g in report.groups if g.kind == "group" and g.mean.value is not None and g.points >= 20])
    everyone = [c for c in report.curves if c.source == "annotators"]
    if everyone and everyone[0].auc10.value is not None and everyone[0].auc30.value is not None:
        paper = report.published[0]
        out.append(
            "Averaged over all thresholds up to 10 cm, the share of marks within the threshold (AUC10; 1 is perfect) is"
            f" {everyone[0].auc10.value:.3f}, and up to 30 cm (AUC30) {everyone[0].auc30.value:.3f}; the paper's"
            f" annotators reached {paper.auc10:.3f} and {paper.auc30:.3f}."
        )
    out += _annotators(report.by_annotator, report.differences)
    out += _swaps(report)
    if report.shares.rest.value is not None:
        out.append(_shares(report.shares))
    if report.floor.value is not None:
        out.append(
            f"A perfect clicker would still err by {1000 * report.floor.value:.1f} mm with this tool: so much is not"
            " the annotators' doing."
        )
    return out


def _others(report: Report, mean: Figure) -> list[str]:
    """What the mean error tells of annotators who took no part."""
    if report.annotators == 1 or mean.low is None or mean.high is None:
        return []
    words = f"Other annotators like these would err by {100 * mean.low:.1f} to {100 * mean.high:.1f} cm on average"
    if report.annotators < FEW:
        words += (
            f"; {report.annotators} annotators say little about others, so figures for other annotators cannot be"
            f" narrow here, however many images there are. It takes {FEW} annotators or more"
        )
    return [words + "."]


def _between(figure: Figure, others: bool) -> str:
    if not others or figure.low is None or figure.high is None:
        return centimetres(figure)
    return (
        f"{100 * (figure.value or 0):.1f} cm (others like these: {100 * figure.low:.1f} to {100 * figure.high:.1f} cm)"
    )


def _parts(groups: list[Group]) -> list[str]:
    if len(groups) < 2:
        return []
    groups = sorted(groups, key=lambda g: g.mean.value or 0.0)
    best, worst = groups[0], groups[-1]
    return [
        f"Errors are smallest on the {best.name} ({100 * (best.mean.value or 0):.1f} cm) and largest on the"
        f" {worst.name} ({100 * (worst.mean.value or 0):.1f} cm)."
    ]


def _annotators(people: list[Annotator], differences: list[Difference]) -> list[str]:
    people = [p for p in people if p.mean.value is not None]
    if len(people) < 2:
        return []
    first, last = people[0], people[-1]
    out = (
        f"The most exact annotator, {first.name}, errs by {100 * (first.mean.value or 0):.1f} cm on average, the least"
        f" exact, {last.name}, by {100 * (last.mean.value or 0):.1f} cm"
    )
    if not differences:
        return [out + "; no two annotators marked the same points, so their difference cannot be tested."]
    tested = [d for d in differences if d.p is not None]
    if not tested:
        return [f"{out}. {untested(differences)}"]
    if len(differences) == 1:
        known = "differ by more than chance" if differences[0].differs else "were not shown to differ"
        return [f"{out}. The two {known}."]
    found, left = sum(d.differs for d in tested), len(differences) - len(tested)
    out += f". Of {counted(len(tested), 'pair')} of annotators{' that can be tested' if left else ''},"
    out += f" {found or 'none'} {'differs' if found == 1 else 'differ'} by more than chance."
    if left:
        out += (
            f" {counted(left, 'pair shares', 'pairs share')} fewer than the {compare.LEAST} persons that a test needs."
        )
    return [out]


def untested(differences: list[Difference]) -> str | None:
    """Why no two annotators can be told apart, however they differ; None where some can."""
    if not differences or any(d.p is not None for d in differences):
        return None
    most = max(d.persons for d in differences)
    return (
        "Whether annotators differ by more than chance cannot be said: any two of them have at most"
        f" {counted(most, 'person')} in common, and it takes {compare.LEAST} or more to show a difference, however"
        " large. Each one's own mean is of the persons that this one has done, which are not all the same."
    )


NO_MASKS = "Not measured in this study: the part masks were given, not drawn, so there is no mask accuracy."
"""Why there is no overlap of masks."""


def no_retest(drawn: bool, again: bool) -> str:
    """Why there is no test-retest, where annotators drew the masks, and where persons were shown again."""
    if drawn:
        return (
            "Not measured in this study: annotators drew the masks and so got points of their own, which nobody marks"
            " a second time."
        )
    if again:
        return "Not measured in this study: no annotator has yet marked the same point twice."
    return "Not measured in this study: no annotator has handed in the same person twice."


def _swaps(report: Report) -> list[str]:
    known = [
        (r, name) for r, name in ((report.left_right, "left and right"), (report.front_back, "front and back")) if r.of
    ]
    out = []
    if known:
        parts = [
            f"{name} are mixed up in {percent(rate.value)} of the {counted(rate.of, 'mark')} that can tell"
            if rate.value is not None
            else f"how often {name} are mixed up cannot be said from {counted(rate.of, 'mark')} that can tell"
            for rate, name in known
        ]
        out.append((" and ".join(parts) + ".")[0].upper() + (" and ".join(parts) + ".")[1:])
    out += [f"{person.name} {reason}." for person in report.by_annotator for reason in person.suspect]
    return out


def _shares(shares: Shares) -> str:
    named = [(shares.annotator, "who annotated"), (shares.image, "the image"), (shares.part, "the part of the body")]
    parts = [f"{percent(figure.value)} lies with {name}" for figure, name in named if figure.value is not None]
    rest = f"{percent(shares.rest.value or 0)} is different from point to point"
    return "Of the variation in errors " + ", ".join(parts) + (" and " if parts else "") + rest + "."


def notes(report: Report, covered: float, unreached: int, twice: int) -> list[str]:
    """What limits the figures.

    ``covered`` is the share of the visible surface with points near by, ``unreached`` how many marks no path leads to,
    ``twice`` how many marks are of a second pass.
    """
    out = []
    if report.simulated:
        everyone = len(report.simulated) == report.annotators
        names = "All annotators" if everyone else ", ".join(report.simulated)
        out.append(
            f"{names} {'are' if everyone or len(report.simulated) > 1 else 'is'} simulated: programs, not people."
        )
    if report.persons == 1:
        out.append("Only one image: how errors differ between images is not known, so there are no intervals.")
    elif 0 < report.persons < 20:
        out.append(f"Only {report.persons} images: intervals are wide.")
    if report.annotators == 1:
        out.append("Only one annotator: nothing can be said of annotators in general.")
    elif report.annotators > 1 and report.persons > 1:
        out.append(
            "Intervals of figures over all annotators are for other annotators and other images; those of one"
            " annotator's figures, for the same annotator and other images."
        )
    if report.flagged:
        out.append(
            f"{counted(report.flagged, 'point was', 'points were')} flagged instead of marked: no error is known there."
        )
    if report.outside:
        out.append(
            f"{counted(report.outside, 'point lies', 'points lie')} where the image shows no part of the person: no"
            " error is known there."
        )
    empty = [g.name for g in report.groups if g.kind == "part" and not g.points]
    if empty and report.marked:
        out.append(f"No marks on: {', '.join(empty)}.")
    if report.marked:
        share = "the whole of it" if covered >= 0.995 else f"{percent(covered)} of it; on the rest is no mark"
        out.append(
            f"The average over the visible surface covers {share}. Unlike the paper's, it allows for errors that grow"
            " where the surface turns away from the viewer."
        )
    if unreached:
        out.append(
            f"{counted(unreached, 'mark lies', 'marks lie')} on a piece of the surface that no path joins to the true"
            " place: left out."
        )
    if twice:
        out.append(
            f"{counted(twice, 'mark is', 'marks are')} of persons shown a second time: used to compare annotators with"
            " themselves, and for nothing else."
        )
    if report.marked:
        out += _swap_notes(report)
    out.append("The paper reports about 2 cm on small parts (hands, feet) and 7 cm on large ones (torso, thighs).")
    return out


def _swap_notes(report: Report) -> list[str]:
    """Which marks tell of swaps."""
    out, far = [], f"{100 * LEAST:.0f} cm and {FAR:.0f} times the annotator's usual error"
    if report.masks is None:
        out.append(
            "The part masks were given, so annotators were shown which arm or leg a point is on. Arms, legs, hands and"
            " feet therefore count for left/right swaps only if someone marked the other side's limb; otherwise only"
            " parts with a left and a right half, such as torso and head, do."
        )
    if not report.left_right.of:
        out.append(
            "Left/right swaps cannot be told: among the points that count none lies farther from its mirror image than"
            f" {far}."
        )
    if not report.front_back.of:
        out.append(
            f"Front/back swaps cannot be told: no point lies farther from the other side of its part than {far}."
        )
    return out
