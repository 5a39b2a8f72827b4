"""Datasets of a project as it is now: its images and persons as one file or split by image."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from annotation_db.blobs import BlobStore
from annotation_db.models import Project
from annotation_db.repositories import projects
from export.files import all_or_none
from export.formats import require_format, write
from export.gather import Gathering, image_record, person_records
from export.on_body import name_of, require_parts, transferred_from
from export.photos import copy_photo
from export.records import PersonRecord
from export.splits import parse_split, side_of
from export.wanted import PlannedPerson, Wanted, plan
from surface.body import Body
from surface.transfer import Transfer


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
    """What is counted while files are written."""

    left_out: Counter[str] = field(default_factory=Counter)
    other_part: int = 0


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
    """Writes a project's dataset into a folder: all files appear or none, and what stood there before stays then.

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
    planned = plan(session, project_id, Wanted())
    sizes = {id_: (row.width, row.height) for id_, (_, row) in planned.images.items()}
    how = Gathering(project.body_hash, Wanted(), sizes, transfer=transfer)
    side = {id_: side_of(row.sha256, shares) for id_, (_, row) in planned.images.items()}
    book, totals = _Book(), Counter[str]()
    names, empty = [], []
    with all_or_none(Path(out_dir)) as staged:
        for name in shares:
            inside = [image_record(*image) for id_, image in planned.images.items() if side[id_] == name]
            if split and not inside:
                empty.append(name)
            names.append(f"{format}{'-' * bool(name)}{name}.json")
            chosen = [person for person in planned.persons if side[person.image_id] == name]
            totals.update(
                write(
                    format,
                    staged / names[-1],
                    body if transfer is None else transfer.target,
                    inside,
                    _noted(session, how, chosen, book),
                    info=_info(project, transfer),
                    labels={} if transfer is None else {"transferred_from": name_of(transfer.source)},
                )
            )
        if blobs is not None:
            for _, row in planned.images.values():
                copy_photo(blobs, row.blob, row.file_name, staged / "images")
    files = [Path(out_dir) / name for name in names]
    return ExportResult(files, dict(totals), dict(book.left_out), empty, book.other_part)


def _noted(session: Session, how: Gathering, chosen: Sequence[PlannedPerson], book: _Book) -> Iterator[PersonRecord]:
    for record, notes in person_records(session, how, chosen):
        book.left_out.update(notes.left_out)
        book.other_part += notes.other_part
        yield record


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
        made |= {
            **name_of(transfer.target),
            "transferred_from": transferred_from(name_of(transfer.source), transfer.figures),
        }
    return {"description": project.name, "version": "1.0", "densemark": made}
