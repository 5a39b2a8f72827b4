"""Pictures of the worst persons: what the detection sees, over the photo, and how far off each point is."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy.ndimage import binary_dilation, binary_erosion

from evaluation.detection import masks
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.page_tables import share
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import Evaluation
from evaluation.detection.summary import Parts, PersonFigures, Summary

Photo = Callable[[str], bytes | None]
"""Bytes of the photo with a file name, or None."""

SCALE = ((0.0, "#fff3b0"), (0.05, "#fecf5c"), (0.1, "#fd9a3c"), (0.2, "#ee4e2b"), (0.3, "#b3123f"))
"""Colours of errors in metres; darker is worse, so that people who see few colours can read it."""

_SIDE = 480  # pixels of a photo's longer side
_DRAWN = 320  # of the drawing over it
_AROUND = 0.08  # of the boxes' longer side, shown on each side of them
_SMALLEST = 24.0  # pixels of a photo shown at least
_OUTLINE, _HALO = 255, 254  # palette indices of the outline of the annotated person and of what sets it off


class _Window(NamedTuple):
    """What is shown of an image, in its pixels."""

    x: float
    y: float
    w: float
    h: float


def section(
    summary: Summary, found: Evaluation, truth: GroundTruth, predictions: Predictions, parts: Parts, photo: Photo | None
) -> Iterator[str]:
    """The section, person by person."""
    yield f"""<section id="worst"><h2>Worst persons</h2>
<p class="lead">{_lead(summary)}</p>
"""
    if summary.worst or summary.missed:
        yield _legend(photo is not None)
    if summary.worst:
        yield '<div class="people">'
        for person in summary.worst:
            yield _card(person, found, truth, predictions, parts, photo)
        yield "</div>\n"
    if summary.missed:
        count = summary.counts.measured - summary.counts.found
        more = f", the {len(summary.missed)} with the most points shown" if count > len(summary.missed) else ""
        yield f"<h3>Not found <small>{count:,} of {summary.counts.measured:,} persons with points{more}</small></h3>"
        yield '<div class="people">'
        for person in summary.missed:
            yield _card(person, found, truth, predictions, parts, photo)
        yield "</div>\n"
    yield "</section>\n"


def _lead(summary: Summary) -> str:
    if not summary.counts.points:
        return "No person has points: there is nothing to show."
    if not summary.worst:
        return "No person is shown."
    return (
        f"The {len(summary.worst):,} of {summary.counts.found:,} persons found whose best detection has the lowest GPS."
        " The coloured area is what that detection sees, by part; the white line is the annotated person; the dots are"
        " the annotated points, coloured by how far off the detection is there. Click a picture to enlarge it."
    )


def _legend(photos: bool) -> str:
    stops = ",".join(f"{colour} {100 * metres / SCALE[-1][0]:.0f}%" for metres, colour in SCALE)
    ticks = "".join(f"<span>{100 * metres:.0f}</span>" for metres, _ in (SCALE[0], SCALE[2], SCALE[3], SCALE[4]))
    toggles = [("photos", "Photo")] if photos else []
    toggles += [("areas", "Detection"), ("dots", "Points")]
    boxes = "".join(
        f'<label><input type="checkbox" data-hides="{name}" checked> {words}</label>' for name, words in toggles
    )
    return f"""<div class="legend"><div class="scale" role="img" aria-label="Colours of errors, 0 to 30 cm and more">\
