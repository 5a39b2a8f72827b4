"""Which bodies a DensePose-COCO file can be written on, and what it says of marks that come from another body."""

from dataclasses import asdict, replace

import numpy as np

from export.densepose_parts import COARSE_NAMES, FINE_TO_COARSE
from export.records import Points
from surface.body import Body
from surface.transfer import Transfer
from surface.transfer_figures import Figures


def require_parts(body: Body) -> None:
    """Raises ValueError unless a body has the format's 14 parts in its order, so that part masks mean the same."""
    if body.part_names != COARSE_NAMES[1:]:
        raise ValueError(
            f"densepose-coco needs the 14 parts of DensePose in their order; "
            f"body {body.name!r} has {len(body.part_names)}: {', '.join(body.part_names[:3])} ..."
        )


def require_charts(body: Body) -> None:
    """Raises ValueError unless a body has the format's 24 charts on its 14 parts."""
    require_parts(body)
    if not has_charts(body):
        raise ValueError(
            f"densepose-coco needs the 24 charts of DensePose in their order; "
            f"body {body.name!r} has {len(body.chart_part)} charts, or others of them on each part"
        )


def has_charts(body: Body) -> bool:
    """Whether a body has the format's 14 parts and 24 charts."""
    return body.part_names == COARSE_NAMES[1:] and tuple(body.chart_part.tolist()) == FINE_TO_COARSE[1:]


def name_of(body: Body) -> dict[str, str]:
    """A body's name and hash, as files carry them."""
    return {"body": body.name, "body_hash": body.hash}


def transferred_from(body: dict[str, str], figures: Figures) -> dict[str, object]:
    """What a file says of a transfer: the body where the marks were made, as `name_of` has it, and the transfer's
    figures (lengths in metres)."""
    return {**body, "figures": asdict(figures)}


def transferred(points: Points, transfer: Transfer) -> tuple[Points, int]:
    """Points as they are on the transfer's target, and how many of them came to lie in another part."""
    face, bary = transfer.apply(points.face, points.bary)
    changed = int((transfer.source.part(points.face) != transfer.target.part(face)).sum())
    return replace(points, face=face, bary=bary, iuv=np.stack(transfer.target.to_iuv(face, bary), axis=1)), changed
