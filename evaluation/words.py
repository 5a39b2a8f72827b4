"""What a study says in plain sentences, and what limits it."""

from __future__ import annotations

from evaluation.report import Annotator, Difference, Figure, Group, Report, Shares


def centimetres(figure: Figure) -> str:
    """A length with its interval in words."""
    value = f"{100 * (figure.value or 0):.1f} cm"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} (95% interval {100 * figure.low:.1f} to {100 * figure.high:.1f})"


def says(report: Report) -> list[str]:
    """A handful of sentences."""
    groups = {group.kind: group for group in report.groups if group.kind == "all"}
    whole = groups.get("all")
    if whole is None or whole.mean.value is None:
        return ["No point has a mark, so nothing can be said of errors."]
    out = [
        f"On average a mark lies {centimetres(whole.mean)} from the true place, measured along the body's surface;"
        f" half of all marks lie within {100 * (whole.median.value or 0):.1f} cm, nine of ten within"
        f" {100 * (whole.p90.value or 0):.1f} cm."
    ]
    if whole.surface_mean.value is not None:
        out.append(
            "Averaged over the whole visible surface, as the paper does, the error is"
            f" {centimetres(whole.surface_mean)}."
        )
    out += _parts([g for g in report.groups if g.kind == "group" and g.mean.value is not None and g.points >= 20])
    everyone = [c for c in report.curves if c.source == "annotators"]
    if everyone and everyone[0].auc10.value is not None and everyone[0].auc30.value is not None:
        paper = report.published[0]
        out.append(
            f"The area under the curve of correct points is {everyone[0].auc10.value:.3f} up to 10 cm and"
            f" {everyone[0].auc30.value:.3f} up to 30 cm; the paper's annotators reached {paper.auc10:.3f} and"
            f" {paper.auc30:.3f}."
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
    if len(differences) == 1:
        known = "differ beyond chance" if differences[0].differs else "were not shown to differ"
        return [f"{out}. The two {known}."]
    found = sum(d.differs for d in differences)
    return [
        f"{out}. Of {len(differences)} pairs of annotators, {found or 'none'}"
        f" {'differs' if found == 1 else 'differ'} beyond chance."
    ]


def _swaps(report: Report) -> list[str]:
    known = [
        (r, name) for r, name in ((report.left_right, "left and right"), (report.front_back, "front and back")) if r.of
    ]
    out = []
    if known:
        parts = [
            f"{name} are mixed up in {100 * (rate.value or 0):.1f} % of the {rate.of:,} marks that can tell"
            for rate, name in known
        ]
        out.append((" and ".join(parts) + ".")[0].upper() + (" and ".join(parts) + ".")[1:])
    out += [f"{person.name} {reason}." for person in report.by_annotator for reason in person.suspect]
    return out


def _shares(shares: Shares) -> str:
    named = [(shares.annotator, "who annotated"), (shares.image, "the image"), (shares.part, "the part of the body")]
    parts = [f"{100 * figure.value:.0f} % lies with {name}" for figure, name in named if figure.value is not None]
    rest = f"{100 * (shares.rest.value or 0):.0f} % is different from point to point"
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
    if 0 < report.persons < 20:
        images = "1 image" if report.persons == 1 else f"{report.persons} images"
        out.append(f"Only {images}: intervals are wide, and small differences cannot be shown.")
    if report.annotators == 1:
        out.append("Only one annotator: nothing can be said of annotators in general.")
    elif report.annotators > 1:
        out.append(
            "Intervals of figures over all annotators tell what other annotators and other images would give; intervals"
            " of one annotator's figures, what other images would give."
        )
    if report.flagged:
        out.append(f"{report.flagged:,} points were flagged instead of marked; they have no error and are left out.")
    if report.outside:
        out.append(f"{report.outside:,} points lie where the image shows no part of the person; they are left out.")
    empty = [g.name for g in report.groups if g.kind == "part" and not g.points]
    if empty and report.marked:
        out.append(f"No marks on: {', '.join(empty)}.")
    if report.marked and covered < 0.995:
        out.append(
            f"The average over the visible surface leaves out {100 * (1 - covered):.0f} % of it, in parts"
            " without a mark."
        )
    if unreached:
        out.append(
            f"{unreached:,} marks lie on a piece of the surface that no path joins to the true place; they are"
            " left out."
        )
    if twice:
        out.append(f"{twice:,} marks are of persons shown a second time; they count for test-retest only.")
    if not report.left_right.of and report.marked:
        out.append("Left/right swaps cannot be told: the body has no left and right, or errors are too large.")
    if not report.front_back.of and report.marked:
        out.append("Front/back swaps cannot be told: the body's parts have no opposite sides, or errors are too large.")
    out.append("The paper reports about 2 cm on small parts (hands, feet) and 7 cm on large ones (torso, thighs).")
    return out
