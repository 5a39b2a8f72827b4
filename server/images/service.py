"""Images: import, list, take out, bring back."""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from annotation_db import models, utc_now
from annotation_db.blobs import digest_of
from annotation_db.repositories import images, persons, studies, withdrawals
from server.access import is_staff
from server.images import archive, names
from server.images.decode import NotAPhotoError, Photo, upright
from server.images.schemas import Image, ImageDetail, ImportCounts, ImportResult, RefusedFile, StoredFile
from server.images.upload import Upload
from server.paging import page
from server.persons import service as person_service
from server.problems import ConflictError, NotFoundError
from server.schemas import Page, decode_cursor
from server.session.service import Caller
from server.state import State

_BATCH = 500  # images in one transaction


@dataclass(frozen=True)
class Outcome:
    """What became of one file: the image, or the reason why there is none."""

    file: str
    image_id: UUID | None
    kind: Literal["stored", "duplicate", "refused"]
    reason: str = ""


def import_files(
    state: State, project_id: UUID, user_id: UUID | None, uploads: Iterable[Upload], tags: Collection[str] = ()
) -> ImportResult:
    """Store photos and zips of photos; every file has its own result and the others go through."""
    outcomes = [
        outcome for upload in uploads for outcome in _import_one(state, project_id, user_id, upload.name, upload.file)
    ]
    tag(state, outcomes, tags)
    return summary(state, outcomes)


