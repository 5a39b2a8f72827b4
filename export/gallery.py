"""A dataset as one page that needs nothing else: each person's photo, mask and points, and the points on the body.

The page is a file without any link to the outside; it holds as many persons as it is asked to, and says of how many.
"""

import base64
import html
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pycocotools import mask as coco_mask

from annotation.masks import MOST_PARTS, decode_rle
from annotation.polygons import polygon_fault
from export import stream
from export.files import replacing
from export.square import SIZE, from_box, resample_mask
from surface.body import Body

MOST = 200
"""Persons in a page, if not told otherwise: about 9 MB."""

Photo = Callable[[str], bytes | None]
"""Bytes of the photo with a file name, or None."""

_SIDE = 720  # pixels of a crop's longer side
_AROUND = 0.12  # of the box's longer side, shown on each side of it
_LARGEST, _PIXELS = 2**16, 2**28  # of an image's sides, and in all
_LISTS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
_WHOLE = (63, 111, 212)  # colour of the one mask label of a body whose parts are not the format's


@dataclass
class Dataset:
    """What a page shows of dataset files.

    :param persons: each with the file's name and its image's entry, those with points first.
    :param count: persons in the files.
    :param annotated: those of them with points.
    :param body_hash: of the body that the files say their points are on, "" if they do not.
    """

    persons: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)
    count: int = 0
    annotated: int = 0
    body_hash: str = ""


def read(paths: Sequence[Path], most: int = MOST) -> Dataset:
    """The first persons of dataset files, up to ``most``, those with points before the others; streamed.

    :raises ValueError: a file is no dataset file; the message names it.
    """
    found = Dataset()
    kept: tuple[list[Any], list[Any]] = ([], [])
    for path in paths:
        images: dict[Any, Mapping[str, Any]] = {}
        mine: list[tuple[bool, Mapping[str, Any]]] = []
        seen = set()
        for item in stream.items(path):
            seen.add(item.key)
            if item.key == "info" and isinstance(item.value, Mapping):
                made = item.value.get("densemark")
                found.body_hash = str(made.get("body_hash", "")) if isinstance(made, Mapping) else found.body_hash
            if item.number < 0 or not isinstance(item.value, Mapping):
                continue
            if item.key == "images":
                images[_key(item.value, "id", f"{path}: image number {item.number}")] = item.value
            elif item.key == "annotations":
                _key(item.value, "image_id", f"{path}: annotation {item.value.get('id')!r:.80}")
                bare = not item.value.get("dp_x")
                found.count += 1
                found.annotated += not bare
                if len(kept[bare]) + sum(side == bare for side, _ in mine) < most:
                    mine.append((bare, item.value))
        if not {"images", "annotations"} <= seen:
            raise ValueError(f"{path}: no dataset file (it has no images or no annotations)")
        for bare, entry in mine:
            kept[bare].append((path.stem, entry, images.get(entry.get("image_id"), {})))
    found.persons = [*kept[0], *kept[1]][:most]
    return found


def write(out: Path, dataset: Dataset, body: Body, photo: Photo, title: str) -> None:
    """Write the page, whole or not at all; one person is in memory at a time.

    :raises ValueError: a person's entry is broken; the message names it.
    """
    head, tail = _page(title).split("{{data}}")
    with replacing(out) as file:
        file.write(head)
        file.write('{"body":' + _json(_body(body)))
        file.write(f',"count":{dataset.count},"annotated":{dataset.annotated},"persons":[')
        for index, person in enumerate(dataset.persons):
            try:
                shown = _person(*person, body, photo)
            except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
                said = f"has no {error}" if isinstance(error, KeyError) else str(error)
                raise ValueError(f"annotation {person[1].get('id')!r:.80}: {said}") from error
            file.write(("," if index else "") + _json(shown))
        file.write("]}" + tail)


def _key(entry: Mapping[str, Any], name: str, where: str) -> Any:
    """An image's id. Raises ValueError if it is nothing that an image can be found by."""
    value = entry.get(name)
    if value is not None and not isinstance(value, int | str):
        raise ValueError(f"{where}: {name} is {value!r:.80}, no whole number")
    return value


@cache
def _asset(name: str) -> str:
    return (files("export") / "gallery_page" / name).read_text("utf-8")


