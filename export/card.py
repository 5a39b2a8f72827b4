"""The card of a snapshot: what is inside, how it was chosen and measured, whose photos they are.

Plain dataclasses, so that they turn into JSON as they are. Lengths are centimetres, shares are in [0,1]; `None` is "not
measured".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

from surface.transfer_figures import Figures

FORM = 1


@dataclass(frozen=True)
class CardCounts:
    """`annotated` persons have part masks and marked points; `masks` counts part masks."""

    images: int = 0
    persons: int = 0
    annotated: int = 0
    points: int = 0
    masks: int = 0


@dataclass(frozen=True)
class CardSplit:
    """One part of a split; `share` is what was asked for."""

    name: str
    share: float
    counts: CardCounts


@dataclass(frozen=True)
class PartCount:
    """Points of one part of the body."""

    label: int
    name: str
    points: int


@dataclass(frozen=True)
class AnnotatorCount:
    """Whose marks were chosen, under a pseudonym that holds in this card alone."""

    name: str
    points: int
    persons: int


@dataclass(frozen=True)
class GoldErrors:
    """Geodesic errors of points in centimetres."""

    name: str
    points: int
    mean: float
    median: float


@dataclass(frozen=True)
class GoldFigures:
    """The work itself against the truth of those of its persons whose truth is known: all points, then groups of parts.

    `outside` counts points where the truth shows another thing than the person; they are in no error.
    """

    persons: int
    outside: int
    errors: list[GoldErrors]


@dataclass(frozen=True)
class Agreement:
    """Points with several marks: mean and median of the distance of the other marks from the chosen one."""

    points: int
    mean: float
    median: float


@dataclass(frozen=True)
class StudyHeadline:
    """The headline of a study's report. `content` tells the report apart from others of the same study."""

    id: str
    name: str
    content: str
    computed_at: str
    annotators: int
    simulated: int
    persons: int
    points: int
    mean: float | None
    low: float | None
    high: float | None
    median: float | None
    auc10: float | None
    auc30: float | None


@dataclass(frozen=True)
class Licence:
    """Photos under one licence, and who is to be named for them."""

    name: str
    url: str
    images: int
    attributions: list[str]


@dataclass(frozen=True)
class NearDuplicates:
    """Photos that look alike, which were kept on one side of the split."""

    distance: int
    groups: int
    images: int
    unreadable: int


@dataclass(frozen=True)
class TransferredFrom:
    """The body that the marks were made on and transferred from, how many points came to lie in another part by that,
    and the figures of the transfer, whose lengths are metres."""

    body: str
    body_hash: str
    other_part: int
    figures: Figures


@dataclass(frozen=True)
class ContentFile:
    """A content file."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Card:
    """All of it. `settings` are sentences; `left_out` counts by reason; `without_licence` counts photos, `rendered`
    images without a licence that were rendered; the names of `parts` are those of the body that
    was marked on."""

    form: int
    name: str
    project: str
    description: str
    hash: str
    as_of: str
    made_at: str
    tool: str
    body: str
    body_hash: str
    marks: str
    settings: list[str]
    counts: CardCounts
    splits: list[CardSplit]
    parts: list[PartCount]
    annotators: list[AnnotatorCount]
    left_out: dict[str, int]
    near_duplicates: NearDuplicates | None
    study: StudyHeadline | None
    gold: GoldFigures | None
    agreement: Agreement | None
    licences: list[Licence]
    without_licence: int
    files: list[ContentFile] = field(default_factory=list)
    transferred_from: TransferredFrom | None = None
    rendered: int = 0


def to_json(card: Card) -> str:
    """The card as JSON."""
    return json.dumps(asdict(card), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def counted(count: int, noun: str) -> str:
    """How many there are of something, in words: 1 photo, 2 photos."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def markdown(card: Card) -> str:
    """The card to read."""
    return "\n".join(_lines(card)) + "\n"


def _lines(card: Card) -> Iterator[str]:
    yield f"# {_plain(card.name)}"
    yield ""
    yield (
        f"Dense correspondences between photos of people and the body **{_plain(card.body)}**, from the project "
        f"“{_plain(card.project)}”, as the work stood on {card.as_of}."
    )
    if card.description:
        yield ""
        yield _plain(card.description)
    yield from ("", f"Snapshot `{card.hash}`, made on {card.made_at} with {card.tool}. Body `{card.body_hash}`.")
    yield from _transferred(card)
    yield from _inside(card)
    yield from _chosen(card)
    yield from _measured(card)
    yield from _licences(card)
    yield from ("", "## Files", "")
    yield from _table(("file", "bytes", "SHA-256"), [(f"`{f.name}`", f.bytes, f"`{f.sha256}`") for f in card.files])
    yield from ("", "Photos are not in these files; `images.jsonl` names each by the SHA-256 of its bytes.")


def _transferred(card: Card) -> Iterator[str]:
    made_on = card.transferred_from
    if made_on is None:
        return
    cycle = made_on.figures.cycle
    yield ""
    yield (
        f"The marks were made on the body **{_plain(made_on.body)}** (`{made_on.body_hash}`) and transferred to this "
        f"one: there and back a point comes {100 * cycle.mean:.2f} cm from where it was on average (95% within "
        f"{100 * cycle.p95:.2f} cm), and {made_on.other_part:,} points came to lie in another part. What is measured "
        "below was measured on the body they were made on."
    )


