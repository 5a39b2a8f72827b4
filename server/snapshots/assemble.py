"""The end of a snapshot's job: from shards to the folder, the card and the row."""

from __future__ import annotations

import shutil
from array import array
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from annotation_db import models, utc_now
from annotation_db.models import SnapshotState
from annotation_db.repositories import dataset_rows, snapshots, withdrawals
from annotation_db.repositories.dataset_rows import ImageRow
from evaluation.groups import groups as part_groups
from export import card as cards
from export.card import (
    Agreement,
    AnnotatorCount,
    Card,
    CardCounts,
    CardSplit,
    GoldErrors,
    GoldFigures,
    Licence,
    PartCount,
    StudyHeadline,
    TransferredFrom,
)
from export.gather import image_record
from export.records import ImageRecord
from export.snapshots import Counted, content_files, hash_of, read_shard, write_content, write_sums
from server.jobs.kinds import PassingError
from server.jobs.steps import say
from server.problems import RefusedError
from server.snapshots import places, plans
from server.snapshots.asked import sentences
from server.snapshots.bodies import transfer_of
from server.snapshots.cards import said_by
from server.snapshots.schemas import SnapshotSettingsUsed
from server.snapshots.sides import sides_of
from server.state import State
from server.version import version
from surface.body import Body

_OUT = "out"


@dataclass
class Tally:
    """What is counted while persons are written; ``error`` and ``group`` are of points with a known truth."""

    splits: dict[str, Counter[str]]
    parts: Counter[int] = field(default_factory=Counter)
    points_by: Counter[str] = field(default_factory=Counter)
    persons_by: Counter[str] = field(default_factory=Counter)
    spread: array[float] = field(default_factory=lambda: array("f"))
    error: array[float] = field(default_factory=lambda: array("f"))
    error_part: array[int] = field(default_factory=lambda: array("B"))
    gold: int = 0
    outside: int = 0
    other_part: int = 0
    rendered: set[int] = field(default_factory=set)

    def count(self, image: ImageRecord, counts: dict[str, Any]) -> None:
        """Count a person that was written."""
        own = self.splits[image.split]
        points = sum(counts["parts"].values())
        own.update(persons=1, annotated=bool(points), points=points, masks=counts["masks"])
        self.parts.update({int(part): n for part, n in counts["parts"].items()})
        self.points_by.update(counts["annotators"])
        self.persons_by.update(counts["annotators"].keys())
        if counts.get("rendered"):
            self.rendered.add(image.id)
        self.other_part += counts.get("other_part", 0)
        self.spread.extend(counts.get("spread", ()))
        gold = counts.get("gold")
        if gold is not None:
            self.gold += 1
            self.outside += gold["outside"]
            self.error.extend(gold["error"])
            self.error_part.extend(gold["part"])


def assemble(
    state: State,
    row: models.Snapshot,
    project: models.Project,
    settings: SnapshotSettingsUsed,
    study: dict[str, Any] | None,
    results: list[dict[str, Any]],
) -> None:
    """Write the snapshot's folder and have the row name it. What was withdrawn meanwhile is left out.

    Raises PassingError when something was withdrawn in the very moment: again leaves it out.
    """
    working = places.working(state.settings, row.id)
    shards = [working / result["file"] for result in results if "file" in result]
    try:
        plan = plans.read(working, results[0]["plan"])
        for path in shards:
            path.stat()
    except FileNotFoundError as error:
        raise ValueError(
            "its parts are not in this data folder: make it again, and where several machines do jobs, let them share"
            " the folder"
        ) from error
    kept = set(chain.from_iterable(result.get("images", ()) for result in results))
    with state.database.read() as session:  # an image that is gone was withdrawn
        phash = {image.id: image.phash for image in dataset_rows.images(session, project.id, row.as_of)}
    side, near = sides_of(plan.everything, [phash.get(photo.id) for photo in plan.everything], settings)
    held = [(number, image) for number, image in plan.images if number in kept and image.id in phash]
    if not held:
        raise RefusedError("nothing is in it: no person fits these settings")
    images = [image_record(number, image, side.get(image.id, "")) for number, image in held]
    splits = list(settings.splits or [""])
    tally = Tally({split: Counter() for split in splits})
    for image in images:
        tally.splits[image.split]["images"] += 1
    out = working / _OUT
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for image, counts in write_content(out, images, splits, _lines(shards)):
        tally.count(image, counts)
    files = content_files(out)
    body = state.bodies.by_hash(project.body_hash).body
    left_out = plan.left_out + sum((Counter(result.get("left_out", {})) for result in results), Counter())
    card = replace(
        _card(row, project, settings, body, tally),
        hash=hash_of(files),
        files=files,
        left_out=dict(sorted(left_out.items())),
        near_duplicates=near,
        **_on_other_body(state, project, settings, tally),
        study=None if study is None else StudyHeadline(**study),
        **_licences(images, tally.rendered),
    )
    write_sums(out)
    _be_ready(state, row, card, [image for _, image in held], out)


