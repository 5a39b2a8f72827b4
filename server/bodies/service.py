"""What the API says about bodies and surface points."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from server.bodies.registry import LoadedBody
from server.bodies.schemas import Body, PartInfo, ViewInfo
from server.marks.schemas import Projection, SurfacePoint
from server.problems import RefusedError
from surface import views

Bary = tuple[float, float, float]


def describe(loaded: LoadedBody) -> Body:
    """The body's parts and views."""
    body = loaded.body
    return Body(
        name=body.name,
        hash=body.hash,
        parts=[
            PartInfo(
                label=label,
                name=name,
                side=_side(name),
                mirror=int(body.part_mirror[label]),
                charts=(np.flatnonzero(body.chart_part == label) + 1).tolist(),
                views=[ViewInfo(index=v.index, name=v.name, title=v.title) for v in loaded.views[label]],
            )
            for label, name in enumerate(body.part_names, start=1)
        ],
    )


def pick(loaded: LoadedBody, part: int, view: int, x: float, y: float) -> SurfacePoint:
    """The surface point under a place in a view, x and y in [0,1]; raises RefusedError beside the part."""
    picked = views.pick(loaded.body, loaded.views[part][view], x, y)
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
    by_view = [(view.index, views.project(loaded.body, view, face, bary)) for view in loaded.views[part]]
    return [
        [
            Projection(view=index, x=float(x[n]), y=float(y[n]), visible=bool(visible[n]))
            for index, (x, y, visible) in by_view
        ]
        for n in range(len(face))
    ]


def _side(name: str) -> Literal["left", "right"] | None:
    if "Left" in name:
        return "left"
    return "right" if "Right" in name else None
