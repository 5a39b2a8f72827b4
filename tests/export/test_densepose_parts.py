"""The tables of the DensePose-COCO format agree with each other."""

from export.densepose_parts import (
    COARSE_COUNT,
    COARSE_MIRROR,
    COARSE_NAMES,
    FINE_COUNT,
    FINE_MIRROR,
    FINE_TO_COARSE,
)


def test_part_tables_agree_with_each_other():
    assert (len(COARSE_NAMES), len(COARSE_MIRROR)) == (COARSE_COUNT + 1, COARSE_COUNT + 1)
    assert (len(FINE_TO_COARSE), len(FINE_MIRROR)) == (FINE_COUNT + 1, FINE_COUNT + 1)
    assert set(FINE_TO_COARSE) == set(range(COARSE_COUNT + 1))
    for label, mirror in enumerate(COARSE_MIRROR):
        assert COARSE_MIRROR[mirror] == label
        swapped = COARSE_NAMES[label].replace("Left", "@").replace("Right", "Left").replace("@", "Right")
        assert COARSE_NAMES[mirror] == swapped
    for fine, mirror in enumerate(FINE_MIRROR):
        assert FINE_MIRROR[mirror] == fine
        assert FINE_TO_COARSE[mirror] == COARSE_MIRROR[FINE_TO_COARSE[fine]]
