"""Records of persons out of label maps and points, as the tests of the writers want them."""

import numpy as np

from annotation.masks import to_coco_rle
from export.records import ImageRecord, PersonRecord, Points

IMAGE = ImageRecord(11, "a.jpg", 320, 240)


def points_of(xy=(), iuv=(), face=None, bary=None):
    """N points; on face 0 unless said otherwise."""
    xy = np.array(xy, np.float64).reshape(-1, 2)
    count = len(xy)
    return Points(
        xy=xy,
        part=np.ones(count, np.uint8),
        face=np.zeros(count, np.int32) if face is None else np.array(face, np.int32),
        bary=np.tile([1.0, 0.0, 0.0], (count, 1)) if bary is None else np.array(bary, np.float64),
        iuv=np.array(iuv, np.float64).reshape(-1, 3),
        marks=np.ones(count, np.int32),
        spread=np.full(count, np.nan),
        seconds=np.full(count, np.nan),
    )


def person_of(label_map=None, origin=(0, 0), image=IMAGE, xy=(), iuv=(), face=None, bary=None, **values):
    """A person whose part mask is a label map (h, w) u8 at ``origin``."""
    masks = {}
    if label_map is not None:
        rles = to_coco_rle(label_map, origin, image.width, image.height)
        masks = {label: rle["counts"] for label, rle in rles.items()}
    return PersonRecord(
        **{"id": 1, "image_id": image.id, "masks": masks, "points": points_of(xy, iuv, face, bary)} | values
    )
