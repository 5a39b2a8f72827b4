"""What the DensePose-COCO format fixes: 14 mask labels and 24 charts (Güler et al., CVPR 2018, arXiv 1802.00434).

Label 0 is background everywhere. Left and right are the person's own. Every body has tables of its own
(``surface.body``); these are for writing that format and nothing else.
"""

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
"""Name of each mask label, index 0 to 14."""

FINE_TO_COARSE: tuple[int, ...] = (
    0, 1, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 14,
)  # fmt: skip
"""Mask label of each chart, index 0 to 24."""

COARSE_MIRROR: tuple[int, ...] = (0, 1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14)
"""Mask label seen in the mirror, index 0 to 14."""

FINE_MIRROR: tuple[int, ...] = (
    0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23,
)  # fmt: skip
"""Chart seen in the mirror, index 0 to 24; 1 and 2 (torso) map to themselves."""
