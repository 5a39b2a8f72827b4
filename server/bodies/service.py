"""What the API says about bodies and surface points."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from server.bodies.registry import Bodies, LoadedBody
from server.bodies.schemas import Body, BodyList, BodySummary, ChartInfo, DamagedBody, PartInfo, ViewInfo
from server.marks.schemas import Projection, SurfacePoint
from server.problems import RefusedError
from surface import views
from surface.body import Body as Surface
from surface.colours import chart_colours
from surface.frames import side


def list_bodies(bodies: Bodies) -> BodyList:
    """The bodies by name, and what is wrong with files that are none."""
    seen: set[str] = set()
    items = []
    for found in bodies.all():
        items.append(
            BodySummary(
                name=found.name,
                hash=found.hash,
                vertices=found.vertices,
                faces=found.faces,
                charts=found.charts,
                parts=found.parts,
                symmetric=found.symmetric,
                current=found.name not in seen,
            )
        )
        seen.add(found.name)
    damaged = [DamagedBody(file=found.file, problem=found.problem) for found in bodies.damaged()]
    return BodyList(items=items, damaged=damaged)


def describe(loaded: LoadedBody) -> Body:
    """The body's parts, their views, and its charts."""
    body = loaded.body
    tints = np.round(255 * chart_colours(body)).astype(int)
    return Body(
        name=body.name,
        hash=body.hash,
        symmetric=body.symmetric,
        vertices=len(body.vertices),
        faces=len(body.faces),
        parts=[
            PartInfo(
                label=label,
                name=name,
                side=_side(body, label),
                mirror=int(body.part_mirror[label]),
                charts=(np.flatnonzero(body.chart_part == label) + 1).tolist(),
                colour="#{:02x}{:02x}{:02x}".format(*body.colours[label - 1].tolist()),
                views=[ViewInfo(index=v.index, name=v.name, title=v.title) for v in loaded.views(label)],
            )
            for label, name in enumerate(body.part_names, start=1)
        ],
        charts=[
            ChartInfo(
                chart=chart,
                name=name,
                part=int(body.chart_part[chart - 1]),
                mirror=int(body.chart_mirror[chart]),
                colour="#{:02x}{:02x}{:02x}".format(*tints[chart - 1].tolist()),
            )
            for chart, name in enumerate(body.chart_names, start=1)
        ],
    )


def mesh(loaded: LoadedBody) -> bytes:
    """The mesh as little-endian arrays one after the other: positions (V,3) f32 in metres, faces (F,3) u32, U,V of the
    faces' corners (F,3,2) f32, and the faces' charts (F,) u8."""
    body = loaded.body
    arrays = (("<f4", body.vertices), ("<u4", body.faces), ("<f4", body.face_uv), ("u1", body.face_chart))
    return b"".join(np.ascontiguousarray(array, dtype).tobytes() for dtype, array in arrays)


def check_part(loaded: LoadedBody, part: int) -> None:
    """Raise RefusedError for a part that the body does not have."""
    if not 1 <= part <= loaded.parts:
        raise RefusedError(f"part {part} is outside 1..{loaded.parts}, the parts of {loaded.name}")


def pick(loaded: LoadedBody, part: int, view: int, x: float, y: float) -> SurfacePoint:
    """The surface point under a place in a view, x and y in [0,1]; raises RefusedError beside the part."""
    check_part(loaded, part)
    picked = views.pick(loaded.body, loaded.views(part)[view], x, y)
    name = loaded.body.part_names[part - 1]
    if picked is None:
        raise RefusedError(f"nothing of the body is there; click on the {name}")
    face, bary = int(picked[0]), np.asarray(picked[1], np.float64)
    hit = int(loaded.body.part(np.array([face]))[0])
    if hit != part:
        raise RefusedError(f"that is the {loaded.body.part_names[hit - 1]}; click on the {name}")
    i, u, v = loaded.body.to_iuv(np.array([face]), bary[None])
    return SurfacePoint(
        face=face,
        bary=(float(bary[0]), float(bary[1]), float(bary[2])),
        i=int(i[0]),
        u=float(u[0]),
        v=float(v[0]),
        projections=project(loaded, part, [face], [bary.tolist()])[0],
    )


def project(
    loaded: LoadedBody, part: int, faces: Sequence[int], barys: Sequence[Sequence[float]]
) -> list[list[Projection]]:
    """Where each of N surface points falls on the six views of a part."""
    face, bary = np.asarray(faces, np.int32), np.asarray(barys, np.float64).reshape(-1, 3)
    by_view = [(view.index, views.project(loaded.body, view, face, bary)) for view in loaded.views(part)]
    return [
        [
            Projection(view=index, x=float(x[n]), y=float(y[n]), visible=bool(visible[n]))
            for index, (x, y, visible) in by_view
        ]
        for n in range(len(face))
    ]


def _side(body: Surface, label: int) -> Literal["left", "right"] | None:
    """The side that a part is on, by its name, if it has a counterpart on the other."""
    named = side(body.part_names[label - 1])
    if body.part_mirror[label] == label or named is None:
        return None
    return "left" if named == "left" else "right"
