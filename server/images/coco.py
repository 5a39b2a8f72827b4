"""Import of COCO files: photos, and the persons in them."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from annotation.words import PersonSource
from annotation_db import models, utc_now
from annotation_db.repositories import images, persons
from export.coco_in import CocoFile, CocoImage, CocoPerson, read
from server.images import names, service
from server.images.schemas import CocoResult, ImportResult, PersonNote, RefusedFile, RefusedPerson
from server.images.upload import Upload
from server.persons.service import clip_box, new_person
from server.problems import RefusedError
from server.state import State

_CHUNK = 1 << 20
_BATCH = 500


def import_coco(
    state: State, project_id: UUID, user_id: UUID | None, annotations: Upload, photos: Sequence[Upload]
) -> CocoResult:
    """Store the photos, then the persons of those photos. Doing it again adds nothing.

    Raises RefusedError on a file that is not COCO, before anything is stored.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (PurePosixPath(names.clean(annotations.name)).name)
        with path.open("wb") as copy:
            annotations.file.seek(0)
            while chunk := annotations.file.read(_CHUNK):
                copy.write(chunk)
        coco = _read(path)
    return _import(state, project_id, user_id, coco, service.import_files(state, project_id, user_id, photos))


def import_coco_file(
    state: State, project_id: UUID, user_id: UUID | None, annotations: Path, photos: Iterable[Path]
) -> CocoResult:
    """The same for files and folders on disk."""
    coco = _read(annotations)
    return _import(state, project_id, user_id, coco, service.import_paths(state, project_id, user_id, photos))


def _read(path: Path) -> CocoFile:
    try:
        return read(path)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def _import(state: State, project_id: UUID, user_id: UUID | None, coco: CocoFile, imported: ImportResult) -> CocoResult:
    with state.database.read() as session:
        known = _Names(images.names(session, project_id))
    by_image: dict[int, list[CocoPerson]] = defaultdict(list)
    for person in coco.persons:
        by_image[person.image_id].append(person)
    refused_files = list(imported.refused)
    refused = [RefusedPerson(id=str(id_), reason=reason) for id_, reason in coco.refused]
    todo: list[tuple[UUID, CocoPerson]] = []
    for entry in coco.images:
        found = known.find(entry.file_name)
        reason = _mismatch(entry, found)
        if found is None or reason:
            refused_files.append(RefusedFile(file=entry.file_name, reason=reason or ""))
            refused += [RefusedPerson(id=str(p.id), reason=f"{entry.file_name}: {reason}") for p in by_image[entry.id]]
        else:
            todo += [(found.id, person) for person in by_image[entry.id]]
    new = present = 0
    for start in range(0, len(todo), _BATCH):
        with state.database.write() as session:
            added = [
                _add(session, image_id, person, user_id, at)
                for at, (image_id, person) in enumerate(todo[start : start + _BATCH])
            ]
        new += sum(added)
        present += len(added) - sum(added)
    return CocoResult(
        stored=_fresh(state, imported),
        duplicates=imported.duplicates,
        refused=refused_files,
        persons=new,
        persons_present=present,
        refused_persons=refused,
        notes=[PersonNote(id=str(id_), note=note) for id_, note in coco.notes],
    )


class _Names:
    """Finds a project's image by the name in a COCO file: the whole path, else its last part where that is unique."""

    def __init__(self, rows: Iterable[models.Image]) -> None:
        self._by_path: dict[str, models.Image] = {}
        self._by_last: dict[str, list[models.Image]] = defaultdict(list)
        for row in rows:
            self._by_path[row.file_name] = row
            self._by_last[PurePosixPath(row.file_name).name].append(row)

    def find(self, file_name: str) -> models.Image | None:
        name = names.clean(file_name)
        if name in self._by_path:
            return self._by_path[name]
        same = self._by_last.get(PurePosixPath(name).name, [])
        return same[0] if len(same) == 1 else None


def _mismatch(entry: CocoImage, row: models.Image | None) -> str | None:
    if row is None:
        return "the COCO file names this image, but it is neither in the project nor among the files sent"
    if (row.width, row.height) != (entry.width, entry.height):
        stated = f"{entry.width} x {entry.height}"
        return f"the upright image has {row.width} x {row.height} pixels, the COCO file says {stated}"
    return None


def _add(session: Session, image_id: UUID, found: CocoPerson, user_id: UUID | None, position: int) -> bool:
    """Add a person unless it was imported before; its id follows from image and annotation."""
    person_id = uuid5(image_id, f"coco:{found.id}")
    image = images.by_id(session, image_id, lock=True)
    if image is None or persons.by_id(session, person_id) is not None:
        return False
    person = new_person(image, clip_box(found.bbox, image.width, image.height), PersonSource.coco, user_id)
    person.id = person_id
    person.created_at = utc_now() + timedelta(microseconds=position)  # the order of the file is the order of the work
    person.source_id = f"coco:{found.id}"
    person.area = found.area
    person.keypoints = found.keypoints
    segmentation: Any = found.segmentation
    person.segmentation = segmentation
    persons.add(session, person, person_id)
    return True


def _fresh(state: State, imported: ImportResult) -> list:
    """The stored files again, now that their persons can be counted."""
    with state.database.read() as session:
        rows = images.many(session, {item.image.id for item in imported.stored})
        shown = {image.id: image for image in service.out(session, list(rows.values()))}
    return [item.model_copy(update={"image": shown[item.image.id]}) for item in imported.stored]
