"""Datasets of a project: its images and persons as one file or split by image."""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from annotation.words import MarkKind, PersonState
from annotation_db.blobs import BlobStore
from annotation_db.models import Image, MaskRevision, Person, Project
from annotation_db.repositories import images, marks, masks, persons, projects
from export.densepose_coco import BORDER
from export.formats import require_format, write
from export.on_body import name_of, require_parts, transferred_from
from export.records import ImageRecord, PersonRecord, Points
from surface.body import Body
from surface.transfer import Transfer

_BATCH = 200  # persons whose masks are fetched at once


@dataclass(frozen=True)
class ExportResult:
    """Files written, counts over all of them, how many points were left out for which reason, names of a split that
    no image fell into, and how many transferred points came to lie in another part than they were marked in."""

    files: list[Path]
    counts: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    other_part: int = 0


@dataclass
class _Book:
    """What is written, on which body, and what is counted meanwhile."""

    project: Project
    transfer: Transfer | None
    left_out: Counter[str] = field(default_factory=Counter)
    other_part: int = 0


def stable_id(key: UUID) -> int:
    """Integer id for COCO of a UUID: 48 bits of its SHA-256, so the same in every export, and at least 1.

    Two of a million persons share one with a probability of .2%; the writer then refuses the file.
    """
    return int.from_bytes(hashlib.sha256(key.bytes).digest()[:6]) or 1


def parse_split(text: str) -> dict[str, float]:
    """Names and shares of ``a=.8,b=.2``.

    Raises ValueError unless the names are plain and the shares positive and add up to 1.
    """
    shares: dict[str, float] = {}
    for item in text.split(","):
        name, _, share = item.strip().partition("=")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or name in shares:
            raise ValueError(f"split {text!r}: {name!r} is not a new name of letters, digits, - and _")
        try:
            shares[name] = float(share)
        except ValueError:
            raise ValueError(f"split {text!r}: {share!r} is not a number") from None
        if not shares[name] > 0:
            raise ValueError(f"split {text!r}: the share of {name} is not positive")
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"split {text!r}: the shares add up to {sum(shares.values()):g}, not 1")
    return shares


def side_of(sha256: str, split: Mapping[str, float]) -> str:
    """The part of a split that an image falls in, by the hash of its bytes: the same photo on the same side forever."""
    position = int(sha256[:12], 16) / 16**12
    for name, share in split.items():
        position -= share
        if position < 0:
            return name
    return name


def export_project(
    session: Session,
    project_id: UUID,
    out_dir: str | Path,
    format: str = "densepose-coco",  # noqa: A002 - the word of the command line
    split: str | None = None,
    blobs: BlobStore | None = None,
    body: Body | None = None,
    transfer: Transfer | None = None,
) -> ExportResult:
    """Writes a project's dataset into a folder.

    Persons whose points are submitted carry them; all others stand as not annotated. Of several marks on a point the
    latest counts; points that it flags, and marks taken back, are left out.

    :param split: ``a=.8,b=.2`` for one file per name, split by image.
    :param blobs: where the images are, to copy them to ``images/``; None leaves them.
    :param body: the project's body, to be checked; None trusts that it has the charts of the format.
    :param transfer: from the project's body to another one that the marks are to be written on.
    :raises ValueError: for an unknown project or format, a bad split, an image name that leaves the folder, a body
        without the format's charts, or a transfer from another body.
    """
    require_format(format)
    project = projects.by_id(session, project_id)
    if project is None:
        raise ValueError(f"there is no project {project_id}")
    _require_body(format, project, body, transfer)
    shares = parse_split(split) if split else {"": 1.0}
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    photos = {image.id: image for image in images.names(session, project_id)}
    people = sorted(persons.of_project(session, project_id), key=lambda pair: stable_id(pair[0].id))
    book = _Book(project, transfer)
    totals: Counter[str] = Counter()
    files, empty = [], []
    for name in shares:
        inside = {key: image for key, image in photos.items() if side_of(image.sha256, shares) == name}
        if split and not inside:
            empty.append(name)
        chosen = [person for person, image in people if image.id in inside]
        path = out_dir / f"{format}{'-' * bool(name)}{name}.json"
        totals.update(
            write(
                format,
                path,
                body if transfer is None else transfer.target,
                map(_image, inside.values()),
                _persons(session, book, chosen, inside),
                info=_info(project, transfer),
                labels={} if transfer is None else {"transferred_from": name_of(transfer.source)},
            )
        )
        files.append(path)
    if blobs is not None:
        _copy_images(list(photos.values()), out_dir / "images", blobs)
    return ExportResult(files, dict(totals), dict(book.left_out), empty, book.other_part)


