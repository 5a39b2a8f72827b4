"""The parts of DensePose: 14 coarse parts (mask labels) and 24 charts (Güler et al., CVPR 2018, arXiv 1802.00434).

Label 0 is background everywhere. Left and right are the person's own. A body carries tables of its own
(``surface.body``); these are the ones that the DensePose-COCO format fixes.
"""

import numpy as np

COARSE_COUNT = 14
FINE_COUNT = 24

COARSE_NAMES: tuple[str, ...] = (
    "Background",
    "Torso",
    "Right Hand",
    "Left Hand",
    "Left Foot",
    "Right Foot",
    "Upper Leg Right",
    "Upper Leg Left",
    "Lower Leg Right",
    "Lower Leg Left",
    "Upper Arm Left",
    "Upper Arm Right",
    "Lower Arm Left",
    "Lower Arm Right",
    "Head",
)
"""Name of each coarse label, index 0 to 14."""

FINE_TO_COARSE: tuple[int, ...] = (
    0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14,
)  # fmt: skip
"""Coarse label of each chart, index 0 to 24."""

COARSE_MIRROR: tuple[int, ...] = (0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14)
"""Coarse label seen in the mirror, index 0 to 14."""

FINE_MIRROR: tuple[int, ...] = (
    0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23,
)  # fmt: skip
"""Chart seen in the mirror, index 0 to 24; 1 and 2 (torso) map to themselves."""

ANNOTATION_ORDER: tuple[int, ...] = (14, 1, 11, 13, 2, 10, 12, 3, 6, 8, 5, 7, 9, 4)
"""Coarse labels from head to foot along each limb: neighbours on the body follow each other."""


def charts_of(coarse: int) -> tuple[int, ...]:
    """Charts that make up a coarse part, ascending. Raises ValueError for a label outside 1..14."""
    if not 1 <= coarse <= COARSE_COUNT:
        raise ValueError(f"coarse part {coarse} is outside 1..{COARSE_COUNT}")
    return tuple(fine for fine, part in enumerate(FINE_TO_COARSE) if part == coarse)


def fine_to_coarse(fine: np.ndarray) -> np.ndarray:
    """Coarse labels (...) u8 of chart numbers (...); raises ValueError for a number outside 0..24."""
    fine = np.asarray(fine)
    if fine.size and (fine.min() < 0 or fine.max() > FINE_COUNT):
        raise ValueError(f"chart number {fine.min() if fine.min() < 0 else fine.max()} is outside 0..{FINE_COUNT}")
    return np.asarray(FINE_TO_COARSE, np.uint8)[fine.astype(np.intp)]