def _lines(shards: list[Path]) -> Iterator[Counted]:
    for number, path in enumerate(shards, 1):
        say(f"writing part {number:,} of {len(shards):,}")
        yield from read_shard(path)


def _card(
    row: models.Snapshot, project: models.Project, settings: SnapshotSettingsUsed, body: Body, tally: Tally
) -> Card:
    counts = {name: _counts(own) for name, own in tally.splits.items()}
    by = [
        AnnotatorCount(f"annotator {n}", tally.points_by[user], tally.persons_by[user])
        for n, user in enumerate(sorted(tally.points_by, key=lambda user: (-tally.points_by[user], user)), 1)
    ]
    spread = 100 * np.frombuffer(tally.spread, np.float32).astype(np.float64)
    return Card(
        form=cards.FORM,
        name=row.name,
        project=project.name,
        description=project.description,
        hash="",
        as_of=_moment(row.as_of),
        made_at=_moment(utc_now()),
        tool=f"DenseMark {version()}",
        body=body.name,
        body_hash=body.hash,
        marks=settings.marks,
        settings=sentences(settings),
        counts=_counts(sum(tally.splits.values(), Counter())),
        splits=[CardSplit(name, share, counts[name]) for name, share in (settings.splits or {}).items()],
        parts=[PartCount(label, name, tally.parts[label]) for label, name in enumerate(body.part_names, 1)],
        annotators=by,
        left_out={},
        near_duplicates=None,
        study=None,
        gold=_gold(body, tally),
        agreement=Agreement(len(spread), _rounded(spread.mean()), _rounded(np.median(spread))) if len(spread) else None,
        licences=[],
        without_licence=0,
    )


def _on_other_body(
    state: State, project: models.Project, settings: SnapshotSettingsUsed, tally: Tally
) -> dict[str, Any]:
    """What the card says of the body, where the marks were transferred to another one."""
    transfer = transfer_of(state, project.body_hash, settings.body)
    if transfer is None:
        return {}
    source, target = transfer.source, transfer.target
    made_on = TransferredFrom(source.name, source.hash, tally.other_part, transfer.figures)
    return {"body": target.name, "body_hash": target.hash, "transferred_from": made_on}


def _gold(body: Body, tally: Tally) -> GoldFigures | None:
    """Errors of all points with a known truth, and by groups of parts."""
    if not tally.gold:
        return None
    error = 100 * np.frombuffer(tally.error, np.float32).astype(np.float64)
    names, of = part_groups(body)
    group = of[np.frombuffer(tally.error_part, np.uint8)]
    rows = [("all", error), *((name, error[group == n]) for n, name in enumerate(names))]
    errors = [
        GoldErrors(name, len(own), _rounded(own.mean()), _rounded(np.median(own))) for name, own in rows if len(own)
    ]
    return GoldFigures(tally.gold, tally.outside, errors)


def _licences(images: Iterable[ImageRecord], rendered: Container[int]) -> dict[str, Any]:
    by: dict[tuple[str, str], list[ImageRecord]] = defaultdict(list)
    for image in images:
        by[image.licence or "", image.licence_url or ""].append(image)
    without = by.pop(("", ""), [])
    named = [
        Licence(name or url, url, len(own), sorted({image.attribution for image in own if image.attribution}))
        for (name, url), own in sorted(by.items())
    ]
    here = sum(image.id in rendered for image in without)
    return {"licences": named, "without_licence": len(without) - here, "rendered": here}


def _be_ready(state: State, row: models.Snapshot, card: Card, held: list[ImageRow], out: Path) -> None:
    """Move the folder to its place and have the row name it. Both in one transaction, so that nobody removes the same
    content in between, and nothing is put there that was withdrawn."""
    with state.database.write() as session:
        snapshots.hold_files(session)
        made = snapshots.by_id(session, row.id, lock=True)
        if made is None or made.state == SnapshotState.ready:
            return
        if withdrawals.blobs(session) & {image.blob for image in held}:
            raise PassingError("a photo was withdrawn in this moment")
        places.put(state.settings, out, card.hash)
        places.put_card(state.settings, row.id, card)
        made.state, made.hash, made.card, made.finished_at = SnapshotState.ready, card.hash, said_by(card), utc_now()
        session.flush()
        snapshots.put_images(session, row.id, [image.id for image in held])


def _counts(own: Counter[str]) -> CardCounts:
    return CardCounts(own["images"], own["persons"], own["annotated"], own["points"], own["masks"])


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _rounded(value: Any) -> float:
    return round(float(value), 3)
