"""Import of COCO files: photos, and the persons in them, with the DensePose data that they carry."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from annotation_db.repositories import images, projects
from annotation_db.repositories.images import Named
from export.coco_in import LARGEST_ID, CocoFile, CocoImage, CocoPerson, Refused, persons, survey
from export.dense_in import has_parts
from export.on_body import require_charts
from server.images import finding, imported, names, service
from server.images.imported import Place, Target
from server.images.schemas import CocoCounts, CocoResult, ImportResult, PersonNote, RefusedFile, RefusedPerson
from server.images.upload import Upload
from server.problems import NotFoundError, RefusedError
from server.state import State
from surface.body import Body

_CHUNK = 1 << 20
_PERSONS = 200  # in one transaction
_POINTS = 10_000
_IMAGES = 500
_MB = 1_000_000

Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it, and how much there is."""


@dataclass(frozen=True)
class Options:
    """How a file is taken in.

    :param as_project_body: its points are to be read as on the project's body, even if it names another.
    :param tags: for its images.
    :param dense: its persons must carry DensePose data, or some of them.
    """

    as_project_body: bool = False
    tags: tuple[str, ...] = ()
    dense: bool = False


DEFAULTS = Options()


def import_coco(
    state: State,
    project_id: UUID,
    user_id: UUID | None,
    annotations: Upload,
    photos: Sequence[Upload],
    options: Options = DEFAULTS,
) -> CocoResult:
    """Store the photos, then the persons of those photos. Doing it again adds nothing.

    Raises RefusedError, before anything is stored, on a file that is not COCO, or whose points are on another body.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (PurePosixPath(names.clean(annotations.name)).name)
        with path.open("wb") as copy:
            annotations.file.seek(0)
            while chunk := annotations.file.read(_CHUNK):
                copy.write(chunk)
        found = _open(state, project_id, user_id, path, options, None)
        return _import(state, found, service.import_files(state, project_id, user_id, photos), None)


def import_coco_file(
    state: State,
    project_id: UUID,
    user_id: UUID | None,
    annotations: Path,
    photos: Iterable[Path],
    options: Options = DEFAULTS,
    progress: Progress | None = None,
) -> CocoResult:
    """The same for files and folders on disk."""
    found = _open(state, project_id, user_id, annotations, options, progress)
    stored = service.import_paths(state, project_id, user_id, photos, (), progress, but=annotations)
    return _import(state, found, stored, progress)


@dataclass
class _Found:
    """A file that may be imported, and where to."""

    coco: CocoFile
    target: Target
    options: Options
    remarks: list[str] = field(default_factory=list)


def _open(
    state: State, project_id: UUID, user_id: UUID | None, path: Path, options: Options, progress: Progress | None
) -> _Found:
    with state.database.read() as session:
        project = projects.by_id(session, project_id)
    if project is None:
        raise NotFoundError("no such project")
    try:
        coco = survey(path, _bytes_of(progress, "reading", path))
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if options.dense and not coco.dense:
        raise RefusedError(f"{path.name}: no person in it carries DensePose data")
    if not coco.dense:
        return _Found(coco, Target(project_id, None, user_id), options)
    body = state.bodies.by_hash(project.body_hash).body
    remarks = _remarks(coco, body, options.as_project_body)
    return _Found(coco, Target(project_id, body, user_id), options, remarks)


def _remarks(coco: CocoFile, body: Body, consent: bool) -> list[str]:
    """What is to be said of the body that a file's points are on. Raises RefusedError if it is not the project's."""
    if coco.charts:
        try:
            require_charts(body)
        except ValueError as error:
            raise RefusedError(f"{coco.path.name}: {error}") from error
    painted = (
        f"the masks of the file name no parts of {body.name}: each pixel of a person took that of the nearest point"
    )
    return [*_on_other(coco, body, consent), *([] if has_parts(body) else [painted])]


def _on_other(coco: CocoFile, body: Body, consent: bool) -> list[str]:
    """What is to be said of the body that a file names. Raises RefusedError if it is not the project's."""
    said = coco.info.get("densemark")
    said = said if isinstance(said, dict) else {}
    others = [f"the mesh {mesh!r:.80}" for mesh in sorted(coco.meshes) if mesh != body.name]
    if said.get("body_hash") not in (None, body.hash):
        others.insert(0, f"the body {said.get('body')!r:.80} ({said['body_hash']!s:.8})")
    own = f"{body.name} ({body.hash[:8]})"
    if others and not consent:
        raise RefusedError(
            f"{coco.path.name}: its points are on {' and '.join(others)}, the project is on {own}; import it into a "
            "project on that body, or have its points read as the project's body's (--as-project-body)"
        )
    if others:
        return [f"the file's points are on {' and '.join(others)}; they were read as points of {own}"]
    if said.get("body_hash") is None:
        what = "charts" if coco.charts else "vertices"
        return [f"the file does not say which body its {what} are of; they were read as those of {own}"]
    return []


