"""What of a project goes into a dataset: which persons, at which moment, whose marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from annotation.words import PersonSource, PersonState
from annotation_db.repositories import dataset_rows, withdrawals
from annotation_db.repositories.dataset_rows import ImageRow, PersonKey

Choice = Literal["with", "without", "only"]

Item = TypeVar("Item")

_COCO = "coco:"


@dataclass(frozen=True)
class Wanted:
    """What of a project goes into a dataset; the defaults are those of an export of the whole project.

    :param as_of: the moment whose work is meant; None is now.
    :param states: persons in these states carry their masks and points.
    :param others: other persons of the same images stand as not annotated; else they are left out.
    :param whole: images without a person of those states, too.
    :param annotators: whose marks count, as hex without dashes; None is everybody.
    :param max_flagged: share of flagged points of a person, at most.
    :param max_spread: metres, at most; points with one mark have none.
    :param min_marks: how many annotators must have marked a point.
    :param tags: images must have one of these, if there are any.
    :param without_tags: images must have none of these.
    :param rendered: rendered persons.
    :param gold: persons whose truth is known.
    :param consensus: of several marks on a point the medoid; else the latest one.
    """

    as_of: datetime | None = None
    states: frozenset[PersonState] = frozenset({PersonState.done})
    others: bool = True
    whole: bool = True
    annotators: frozenset[str] | None = None
    max_flagged: float | None = None
    max_spread: float | None = None
    min_marks: int = 1
    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    rendered: Choice = "with"
    gold: Choice = "with"
    consensus: bool = False

    @property
    def measures(self) -> bool:
        """Whether distances between marks must be measured."""
        return self.consensus or self.max_spread is not None

    def shows(self, image: ImageRow) -> bool:
        """Whether an image fits by its tags."""
        tags = set(image.tags or ())
        return (not self.tags or bool(tags & self.tags)) and not tags & self.without_tags

    def against(self, person: PersonKey) -> str | None:
        """Why a person does not fit; None if it does."""
        rendered = person.source == PersonSource.rendered
        if self.rendered != "with" and rendered != (self.rendered == "only"):
            return "rendered" if rendered else "not rendered"
        if self.gold != "with" and person.gold != (self.gold == "only"):
            return "truth known" if person.gold else "truth not known"
        if person.state not in self.states:
            return f"in the state {person.state.value}"
        return None


class PlannedPerson(NamedTuple):
    """A person of a dataset; `taken`: it fits, and so carries its masks and points. `marks` counts points with a mark
    or a flag, as they are now."""

    number: int
    id: UUID
    image: int
    image_id: UUID
    taken: bool
    marks: int = 0


@dataclass(frozen=True)
class Plan:
    """The persons of a dataset by ascending number, its images with theirs, and what was left out: persons and images
    by reason. `everything` are all images of the project by age, deleted ones too; `gold` says whether the truth of
    any person that fits is known."""

    persons: list[PlannedPerson]
    images: dict[UUID, tuple[int, ImageRow]]
    everything: list[ImageRow]
    gold: bool = False
    left_out: Counter[str] = field(default_factory=Counter)


def plan(session: Session, project_id: UUID, wanted: Wanted) -> Plan:
    """What goes into a dataset. Memory grows with persons and images, not with what was marked on them."""
    rows = dataset_rows.images(session, project_id, wanted.as_of)
    images_gone, persons_gone = withdrawals.numbers_taken(session, project_id)
    image_numbers = numbers(((row.id, row.source_id) for row in rows), images_gone)
    there = {row.id: row for row in rows if not row.deleted}
    left_out: Counter[str] = Counter()
    fitting = {id_ for id_, row in there.items() if wanted.shows(row)}
    if len(fitting) < len(there):
        left_out["images: by their tags"] = len(there) - len(fitting)
    keys = list(dataset_rows.persons(session, project_id, wanted.as_of))
    person_numbers = numbers(((key.id, key.source_id) for key in keys), persons_gone)
    found, with_taken, gold = [], set(), False
    for key in keys:
        if key.deleted or key.image_id not in fitting:
            continue
        reason = wanted.against(key)
        if reason is None:
            with_taken.add(key.image_id)
            gold = gold or key.gold
        else:
            left_out[f"persons: {reason}"] += 1
        image = image_numbers[key.image_id]
        found.append(PlannedPerson(person_numbers[key.id], key.id, image, key.image_id, reason is None, key.marks))
    images = {
        id_: (image_numbers[id_], there[id_]) for id_ in there if id_ in (fitting if wanted.whole else with_taken)
    }
    persons = [person for person in found if person.image_id in images and (person.taken or wanted.others)]
    return Plan(sorted(persons), images, rows, gold, left_out)


def numbers(items: Iterable[tuple[UUID, str | None]], gone: Collection[int] = ()) -> dict[UUID, int]:
    """The integer id in dataset files of each item, given in the order they were made: its id, and the ``source_id``.

    What came from a COCO file ("coco:12") keeps the id that it has there, unless an earlier item has it, or one that is
    ``gone`` had it; all others get `stable_id`, so that an id is the same in every export.
    """
    taken = set(gone)
    found: dict[UUID, int] = {}
    for key, source_id in items:
        number = coco_id(source_id)
        if number is None or number in taken:
            number = stable_id(key)
            attempt = key.bytes
            while number in taken:
                attempt = sha256(attempt).digest()
                number = int.from_bytes(attempt[:6]) or 1
        taken.add(number)
        found[key] = number
    return found


def stable_id(key: UUID) -> int:
    """Integer id for COCO of a UUID: 48 bits of its SHA-256, so the same in every export, and at least 1."""
    return int.from_bytes(sha256(key.bytes).digest()[:6]) or 1


def coco_id(source_id: str | None) -> int | None:
    """The id in the COCO file that something came from; None where it did not."""
    text = source_id.removeprefix(_COCO) if source_id and source_id.startswith(_COCO) else ""
    number = int(text) if text.isdecimal() and len(text) <= 15 else 0
    return number or None


def batches(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    """The items, so many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