def _page(title: str) -> str:
    page = _asset("page.html")
    for name, text in (
        ("style", _asset("page.css")),
        ("script", _asset("viewer.js") + _asset("page.js")),
        ("title", html.escape(title).replace("{", "&#123;")),
    ):
        page = page.replace("{{" + name + "}}", text)
    return page


def _json(value: Any) -> str:
    """JSON that may stand in a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _body(body: Body) -> dict[str, Any]:
    """The mesh in 16 bits a coordinate, for the viewer."""
    low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
    centre, half = (low + high) / 2, float((high - low).max() / 2) or 1.0
    wide = "<u4" if len(body.vertices) > 2**16 else "<u2"
    return {
        "name": body.name,
        "centre": centre.tolist(),
        "half": half,
        "vertices": _base64(np.round((body.vertices - centre) / half * 32767).astype("<i2").tobytes()),
        "faces": _base64(body.faces.astype(wide).tobytes()),
        "wide": wide == "<u4",
        "faceParts": _base64(body.face_part.tobytes()),
        "parts": [[name, colour.tolist()] for name, colour in zip(body.part_names, body.colours, strict=True)],
    }


def _person(name: str, entry: Mapping[str, Any], image: Mapping[str, Any], body: Body, photo: Photo) -> dict[str, Any]:
    bbox = [float(value) for value in entry["bbox"]]
    file_name = str(image.get("file_name", ""))
    crop = _crop(bbox, *_size(image))
    x, y, w, h = crop
    return {
        "id": entry.get("id"),
        "set": name,
        "image": file_name,
        "aspect": w / h,
        "photo": _picture(photo(file_name) if file_name else None, crop),
        "box": [(bbox[0] - x) / w, (bbox[1] - y) / h, bbox[2] / w, bbox[3] / h],
        "mask": _mask(entry, bbox, image, body),
        **_points(entry, bbox, crop, body),
    }


def _size(image: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of an image as its entry states them, 0 each where it does not."""
    size = image.get("width", 0), image.get("height", 0)
    if not all(isinstance(side, int) and 0 <= side <= _LARGEST for side in size) or size[0] * size[1] > _PIXELS:
        raise ValueError(f"image {image.get('id')} has no usable size ({size[0]!r:.20} x {size[1]!r:.20})")
    return size