def _require_body(format_: str, project: Project, body: Body | None, transfer: Transfer | None) -> None:
    own = transfer.source if body is None and transfer is not None else body
    if own is not None and own.hash != project.body_hash:
        raise ValueError(f"the project is on body {project.body_name!r} {project.body_hash[:12]}, not {own.hash[:12]}")
    if transfer is not None:
        require_parts(transfer.source)
        require_format(format_, transfer.target)
    else:
        require_format(format_, body)


def _info(project: Project, transfer: Transfer | None) -> dict[str, object]:
    """No date: the same data gives the same bytes."""
    made: dict[str, object] = {"project": str(project.id), "body": project.body_name, "body_hash": project.body_hash}
    if transfer is not None:
        made |= {**name_of(transfer.target), "transferred_from": transferred_from(transfer)}
    return {"description": project.name, "version": "1.0", "densemark": made}


def _image(image: Image) -> ImageRecord:
    return ImageRecord(
        stable_id(image.id),
        image.file_name,
        image.width,
        image.height,
        image.sha256,
        licence=image.licence,
        licence_url=image.licence_url,
        attribution=image.attribution,
        source_url=image.source_url,
    )


def _persons(
    session: Session, book: _Book, chosen: Sequence[Person], photos: Mapping[UUID, Image]
) -> Iterator[PersonRecord]:
    for start in range(0, len(chosen), _BATCH):
        group = chosen[start : start + _BATCH]
        done = [person.id for person in group if person.state == PersonState.done]
        drawn = masks.current_of_persons(session, done)
        for person in group:
            mask = drawn.get(person.id)
            yield _person(session, book, person, photos[person.image_id], mask)


def _person(session: Session, book: _Book, person: Person, image: Image, mask: MaskRevision | None) -> PersonRecord:
    record = PersonRecord(
        id=stable_id(person.id),
        image_id=stable_id(image.id),
        bbox=person.bbox,
        area=person.area,
        segmentation=person.segmentation,
        keypoints=person.keypoints,
        masks={} if mask is None else {int(label): counts for label, counts in mask.counts.items()},
        source=person.source,
    )
    painted = record.label_map(_image(image))[0] is not None
    return replace(record, points=_points(session, book, person)) if painted else record


def _points(session: Session, book: _Book, person: Person) -> Points:
    """The person's marked points, in the order they were marked in."""
    latest = {}
    for mark, revision in marks.current(session, person.id):  # oldest first
        if revision.kind != MarkKind.cleared:
            latest[mark.point_id] = revision
    x, y, w, h = person.bbox
    kept, found = [], []
    for point in marks.points(session, person.id):
        chosen = latest.get(point.id)
        if chosen is None:
            book.left_out["unmarked"] += 1
        elif chosen.kind != MarkKind.surface:
            book.left_out["flagged"] += 1
        elif chosen.body_hash != book.project.body_hash:
            book.left_out["marked on another body"] += 1
        elif max(x - point.x, point.x - x - w, y - point.y, point.y - y - h) > BORDER:
            book.left_out["outside the box"] += 1
        else:
            kept.append(point)
            found.append(chosen)
    face = np.array([mark.face for mark in found], np.int32)
    bary = np.array([(mark.bary_0, mark.bary_1, mark.bary_2) for mark in found], np.float64).reshape(-1, 3)
    iuv = np.array([(mark.i, mark.u, mark.v) for mark in found], np.float64).reshape(-1, 3)
    if book.transfer is not None:
        face, bary, iuv = _transferred(book, book.transfer, face, bary)
    return Points(
        xy=np.array([(point.x, point.y) for point in kept], np.float64).reshape(-1, 2),
        part=np.array([point.part for point in kept], np.uint8),
        face=face,
        bary=bary,
        iuv=iuv,
        marks=np.ones(len(kept), np.int32),
        spread=np.full(len(kept), np.nan),
        seconds=np.array([mark.seconds for mark in found], np.float64),
    )


def _transferred(
    book: _Book, transfer: Transfer, face: np.ndarray, bary: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Face, barycentrics and I, U, V (N, 3) of marks on the transfer's other body."""
    image = transfer.apply(face, bary)
    book.other_part += int((transfer.source.part(face) != transfer.target.part(image[0])).sum())
    return *image, np.stack(transfer.target.to_iuv(*image), axis=1)


def _copy_images(photos: Sequence[Image], folder: Path, blobs: BlobStore) -> None:
    """Copies, never links: a change to an exported photo must not reach the store."""
    for image in photos:
        target = folder / image.file_name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"image {image.file_name!r} would leave {folder.name}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.tmp")
        with blobs.open(image.blob) as source, partial.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        partial.replace(target)
