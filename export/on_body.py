"""Which bodies a DensePose-COCO file can be written on, and what it says of marks that come from another body."""

from dataclasses import asdict

from export.densepose_parts import COARSE_NAMES, FINE_TO_COARSE
from surface.body import Body
from surface.transfer import Transfer


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


def transferred_from(transfer: Transfer) -> dict[str, object]:
    """What a file says of a transfer: where the marks were made, and the transfer's figures (lengths in metres)."""
    return {**name_of(transfer.source), "figures": asdict(transfer.figures)}