def _crop(bbox: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """x, y, w, h of what is shown of the photo: the box and some of what is around it."""
    if len(bbox) != 4 or not np.isfinite(bbox).all() or min(bbox[2:]) <= 0:
        raise ValueError(f"box {list(bbox)} has no area")
    x, y, w, h = bbox
    around = _AROUND * max(w, h)
    x0, y0, x1, y1 = x - around, y - around, x + w + around, y + h + around
    if width > 0 and height > 0:
        x0, y0 = max(0.0, min(x0, x)), max(0.0, min(y0, y))
        x1, y1 = min(max(x + w, float(width)), x1), min(max(y + h, float(height)), y1)
    return x0, y0, x1 - x0, y1 - y0


def _picture(content: bytes | None, crop: tuple[float, float, float, float]) -> str | None:
    """The crop as a JPEG in a data URL; None without a photo that can be read."""
    if content is None:
        return None
    x, y, w, h = crop
    scale = min(1.0, _SIDE / max(w, h))
    try:
        with Image.open(io.BytesIO(content)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError):
        return None
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    out = io.BytesIO()
    area = (x, y, x + w, y + h)
    upright.transform(size, Image.Transform.EXTENT, area, Image.Resampling.BICUBIC).save(out, "JPEG", quality=82)
    return "data:image/jpeg;base64," + _base64(out.getvalue())


def _mask(entry: Mapping[str, Any], bbox: Sequence[float], image: Mapping[str, Any], body: Body) -> str | None:
    """The box's square of part labels, else of the outline, as a PNG with the parts' colours in a data URL."""
    masks = entry.get("dp_masks")
    if masks:
        labels = np.zeros((SIZE, SIZE), np.uint8)
        listed = [masks] if isinstance(masks, Mapping) else masks
        if len(listed) > MOST_PARTS:
            raise ValueError(f"dp_masks has {len(listed)} items; there are no more than {MOST_PARTS} parts")
        for label, mask in enumerate(listed, start=1):
            if mask:
                labels[_decoded(mask, (SIZE, SIZE))] = label
    elif entry.get("segmentation"):
        labels = resample_mask(_outline(entry["segmentation"], image).astype(np.uint8), (0, 0), bbox)
    else:
        return None
    parts = isinstance(masks, list) and len(masks) == len(body.part_names)
    colours = body.colours if parts else np.array([_WHOLE], np.uint8)
    png = Image.fromarray(labels)
    png.putpalette([0, 0, 0, *np.resize(colours, (255, 3)).reshape(-1).tolist()])
    out = io.BytesIO()
    png.save(out, "PNG", transparency=0, optimize=True)
    return "data:image/png;base64," + _base64(out.getvalue())


def _decoded(rle: Mapping[str, Any], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask of height and width. Raises ValueError for another size, before anything of that size is made."""
    if rle.get("size") != list(size):
        raise ValueError(f"a mask has the size {rle.get('size')!r:.80}, not {list(size)}")
    return decode_rle(rle)


def _outline(segmentation: Any, image: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Boolean mask (h, w) of the whole image."""
    width, height = _size(image)
    if isinstance(segmentation, Mapping):
        return _decoded(segmentation, (height, width))
    for number, polygon in enumerate(segmentation):
        if fault := polygon_fault(polygon):
            raise ValueError(f"segmentation: polygon {number} {fault}")
    if not width or not height:
        raise ValueError("its image has no size")
    rles = coco_mask.frPyObjects(segmentation, height, width)
    return coco_mask.decode(coco_mask.merge(rles)).astype(bool)


def _points(
    entry: Mapping[str, Any], bbox: Sequence[float], crop: tuple[float, float, float, float], body: Body
) -> dict[str, Any]:
    """Place in the crop (fractions), part and place on the body (metres) and its normal, of each point; those without
    a chart are passed over, as the reference evaluator does."""
    if "dp_I" in entry:
        kept = [row for row, chart in enumerate(entry["dp_I"]) if 1 <= chart <= len(body.chart_names)]
        entry = {key: [values[row] for row in kept] for key, values in entry.items() if key in _LISTS}
    if not entry.get("dp_x"):
        return {"points": []}
    place = np.stack([np.array(entry[key], np.float64) for key in ("dp_x", "dp_y")], axis=1)
    xy = (from_box(place, bbox) - crop[:2]) / crop[2:]
    face, where = _on_body(entry, body)
    if len(face) != len(xy):
        raise ValueError(f"{len(xy)} positions have {len(face)} places on the body")
    a, b, c = np.moveaxis(body.vertices[body.faces[face]], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    part = body.part(face)
    rows = zip(xy.tolist(), part.tolist(), where.tolist(), normal.tolist(), _words(entry), strict=True)
    return {
        "points": [
            [*(round(v, 5) for v in at), part, *(round(v, 4) for v in on), *(round(v, 2) for v in out), words]
            for at, part, on, out, words in rows
        ]
    }


def _on_body(entry: Mapping[str, Any], body: Body) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    if "dp_vertex" in entry:
        vertex = np.array(entry["dp_vertex"], np.int64)
        if vertex.min() < 0 or vertex.max() >= len(body.vertices):
            raise ValueError(f"a vertex is none of body {body.name!r}")
        return _a_face(body)[vertex], body.vertices[vertex]
    face, bary = body.from_iuv(*(np.array(entry[key], np.float64) for key in ("dp_I", "dp_U", "dp_V")))
    return face, body.position(face, bary)


def _a_face(body: Body) -> NDArray[np.int32]:
    """(V,) one of the faces at each vertex."""
    found = np.zeros(len(body.vertices), np.int32)
    found[body.faces.reshape(-1)] = np.arange(body.faces.size, dtype=np.int32) // 3
    return found


def _words(entry: Mapping[str, Any]) -> Iterator[str]:
    if "dp_vertex" in entry:
        return (f"vertex {vertex}" for vertex in entry["dp_vertex"])
    iuv = zip(entry["dp_I"], entry["dp_U"], entry["dp_V"], strict=True)
    return (f"I {i:.0f}, U {u:.3f}, V {v:.3f}" for i, u, v in iuv)
