"""A database as large as DensePose-COCO: persons of COCO whose masks and points annotators have submitted.

Persons are views of the default body, drawn at many sizes and places (``LOOKS`` of them), each with a box, points,
marks, keypoints and ids of its own. Photos are real JPEGs, all different, of colours that run into each other.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import insert
from sqlalchemy.orm import Session

from annotation.masks import to_coco_rle
from annotation.simulated import place
from annotation.words import PersonSource, PersonState, Role, TaskKind, TaskState
from annotation_db import models, utc_now
from annotation_db.repositories import imports
from server.state import State
from surface.body import Body
from surface.raster import rasterize

LOOKS = 200
WIDTH, HEIGHT = 640, 480
PARTS = 14
_BATCH = 200  # persons
_NOISE = 0.02  # metres
_AGO = timedelta(days=1)  # all work lies before the moment of any snapshot
_CACHE = 3_000_000  # kB: ids are random, as browsers make them, and their indexes are all in use at once

Tell = Callable[[str], None]


class Look(NamedTuple):
    """A view of the body in an image: runs by part, bounds (left, top, right, bottom), outline, and what each of its N
    pixels shows: place (N,) by row, face (N,), barycentrics (N, 3), part (N,)."""

    counts: dict[str, str]
    bounds: tuple[int, int, int, int]
    outline: list[float]
    pixel: NDArray[np.int64]
    face: NDArray[np.int32]
    bary: NDArray[np.float64]
    part: NDArray[np.uint8]


def fill(state: State, persons: int, points: int, images: int, annotators: int, tell: Tell) -> UUID:
    """A project in a new SQLite database whose persons are all done, ``points`` points with a mark each; its id."""
    _write_at_once(state)
    body, rng = state.bodies.keep("anny").body, np.random.default_rng(0)
    looks = [look for look, _ in zip(_looks(body, rng), range(min(LOOKS, persons)), strict=False)]
    with state.database.write() as session:
        users = [
            models.User(id=_id(rng), username=f"u{n}", login=f"u{n}", name=f"Annotator {n}", role=Role.annotator,
                        password_hash="", simulated=True)
            for n in range(annotators)
        ]  # fmt: skip
        project = models.Project(id=_id(rng), name="Generated", body_name=body.name, body_hash=body.hash)
        session.add_all([*users, project])
        session.flush()
        photos = _photos(session, state.settings.data / "blobs", project.id, images, rng, tell)
        writer = _Writer(session, project.id, body, [user.id for user in users], rng)
        for start in range(0, persons, _BATCH):
            tell(f"generated {start:,} of {persons:,} persons")
            numbers = np.arange(start, min(start + _BATCH, persons))
            writer.write(
                numbers, [photos[n] for n in numbers % images], [looks[n % len(looks)] for n in numbers], points
            )
        return project.id


def _write_at_once(state: State) -> None:
    """Have this process write the database's file itself, without a log that a crash could be mended from."""
    connection = state.database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE}"):
            cursor.execute(f"PRAGMA {setting}")
    finally:
        connection.close()