def _inside(card: Card) -> Iterator[str]:
    yield from ("", "## What is inside", "")
    rows = [(s.name, f"{s.share:.0%}", *_counts(s.counts)) for s in card.splits]
    yield from (
        _table(("split", "share asked for", *_COUNTED), [*rows, ("all", "", *_counts(card.counts))])
        if rows
        else _table(_COUNTED, [_counts(card.counts)])
    )
    yield from (
        "",
        "A person is annotated when it has part masks and marked points. The others stand with box, outline and "
        "keypoints where they have any: they are not annotated, which does not mean that nobody is there.",
    )
    if card.parts:
        yield from ("", "### Points by part", "")
        yield from _table(("part", "points"), [(p.name, p.points) for p in card.parts])
    if card.annotators:
        yield from ("", "### Who marked", "", "Names are replaced.", "")
        yield from _table(("annotator", "points", "persons"), [(a.name, a.points, a.persons) for a in card.annotators])


def _chosen(card: Card) -> Iterator[str]:
    yield from ("", "## How it was chosen", "")
    yield from (f"- {line}" for line in card.settings)
    near = card.near_duplicates
    if near is not None:
        found = (
            f"{counted(near.images, 'photo')} in {counted(near.groups, 'group')}" if near.groups else "none were found"
        )
        yield (
            f"- A photo is on one side of the split with all its persons, and with the photos that look like it "
            f"(perceptual hashes at most {near.distance} of 64 bits apart): {found}."
        )
        if near.unreadable:
            yield f"- {counted(near.unreadable, 'photo')} could not be compared: files that could not be read."
    yield from ("", "### Left out", "")
    if card.left_out:
        yield from _table(("what", "count"), sorted(card.left_out.items()))
    else:
        yield "Nothing."


def _measured(card: Card) -> Iterator[str]:
    yield from ("", "## How good it is", "")
    yield from _study(card.study)
    yield ""
    if card.gold is None:
        yield "**Against known truth: not measured.** No person in here has a known truth."
    else:
        yield (
            f"**Against known truth**: {card.gold.persons:,} persons in here are renders, whose true surface points "
            f"are known. Geodesic errors of their points:"
        )
        yield ""
        rows = [(e.name, e.points, f"{e.mean:.2f}", f"{e.median:.2f}") for e in card.gold.errors]
        yield from _table(("part", "points", "mean (cm)", "median (cm)"), rows)
        if card.gold.outside:
            yield from ("", f"{card.gold.outside:,} of their points lie where the person is not to be seen.")
    yield ""
    if card.agreement is None:
        yield "**Agreement: not measured.** No point in here has marks of several annotators that were compared."
    else:
        a = card.agreement
        yield (
            f"**Agreement**: on {a.points:,} points with several marks, the others lie {a.mean:.2f} cm on average "
            f"(median {a.median:.2f} cm) from the chosen one."
        )


def _study(study: StudyHeadline | None) -> Iterator[str]:
    if study is None:
        yield "**Annotators: not measured.** There was no report of a study of the people who annotated."
        return
    who = f"{study.annotators:,} annotators" + (f", {study.simulated:,} of them simulated" if study.simulated else "")
    yield (
        f"**Annotators**: in the study “{_plain(study.name)}” ({study.id}, report {study.content} of "
        f"{study.computed_at}) {who} marked {study.points:,} points of {study.persons:,} rendered persons:"
    )
    yield ""
    interval = "" if study.low is None or study.high is None else f" (95% interval {study.low:.2f} to {study.high:.2f})"
    yield from (
        f"- mean error {_cm(study.mean)}{interval}, median {_cm(study.median)};",
        f"- AUC10 {_share(study.auc10)}, AUC30 {_share(study.auc30)}.",
        "",
        "That is how well people place marks on renders; photos may be harder.",
    )


def _licences(card: Card) -> Iterator[str]:
    yield from ("", "## Whose photos", "")
    rows = [(_plain(x.name), x.url, x.images) for x in card.licences]
    if rows:
        yield from _table(("licence", "address", "photos"), rows)
    if card.without_licence:
        asked = "it is" if card.without_licence == 1 else "they are"
        photos = counted(card.without_licence, "photo")
        yield from ("", f"Nobody noted a licence for {photos}: ask before {asked} passed on.")
    if card.rendered:
        yield from ("", f"{counted(card.rendered, 'image')} {'was' if card.rendered == 1 else 'were'} rendered here.")
    for licence in card.licences:
        if licence.attributions:
            yield from ("", f"To be named under {_plain(licence.name)}:", "")
            yield from (f"- {_plain(name)}" for name in licence.attributions)


_COUNTED = ("photos", "persons", "annotated", "points", "part masks")


def _counts(counts: CardCounts) -> tuple[int, ...]:
    return counts.images, counts.persons, counts.annotated, counts.points, counts.masks


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) + " |"


def _plain(text: str) -> str:
    """Text that people entered, in one line and without what Markdown or HTML would take for its own."""
    joined = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in joined)


def _cm(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f} cm"


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3f}"