def import_paths(
    state: State,
    project_id: UUID,
    user_id: UUID | None,
    paths: Iterable[Path],
    tags: Collection[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
    but: Path | None = None,
) -> ImportResult:
    """The same for files and folders on disk; files in a folder are named by their path in it.

    :param progress: told what is done, how much of it, and how much there is.
    :param but: a file that is no photo, should it lie in one of the folders.
    """
    outcomes: list[Outcome] = []
    found = [(name, path) for name, path in walk(paths) if but is None or not path.samefile(but)]
    for done, (name, path) in enumerate(found, start=1):
        with path.open("rb") as file:
            outcomes += _import_one(state, project_id, user_id, name, file)
        if progress:
            progress("storing photos", done, len(found))
    tag(state, outcomes, tags)
    return summary(state, outcomes)


def tag(state: State, outcomes: Iterable[Outcome], tags: Collection[str]) -> None:
    """Add tags to the images that files became, or were already."""
    ids = [outcome.image_id for outcome in outcomes if outcome.image_id] if tags else []
    for start in range(0, len(ids), _BATCH):
        with state.database.write() as session:
            for row in images.many(session, ids[start : start + _BATCH]).values():
                images.add_tags(row, tags)


def walk(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Names and paths of files, and of the files in folders."""
    for path in paths:
        if path.is_dir():
            yield from ((str(p.relative_to(path).as_posix()), p) for p in sorted(path.rglob("*")) if p.is_file())
        else:
            yield path.name, path


def summary(state: State, outcomes: Sequence[Outcome]) -> ImportResult:
    """The outcomes as the API shows them."""
    with state.database.read() as session:
        rows = images.many(session, {o.image_id for o in outcomes if o.image_id})
        shown = {image.id: image for image in out(session, list(rows.values()))}
    by_kind = {
        kind: [StoredFile(file=o.file, image=shown[o.image_id]) for o in outcomes if o.kind == kind and o.image_id]
        for kind in ("stored", "duplicate")
    }
    refused = [RefusedFile(file=o.file, reason=o.reason) for o in outcomes if o.kind == "refused"]
    stored, duplicates = by_kind["stored"], by_kind["duplicate"]
    counts = ImportCounts(stored=len(stored), refused=len(refused), duplicates=len(duplicates))
    return ImportResult(counts=counts, stored=stored, duplicates=duplicates, refused=refused)


def shown_again(state: State, stored: Sequence[StoredFile]) -> list[StoredFile]:
    """Stored files as they are now that their images have persons."""
    with state.database.read() as session:
        rows = images.many(session, {item.image.id for item in stored})
        shown = {image.id: image for image in out(session, list(rows.values()))}
    return [item.model_copy(update={"image": shown[item.image.id]}) for item in stored]


def _import_one(state: State, project_id: UUID, user_id: UUID | None, name: str, file: BinaryIO) -> Iterator[Outcome]:
    """A photo, or the photos in a zip."""
    shown = names.clean(name)
    if names.is_litter(name):
        return
    if not archive.is_zip(file):
        yield store(state, project_id, user_id, shown, shown, file)
        return
    try:
        for entry in archive.unpack(file, state.settings):
            label = f"{shown}/{entry.name}"
            if entry.file is None:
                yield Outcome(label, None, "refused", entry.reason or "")
            elif archive.is_zip(entry.file):
                yield Outcome(label, None, "refused", "a zip inside a zip is not opened")
            else:
                yield store(state, project_id, user_id, label, entry.name, entry.file)
    except ValueError as error:
        yield Outcome(shown, None, "refused", str(error))


def store(state: State, project_id: UUID, user_id: UUID | None, label: str, name: str, file: BinaryIO) -> Outcome:
    """Store one photo: the blob first and the row after it, so that no row ever lacks its blob.

    The very bytes again are a duplicate; if their image was taken out, it comes back with all that was on it. A photo
    that its subject withdrew, from whichever project, is refused.
    """
    sha256 = digest_of(file)
    found = _found(state, project_id, label, sha256)
    if found:
        return found
    try:
        photo = upright(file, state.settings.max_file_bytes, state.settings.max_pixels)
    except NotAPhotoError as error:
        return Outcome(label, None, "refused", str(error))
    kept = io.BytesIO(photo.content)
    if digest_of(kept) != sha256:
        refused = _withdrawn(state, label, {digest_of(kept)})
        if refused:
            return refused
    blob = state.blobs.put(kept)
    try:
        with state.database.write() as session:
            if not withdrawals.is_withdrawn(session, {sha256, blob}):  # or else it was withdrawn in this moment
                row = _row(session, project_id, user_id, name, sha256, blob, photo)
                images.add(session, row)
                return Outcome(label, row.id, "stored")
        state.blobs.delete(blob)
        return _refused_as_withdrawn(label)
    except IntegrityError:  # somebody else stored the same file, or the same name, in this moment
        return _found(state, project_id, label, sha256) or store(state, project_id, user_id, label, name, file)


def list_images(
    session: Session, caller: Caller, project_id: UUID, after: str | None, limit: int, part_of_name: str | None
) -> Page[Image]:
    """One page of images by file name; those of a study that is not closed only for the staff."""
    rows = images.page(session, project_id, decode_cursor(after), limit + 1, part_of_name, is_staff(caller))
    return page(rows, limit, lambda row: (row.file_name, row.id), lambda kept: out(session, kept))


def get_image(session: Session, caller: Caller, image_id: UUID) -> ImageDetail:
    """One image with its persons."""
    shown = out(session, [existing(session, image_id)])[0]
    rows = persons.of_image(session, image_id)
    return ImageDetail(**shown.model_dump(exclude={"persons"}), persons=person_service.out(rows, is_staff(caller)))


def delete_image(session: Session, image_id: UUID) -> None:
    """Take an image out; nothing on it is lost. Raises ConflictError while a study shows it."""
    row = existing(session, image_id)
    study = studies.showing(session, image_id)
    if study is not None:
        raise ConflictError(f"the study {study.name!r} shows this image; close it first")
    row.deleted_at = utc_now()


def existing(session: Session, image_id: UUID) -> models.Image:
    """The row of an image; raises NotFoundError."""
    row = images.by_id(session, image_id)
    if row is None:
        raise NotFoundError("no such image")
    return row


def out(session: Session, rows: Sequence[models.Image]) -> list[Image]:
    """Images as the API shows them."""
    counts = images.person_counts(session, [row.id for row in rows])
    return [
        Image(
            id=row.id,
            file_name=row.file_name,
            width=row.width,
            height=row.height,
            persons=counts.get(row.id, (0, 0))[0],
            done=counts.get(row.id, (0, 0))[1],
            created_at=row.created_at,
        )
        for row in rows
    ]


def _found(state: State, project_id: UUID, label: str, sha256: str) -> Outcome | None:
    with state.database.read() as session:
        row = images.by_sha256(session, project_id, sha256)
        if row is None:
            return _refused_as_withdrawn(label) if withdrawals.is_withdrawn(session, {sha256}) else None
    if row.deleted_at is None:
        return Outcome(label, row.id, "duplicate")
    with state.database.write() as session:
        again = images.by_sha256(session, project_id, sha256)
        if again is not None:
            again.deleted_at = None
    return Outcome(label, row.id, "stored")


def _withdrawn(state: State, label: str, keys: set[str]) -> Outcome | None:
    """The refusal of bytes that were withdrawn, by their hashes."""
    with state.database.read() as session:
        return _refused_as_withdrawn(label) if withdrawals.is_withdrawn(session, keys) else None


def _refused_as_withdrawn(label: str) -> Outcome:
    return Outcome(label, None, "refused", "its subject withdrew this photo; it cannot be imported again")


def _row(
    session: Session, project_id: UUID, user_id: UUID | None, name: str, sha256: str, blob: str, photo: Photo
) -> models.Image:
    if images.name_taken(session, project_id, name):
        name = names.with_suffix(name, f"-{sha256[:8]}")
    return models.Image(
        id=uuid4(),
        project_id=project_id,
        file_name=name,
        sha256=sha256,
        blob=blob,
        media_type=photo.media_type,
        width=photo.width,
        height=photo.height,
        created_by=user_id,
        created_at=utc_now(),
    )
