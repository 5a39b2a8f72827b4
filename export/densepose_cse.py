"""Entries for continuous surface embeddings (Neverova et al., NeurIPS 2020, arXiv 2011.12438; docs/formats.md).

A point names a vertex of a mesh instead of a place in a chart, so that any body will do, whatever its parts and charts.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from export import coco
from export.densepose_coco import positions, square_masks
from export.densepose_parts import COARSE_NAMES
from export.records import ImageRecord, PersonRecord, Points
from surface.body import Body


def entry(person: PersonRecord, image: ImageRecord, body: Body) -> dict[str, Any]:
    """The annotation entry of a person, with ``dp_`` keys and ``ref_model`` if it has points.

    :raises ValueError: for what no reader could use.
    """
    if not len(person.points):
        return coco.entry(person, image)
    bbox = coco.box(person)
    mask = None if person.square is not None else person.label_map(image)
    placed = positions(person, bbox)
    return coco.entry(person, image, mask) | {
        "dp_masks": (person.square if mask is None else square_masks(_known_parts(mask, body), bbox, person.points.xy)),
        **placed,
        "dp_vertex": vertices(person.points, body).tolist(),
        "ref_model": body.name,
    }


def vertices(points: Points, body: Body) -> NDArray[np.int64]:
    """Vertex (N,), 0-based, that each point is nearest to in its triangle: the corner with the largest barycentric
    coordinate, the first one on ties.

    :raises ValueError: a point's face is none of the body's, or its barycentrics are not finite.
    """
    face, bary = points.face, points.bary
    if face.shape != (len(points),) or bary.shape != (len(points), 3) or not np.isfinite(bary).all():
        raise ValueError("a point has no place on the body")
    if face.min() < 0 or face.max() >= len(body.faces):
        raise ValueError(f"a face is outside 0..{len(body.faces) - 1}")
    return body.faces[face, bary.argmax(axis=1)].astype(np.int64)


def _known_parts(mask: coco.Mask, body: Body) -> coco.Mask:
    """The mask with the 14 labels of DensePose, or, of a body with other parts, the person as a whole under label 1.

    The reference trainer mirrors labels by a table of its own, in which 1 alone is always its own image, and its
    evaluator and the embeddings' networks look no further than at person or background.
    """
    label_map, origin = mask
    if label_map is None or body.part_names == COARSE_NAMES[1:]:
        return mask
    return (label_map > 0).astype(np.uint8), origin