<div style="background:linear-gradient(90deg,{stops})"></div><div>{ticks}</div></div><span>cm off, and more</span>\
<span class="key"><svg viewBox="-5 -5 10 10" width="14" height="14"><path class="cross" d="M-4-4 4 4M4-4-4 4"/></svg>\
seen as background</span><div class="toggles">{boxes}</div></div>
"""


def _card(
    person: PersonFigures,
    found: Evaluation,
    truth: GroundTruth,
    predictions: Predictions,
    parts: Parts,
    photo: Photo | None,
) -> str:
    name = html.escape(person.file_name or f"image {person.image_id}")
    points, seen = person.points, 1 - person.points.background
    if person.detection:
        words = f"median {100 * points.median:.1f} cm, {100 * seen:.0f}% of {points.points:,} points on the body"
        figures = f"<span>GPS <b>{share(person.gps)}</b></span><span>IoU <b>{share(person.iou)}</b></span>"
        which = f"annotation {person.annotation_id}, detection {person.detection} (score {person.score:.2f})"
    else:
        words = f"no detection sees any of {points.points:,} points"
        figures, which = "", f"annotation {person.annotation_id}"
    return f"""<article><button type="button" class="picture" aria-label="Larger: {name}, {which}">\
{_picture(person, found, truth, predictions, parts, photo)}</button>
<h4 title="{name}">{name}</h4><p class="two">{figures}</p><p>{words}</p>\
<p>{which}, image {person.image_id}</p></article>
"""


def _picture(
    person: PersonFigures,
    found: Evaluation,
    truth: GroundTruth,
    predictions: Predictions,
    parts: Parts,
    photo: Photo | None,
) -> str:
    height, width = truth.image_sizes[truth.image[person.row]].tolist()
    boxes = [truth.boxes[person.row]]
    if person.detection:
        boxes.append(predictions.boxes[person.detection - 1])
    view = _window(np.array(boxes), height, width)
    out = [
        f'<svg viewBox="{view.x:.2f} {view.y:.2f} {view.w:.2f} {view.h:.2f}" role="img"'
        f' aria-label="Annotation {person.annotation_id}">'
    ]
    place = f'x="{view.x:.2f}" y="{view.y:.2f}" width="{view.w:.2f}" height="{view.h:.2f}" preserveAspectRatio="none"'
    jpeg = _photo(photo(person.file_name) if photo and person.file_name else None, view)
    if jpeg:
        out.append(f'<image class="photos" {place} href="{jpeg}"/>')
    out.append(f'<image class="areas" {place} href="{_drawing(person, truth, predictions, parts, view)}"/>')
    out.append(f'<g class="dots">{_dots(person, found, truth, parts, 0.011 * max(view.w, view.h))}</g></svg>')
    return "".join(out)


def _window(boxes: NDArray[np.float64], height: int, width: int) -> _Window:
    """The boxes (n,4) and some of what is around them, within the image."""
    low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    around = max(_AROUND * float((high - low).max()), (_SMALLEST - float((high - low).max())) / 2)
    size = np.array([width, height], np.float64)
    low, high = np.clip(low - around, 0, size - 1), np.clip(high + around, 1, size)
    high = np.maximum(high, low + 1)
    return _Window(*low.tolist(), *(high - low).tolist())


def _photo(content: bytes | None, view: _Window) -> str | None:
    """What is shown of a photo as a JPEG in a data URL; None without one that can be read."""
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    out = io.BytesIO()
    area = (view.x, view.y, view.x + view.w, view.y + view.h)
    upright.transform(_fitted(view, _SIDE), Image.Transform.EXTENT, area, Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=80
    )
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _drawing(person: PersonFigures, truth: GroundTruth, predictions: Predictions, parts: Parts, view: _Window) -> str:
    """The detection's parts and the annotated person's outline as a PNG in a data URL."""
    w, h = _fitted(view, _DRAWN, enlarge=True)
    column = np.floor(view.x + (np.arange(w) + 0.5) * view.w / w).astype(np.int64)
    row = np.floor(view.y + (np.arange(h) + 0.5) * view.h / h).astype(np.int64)
    drawn: NDArray[np.uint8] = np.zeros((h, w), np.uint8)
    edge = np.zeros((h, w), np.bool_)
    if person.detection:
        chart = predictions.decode(person.detection - 1)[0]
        box = predictions.boxes[person.detection - 1]
        chart = _at(chart[: max(int(box[3]), 0), : max(int(box[2]), 0)], int(box[0]), int(box[1]), column, row)
        label = np.zeros(256, np.uint8)
        label[1 : len(parts.of_chart) + 1] = np.array(parts.of_chart, np.uint8) + 1
        drawn, edge = label[chart], _edge(chart)
    height, width = truth.image_sizes[truth.image[person.row]].tolist()
    whole = masks.of_person(truth.entries[person.row], height, width)
    outline = _edge(_at(whole.pixels, whole.x, whole.y, column, row))
    count = len(parts.names)
    drawn = np.where(edge & (drawn > 0), drawn + count, drawn)
    drawn[binary_dilation(outline) & ~outline] = _HALO
    drawn[outline] = _OUTLINE
    colours = [tuple(bytes.fromhex(colour[1:])) for colour in parts.colours]
    palette = np.zeros((256, 4), np.uint8)
    palette[1 : count + 1, :3] = palette[count + 1 : 2 * count + 1, :3] = np.array(colours)
    palette[1 : count + 1, 3], palette[count + 1 : 2 * count + 1, 3] = 125, 255
    palette[_OUTLINE], palette[_HALO] = 255, (0, 0, 0, 150)
    png = Image.fromarray(drawn)
    png.putpalette(palette[:, :3].reshape(-1).tolist())
    out = io.BytesIO()
    png.save(out, "PNG", transparency=palette[:, 3].tobytes(), optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _dots(person: PersonFigures, found: Evaluation, truth: GroundTruth, parts: Parts, radius: float) -> str:
    """The annotated points by error; crosses where the detection sees background."""
    rows = np.flatnonzero(found.pointwise.person == person.row)
    box, point = truth.boxes[person.row], found.pointwise.point[rows]
    x, y = (relative[point] * box[2 + k] / 255 + box[k] for k, relative in ((0, truth.x), (1, truth.y)))
    names = [html.escape(parts.names[parts.of_chart[chart - 1]]) for chart in found.pointwise.chart[rows].tolist()]
    out = []
    order = np.argsort(found.pointwise.metres[rows], kind="stable")
    for n in order.tolist():
        metres = float(found.pointwise.metres[rows[n]])
        at = f"{x[n]:.1f} {y[n]:.1f}"
        if np.isfinite(metres):
            out.append(
                f'<circle cx="{x[n]:.1f}" cy="{y[n]:.1f}" r="{radius:.2f}" fill="{colour(metres)}"><title>{names[n]},'
                f" {100 * metres:.1f} cm</title></circle>"
            )
        else:
            half, side = f"{0.8 * radius:.2f}", f"{1.6 * radius:.2f}"
            d = f"M{at}m-{half}-{half}l{side} {side}m0-{side}l-{side} {side}"
            out.append(
                f'<path class="halo" d="{d}"/><path class="cross" d="{d}"><title>{names[n]}, background</title></path>'
            )
    return "".join(out)


def colour(metres: float) -> str:
    """The colour "#rrggbb" of an error."""
    at = [stop for stop, _ in SCALE]
    stops = np.array([list(bytes.fromhex(text[1:])) for _, text in SCALE], np.float64)
    red, green, blue = (round(float(np.interp(metres, at, stops[:, k]))) for k in range(3))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _at(
    pixels: NDArray[np.generic], x: int, y: int, column: NDArray[np.int64], row: NDArray[np.int64]
) -> NDArray[np.generic]:
    """Pixels (h,w) that lie at (x, y) of an image, at its columns and rows; 0 outside."""
    out = np.zeros((len(row), len(column)), pixels.dtype)
    rows, columns = row - y, column - x
    r, c = (rows >= 0) & (rows < pixels.shape[0]), (columns >= 0) & (columns < pixels.shape[1])
    out[np.ix_(r, c)] = pixels[np.ix_(rows[r], columns[c])]
    return out


def _edge(mask: NDArray[np.generic]) -> NDArray[np.bool_]:
    """The outermost two pixels of a mask."""
    filled = np.asarray(mask, np.bool_)
    return filled & ~binary_erosion(filled, iterations=2, border_value=1)


def _fitted(view: _Window, longest: int, enlarge: bool = False) -> tuple[int, int]:
    """Width and height in pixels whose longer one is ``longest``, or, unless enlarged, at most that."""
    scale = longest / max(view.w, view.h)
    scale = scale if enlarge else min(1.0, scale)
    return max(1, round(view.w * scale)), max(1, round(view.h * scale))