def _photos(
    session: Session, folder: Path, project_id: UUID, count: int, rng: np.random.Generator, tell: Tell
) -> list[UUID]:
    """Photos and their rows; their ids."""
    ids, now = [], utc_now() - _AGO
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        if number % 1000 == 1:
            tell(f"generated {number - 1:,} of {count:,} photos")
        colours = rng.integers(0, 256, (6, 8, 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(colours).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR).save(file, "JPEG", quality=75)
        key = _put(folder, file.getvalue())
        ids.append(_id(rng))
        rows.append({
            "id": ids[-1], "project_id": project_id, "file_name": f"{number:012d}.jpg", "sha256": key, "blob": key,
            "media_type": "image/jpeg", "width": WIDTH, "height": HEIGHT, "created_at": now,
            "source_id": f"coco:{number}", "source_url": f"http://images.cocodataset.org/train2014/{number:012d}.jpg",
            "licence": f"Licence {number % 8}", "licence_url": f"http://example.org/licences/{number % 8}",
        })  # fmt: skip
    session.connection().execute(insert(models.Image), rows)
    return ids


def _put(folder: Path, data: bytes) -> str:
    """Keep a file as ``LocalBlobs`` does, without waiting for the disk; its key."""
    key = hashlib.sha256(data).hexdigest()
    (folder / key[:2]).mkdir(parents=True, exist_ok=True)
    (folder / key[:2] / key).write_bytes(data)
    return key


def _looks(body: Body, rng: np.random.Generator) -> Iterator[Look]:
    """Views from about the front or the back, of sizes as in COCO, that show all parts."""
    while True:
        angle = rng.choice([0, np.pi]) + rng.uniform(-0.5, 0.5)
        right = np.array([np.cos(angle), 0.0, np.sin(angle)])
        forward = np.array([-np.sin(angle), 0.0, np.cos(angle)])
        local = body.vertices @ np.stack([right, np.cross(forward, right), forward]).T
        scale = np.clip(np.exp(rng.normal(5.5, 0.4)), 150, 460) / np.ptp(local[:, 1])
        xy = (local[:, :2] - local[:, :2].min(axis=0)) * scale
        xy += rng.uniform((3, 3), np.maximum((WIDTH, HEIGHT) - np.ptp(xy, axis=0) - 3, 4))
        face, bary, _ = rasterize(xy, local[:, 2], body.faces, HEIGHT, WIDTH)
        pixel = np.flatnonzero(face >= 0)
        labels = np.zeros(WIDTH * HEIGHT, np.uint8)
        labels[pixel] = body.part(face.ravel()[pixel])
        if len(np.unique(labels)) <= PARTS:
            continue
        rows, columns = np.divmod(pixel, WIDTH)
        bounds = int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1
        counts = to_coco_rle(labels.reshape(HEIGHT, WIDTH), (0, 0), WIDTH, HEIGHT)
        yield Look(
            {str(part): rle["counts"] for part, rle in counts.items()},
            bounds,
            _outline(rows, columns),
            pixel,
            face.ravel()[pixel],
            bary.reshape(-1, 3)[pixel].astype(np.float64),
            labels[pixel],
        )


def _outline(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> list[float]:
    """A polygon down the left and up the right of some pixels, given by row: x, y, x, y ..."""
    wanted = np.unique(np.linspace(rows.min(), rows.max(), 24).astype(np.int64))
    first, last = np.searchsorted(rows, wanted), np.searchsorted(rows, wanted, "right") - 1
    down = np.stack([columns[first], wanted + 0.5], axis=1)
    up = np.stack([columns[last] + 1, wanted + 0.5], axis=1)[::-1]
    return np.concatenate([down, up]).ravel().tolist()


class _Writer:
    """Enters persons with their work, as the server keeps it."""

    def __init__(
        self, session: Session, project_id: UUID, body: Body, users: list[UUID], rng: np.random.Generator
    ) -> None:
        self._session, self._project_id, self._body, self._users, self._rng = session, project_id, body, users, rng
        self._now = utc_now() - _AGO

    def write(self, numbers: NDArray[np.int64], images: list[UUID], looks: list[Look], points: int) -> None:
        """A batch: one annotator's work."""
        user = self._users[int(self._rng.integers(len(self._users)))]
        rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in imports.TABLES}
        ids = [_id(self._rng) for _ in numbers]
        for id_, number, image, look in zip(ids, numbers.tolist(), images, looks, strict=True):
            self._person(rows, id_, number, image, look, user, points)
        imports.insert_rows(self._session, rows)
        imports.insert_marked(
            self._session, [self._marked(ids, looks, points)], user, self._body.hash, self._at(int(numbers[-1]))
        )

    def _at(self, number: int) -> datetime:
        return self._now + timedelta(milliseconds=number)

    def _person(
        self, rows: dict[Any, list[dict[str, Any]]], id_: UUID, number: int, image: UUID, look: Look, user: UUID,
        points: int,
    ) -> None:  # fmt: skip
        """The rows of a person, but for its points."""
        rng, now, mask = self._rng, self._at(number), _id(self._rng)
        left, top, right, bottom = np.array(look.bounds) + rng.uniform(0, 3, 4) * (-1, -1, 1, 1)
        x, y, w, h = np.round((left, top, right - left, bottom - top), 2).tolist()
        box = {"x": x, "y": y, "w": w, "h": h}
        area = float(len(look.pixel))
        seen = look.pixel[rng.integers(0, len(look.pixel), 17)]
        keypoints = np.stack([seen % WIDTH + 0.5, seen // WIDTH + 0.5, np.full(17, 2.0)], axis=1).ravel().tolist()
        outline: dict[str, Any] = {"keypoints": keypoints, "segmentation": [look.outline]}
        entry = {"id": number + 1, "image_id": number + 1, "bbox": [x, y, w, h], "area": area, **outline}
        rows[models.Person].append({
            "id": id_, "project_id": self._project_id, "image_id": image, **box, "area": area, **outline,
            "source": PersonSource.coco, "source_id": f"coco:{number + 1}", "state": PersonState.done,
            "parts": len(look.counts), "points": points, "marks": points, "created_at": now,
        })  # fmt: skip
        rows[models.PersonRevision].append({"person_id": id_, "revision": 1, "write_id": id_, **box, "created_at": now})
        rows[models.PersonSource].append(
            {"person_id": id_, "entry": entry, "person_revision": 1, "mask_revision": 0, "created_at": now}
        )
        rows[models.Task] += [
            {
                "id": _id(rng), "project_id": self._project_id, "person_id": id_, "kind": kind,
                "state": TaskState.submitted, "created_at": now, "submitted_at": now, "submitted_by": user,
            }
            for kind in (TaskKind.mask, TaskKind.points)
        ]  # fmt: skip
        rows[models.Mask].append({"id": mask, "person_id": id_, "revision": 1, "sampled_revision": 1})
        rows[models.MaskRevision].append({
            "mask_id": mask, "revision": 1, "write_id": mask, "width": WIDTH, "height": HEIGHT, "counts": look.counts,
            "parts": len(look.counts), "area": len(look.pixel), "user_id": user, "seconds": 60.0, "created_at": now,
        })  # fmt: skip

    def _marked(self, ids: list[UUID], looks: list[Look], points: int) -> imports.Marked:
        """Points in pixels of the persons, and marks 2 cm off."""
        chosen = [self._rng.integers(0, len(look.pixel), points) for look in looks]
        pixel, face, bary, part = (
            np.concatenate([getattr(look, name)[at] for look, at in zip(looks, chosen, strict=True)])
            for name in ("pixel", "face", "bary", "part")
        )
        face, bary = place(self._body, face, bary / bary.sum(axis=1, keepdims=True), _NOISE, self._rng)
        chart, u, v = self._body.to_iuv(face, bary)
        x, y = np.stack([pixel % WIDTH, pixel // WIDTH]) + self._rng.random((2, len(pixel)))
        return imports.Marked(
            person=[id_.hex for id_ in ids for _ in range(points)],
            point=_hexes(self._rng, len(pixel)),
            mark=_hexes(self._rng, len(pixel)),
            order=list(range(points)) * len(ids),
            part=part.tolist(), x=x.tolist(), y=y.tolist(),
            face=face.tolist(), bary_0=bary[:, 0].tolist(), bary_1=bary[:, 1].tolist(), bary_2=bary[:, 2].tolist(),
            i=chart.tolist(), u=u.tolist(), v=v.tolist(),
        )  # fmt: skip


def _id(rng: np.random.Generator) -> UUID:
    return UUID(bytes=rng.bytes(16), version=4)


def _hexes(rng: np.random.Generator, count: int) -> list[str]:
    """Random ids."""
    text = rng.bytes(16 * count).hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]
