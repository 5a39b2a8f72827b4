"""Surface points of an image's persons, on a body where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from export.read import Sample
from model import vertices
from surface.body import Body

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ROUNDING = 1e-4  # by which U and V of the same point may differ between two files
_found: WeakKeyDictionary[Body, tuple[NDArray[np.int32], NDArray[np.float64]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Points:
    """Surface points in an image, N of them.

    :param person: (N,) i8 rows of the persons.
    :param xy: (N, 2) f4 in pixels.
    :param chart: (N,) i8 I, from 1; 0 where only a vertex is known.
    :param uv: (N, 2) f4 in [0, 1].
    :param vertex: (N,) i8 of the body's mesh; -1 where only I, U, V are known.
    :param weight: (N,) f4.
    :param face, bary: (N,) i4 and (N, 3) f8, the points on the body; None where there is none.
    """

    person: Ints
    xy: Floats
    chart: Ints
    uv: Floats
    vertex: Ints
    weight: Floats
    face: NDArray[np.int32] | None = None
    bary: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.xy)


def points_of(people: Sequence[Sample], body: Body | None) -> Points:
    """The points of an image's persons. A body tells the vertices of charts (the nearest) and the charts of vertices.

    :raises ValueError: naming the annotation, for points that are not on the body.
    """
    found = [_points(row, person, body) for row, person in enumerate(people) if len(person.xy)]
    if not found:
        return _none(body)
    joined: dict[str, Any] = {
        name: None if value is None else np.concatenate([getattr(points, name) for points in found])
        for name, value in vars(found[0]).items()
    }
    return Points(**joined)


def _points(row: int, person: Sample, body: Body | None) -> Points:
    count = len(person.xy)
    charts, vertex = person.iuv, person.vertex
    face = bary = None
    if body is not None:
        try:
            face, bary = on_body(person, body)
        except ValueError as error:
            raise ValueError(f"annotation {person.id}: {error}") from error
        if charts is None:
            charts = np.stack(body.to_iuv(face, bary), axis=1)
        if vertex is None:
            vertex = vertices.of_points(body, face, bary)
    iuv = np.zeros((count, 3)) if charts is None else charts
    return Points(
        person=np.full(count, row, np.int64),
        xy=person.xy.astype(np.float32),
        chart=iuv[:, 0].astype(np.int64),
        uv=iuv[:, 1:].astype(np.float32),
        vertex=np.full(count, -1, np.int64) if vertex is None else vertex,
        weight=np.ones(count, np.float32),
        face=face,
        bary=bary,
    )


def on_body(person: Sample, body: Body) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """A person's points on a body: face (N,), bary (N, 3).

    :raises ValueError: they are not on it.
    """
    if person.surface is not None:
        _require_same(person, body)
        return person.surface
    if person.iuv is not None:
        return body.from_iuv(*person.iuv.T)
    assert person.vertex is not None
    if person.mesh != body.name:
        raise ValueError(f"its vertices are of the mesh {person.mesh!r}, not of {body.name!r}")
    if person.vertex.max() >= len(body.vertices):
        raise ValueError(f"vertex {person.vertex.max()} is none of {len(body.vertices)}")
    face, bary = _vertices(body)
    return face[person.vertex], bary[person.vertex]


def _vertices(body: Body) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The body's vertices as surface points, found once."""
    if body not in _found:
        _found[body] = vertices.points(body)
    return _found[body]


def _require_same(person: Sample, body: Body) -> None:
    """Raises ValueError unless the surface points have on the body the charts that they have in the dataset."""
    assert person.surface is not None
    assert person.iuv is not None
    if (person.surface[0] < len(body.faces)).all():
        there: NDArray[np.float64] = np.stack(body.to_iuv(*person.surface), axis=1)
        if np.abs(there - person.iuv).max() < _ROUNDING:
            return
    raise ValueError(f"its points are not on body {body.name} {body.hash[:12]}")


def _none(body: Body | None) -> Points:
    on = None if body is None else (np.zeros(0, np.int32), np.zeros((0, 3)))
    return Points(
        person=np.zeros(0, np.int64),
        xy=np.zeros((0, 2), np.float32),
        chart=np.zeros(0, np.int64),
        uv=np.zeros((0, 2), np.float32),
        vertex=np.zeros(0, np.int64),
        weight=np.zeros(0, np.float32),
        face=None if on is None else on[0],
        bary=None if on is None else on[1],
    )