def _import(state: State, found: _Found, stored: ImportResult, progress: Progress | None) -> CocoResult:
    coco = found.coco
    places, reasons = _places(state, found, stored)
    files = [RefusedFile(file=coco.images[id_].file_name, reason=reason) for id_, reason in reasons.items()]
    if coco.dense:
        imported.ensure_annotator(state)
    log = _Log()
    batch: list[tuple[Place, CocoPerson]] = []
    for person in persons(coco, _bytes_of(progress, "importing", coco.path)):
        if isinstance(person, Refused):
            log.refuse(person.id, person.reason)
        elif person.image_id not in places:
            log.refuse(person.id, f"{coco.images[person.image_id].file_name}: {reasons[person.image_id]}")
        else:
            log.notes += [PersonNote(id=str(person.id), note=note) for note in person.notes]
            batch.append((places[person.image_id], person))
            if len(batch) >= _PERSONS or sum(len(p.dense) for _, p in batch if p.dense) >= _POINTS:
                log.take(imported.store(state, found.target, batch))
                batch = []
    log.take(imported.store(state, found.target, batch))
    refused = [*stored.refused, *files]
    return CocoResult(
        counts=CocoCounts(
            stored=len(stored.stored),
            refused=len(refused),
            duplicates=len(stored.duplicates),
            refused_persons=len(log.refused),
            notes=len(log.notes),
        ),
        stored=service.shown_again(state, stored.stored),
        duplicates=stored.duplicates,
        refused=refused,
        persons=log.new,
        persons_present=log.present,
        dense=log.dense,
        points=log.points,
        refused_persons=log.refused,
        notes=log.notes,
        remarks=[*found.remarks, *_renumbered(coco), *log.remarks()],
    )


def _renumbered(coco: CocoFile) -> list[str]:
    """What is to be said of images whose ids no export keeps."""
    count = sum(not 0 < id_ < LARGEST_ID for id_ in coco.images)
    return [f"ids below 1 or of more than 15 digits: {count} images, exported under other ids"] if count else []


@dataclass
class _Log:
    """What became of the persons."""

    new: int = 0
    present: int = 0
    filled: int = 0
    dense: int = 0
    points: int = 0
    refused: list[RefusedPerson] = field(default_factory=list)
    notes: list[PersonNote] = field(default_factory=list)

    def refuse(self, id_: Any, reason: str) -> None:
        self.refused.append(RefusedPerson(id=str(id_), reason=reason))

    def remarks(self) -> list[str]:
        """What is to be said of the persons as a whole."""
        if not self.filled:
            return []
        return [f"{self.filled} of the persons there already had no work yet and took the file's masks and points"]

    def take(self, stored: imported.Stored) -> None:
        self.new += stored.new
        self.present += stored.present
        self.dense += stored.dense
        self.points += stored.points
        self.filled += stored.filled
        for id_, reason in stored.refused:
            self.refuse(id_, reason)


def _places(state: State, found: _Found, sent: ImportResult) -> tuple[dict[int, Place], dict[int, str]]:
    """Where the file's images are in the project, by their ids in the file, and why others are nowhere. What the file
    says of those that are is kept with them."""
    with state.database.read() as session:
        rows = list(images.named(session, found.target.project_id))
    known, reasons = finding.find(rows, sent, found.coco.images)
    places: dict[int, Place] = {}
    for id_, row in known.items():
        if reason := _mismatch(found.coco.images[id_], row):
            reasons[id_] = reason
        else:
            places[id_] = Place(row.id, row.width, row.height)
    ids = list(places)
    for start in range(0, len(ids), _IMAGES):
        _describe(state, found, {places[id_].id: found.coco.images[id_] for id_ in ids[start : start + _IMAGES]})
    return places, reasons


def _mismatch(entry: CocoImage, row: Named) -> str | None:
    if (row.width, row.height) != (entry.width, entry.height):
        stated = f"{entry.width} x {entry.height}"
        return f"image-size: the upright image has {row.width} x {row.height} pixels, the COCO file says {stated}"
    return None


def _describe(state: State, found: _Found, entries: dict[UUID, CocoImage]) -> None:
    """Keep ids, sources and licences of images where nothing is known of them yet, and add the tags."""
    with state.database.write() as session:
        for row in images.many(session, list(entries)).values():
            entry = entries[row.id]
            if row.source_id is None:
                row.source_id = f"coco:{entry.id}"
            if row.source_url is None and row.attribution is None:
                row.source_url, row.attribution = entry.source_url, entry.attribution
            if row.licence is None and row.licence_url is None:
                row.licence, row.licence_url = found.coco.licences.get(entry.licence_id or 0, (None, None))
            images.add_tags(row, found.options.tags)


def _bytes_of(progress: Progress | None, what: str, path: Path) -> Callable[[int], None] | None:
    if progress is None:
        return None
    size = path.stat().st_size // _MB + 1
    return lambda done: progress(f"{what} (MB)", done // _MB, size)
