"""What the reference code would stumble over in the DensePose data of one person's entry: points and part masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.masks import rle_lengths
from export.check_rules import Found, is_integer, is_number
from export.reference import CHART_COUNT, CHART_TO_MASK, MASK_COUNT, MASK_SIDE
from export.square_in import labels_at, runs
from surface.body import Body

_POINT_KEYS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
_VERTEX_KEYS = ("dp_x", "dp_y", "dp_vertex", "ref_model")
_RANGES = {
    "dp_x": ("points-range", 0, MASK_SIDE),
    "dp_y": ("points-range", 0, MASK_SIDE),
    "dp_I": ("chart-range", 1, CHART_COUNT),
    "dp_U": ("uv-range", 0, 1),
    "dp_V": ("uv-range", 0, 1),
}
_KNOWN_MESHES = {"smpl_27554": 27554}  # the mesh of DensePose itself, and its vertices


def check_dense(entry: Mapping[str, Any], readable_box: bool, body: Body | None = None) -> Found:
    """Rules that the ``dp_`` keys of an entry break.

    :param readable_box: whether the entry's bbox can be used.
    :param body: that dp_vertex is on, if it is known.
    """
    keys = _VERTEX_KEYS if "dp_vertex" in entry or "ref_model" in entry else _POINT_KEYS
    absent = [key for key in keys if key not in entry]
    if absent:
        there = ", ".join(sorted(key for key in entry if key[:3] == "dp_" or key == "ref_model"))
        yield "points-incomplete", f"has {there} but no {', '.join(absent)}"
    masks = entry.get("dp_masks")
    ends = runs(masks) if isinstance(masks, list) else None
    found = [*_check_mesh(entry, body), *_check_points(entry), *_check_masks(masks, ends is not None)]
    yield from found
    if ends is not None and not absent and not found and readable_box:
        yield from _check_agreement(entry, ends)


def _check_mesh(entry: Mapping[str, Any], body: Body | None) -> Found:
    """The mesh of a person's vertices, and whether it has them all."""
    if "ref_model" not in entry:
        return
    name = entry["ref_model"]
    if not isinstance(name, str) or not name:
        yield "ref-model", f"ref_model is {name!r:.80}, no name"
        return
    if body is not None and name != body.name:
        yield "ref-model", f"ref_model is {name!r:.80}, the body is {body.name!r:.80}"
        return
    count = _KNOWN_MESHES.get(name) if body is None else len(body.vertices)
    values = entry.get("dp_vertex")
    if count is None or not isinstance(values, list):
        return
    for index, value in enumerate(values):
        if is_integer(value) and value >= count:
            yield "vertex", f"dp_vertex[{index}] is {value}, but {name} has {count} vertices"


def _check_points(entry: Mapping[str, Any]) -> Found:
    lists = {key: entry[key] for key in (*_POINT_KEYS, "dp_vertex") if key in entry}
    for key, values in lists.items():
        if not isinstance(values, list):
            yield "points-number", f"{key} is no list"
        elif not values:
            yield "points-empty", f"{key} is empty"
        elif key == "dp_vertex":
            yield from _check_vertices(values)
        elif not _is_sound(key, values):
            yield from _check_values(key, values)
    lengths = {key: len(values) for key, values in lists.items() if isinstance(values, list)}
    if len(set(lengths.values())) > 1:
        yield "points-length", "lists differ in length: " + ", ".join(f"{k} {n}" for k, n in lengths.items())


def _is_sound(key: str, values: list[Any]) -> bool:
    """Whether a list breaks no rule, told for all values at once."""
    if set(map(type, values)) != {float}:
        return False
    _, low, high = _RANGES[key]
    array = np.array(values)
    return bool(((array >= low) & (array <= high)).all() and (key != "dp_I" or (array == np.floor(array)).all()))


def _check_values(key: str, values: list[Any]) -> Found:
    for index, value in enumerate(values):
        if not is_number(value):
            yield "points-number", f"{key}[{index}] is {value!r:.80}"
            return
    if all(isinstance(value, int) for value in values):
        yield "points-float", f"{key} holds integers only"
    rule, low, high = _RANGES[key]
    for index, value in enumerate(values):
        if not low <= value <= high:
            yield rule, f"{key}[{index}] is {value}, outside {low}..{high}"
        elif key == "dp_I" and value != int(value):
            yield rule, f"{key}[{index}] is {value}, no whole number"


def _check_vertices(values: list[Any]) -> Found:
    for index, value in enumerate(values):
        if not is_number(value):
            yield "points-number", f"dp_vertex[{index}] is {value!r:.80}"
            return
    for index, value in enumerate(values):
        if not is_integer(value) or value < 0:
            yield "vertex", f"dp_vertex[{index}] is {value!r}, no 0-based vertex"
            return


def _check_masks(masks: Any, decoded: bool) -> Found:
    """:param decoded: whether all of them were decoded, and none needs a closer look."""
    if not isinstance(masks, list):
        yield "masks-missing", "has points but no list dp_masks"
        return
    if len(masks) != MASK_COUNT:
        yield "masks-count", f"dp_masks has {len(masks)} items, not {MASK_COUNT}"
    for part, mask in enumerate([] if decoded else masks, start=1):
        if mask == []:
            continue
        if not isinstance(mask, dict) or not isinstance(mask.get("counts"), str):
            yield "mask-rle", f"mask {part} is neither [] nor a compressed RLE"
        elif mask.get("size") != [MASK_SIDE, MASK_SIDE]:
            yield "mask-size", f"mask {part} has the size {mask.get('size')!r:.80}, not [256, 256]"
        else:
            try:
                rle_lengths(mask)
            except ValueError as error:
                yield "mask-rle", f"mask {part}: {error}"


def _check_agreement(entry: Mapping[str, Any], ends: Mapping[int, NDArray[np.int64]]) -> Found:
    """Points against masks, of an entry that is otherwise sound. A vertex is of no part: its point must be on any."""
    x, y = (np.array(entry[key], np.float64) for key in ("dp_x", "dp_y"))
    painted = labels_at(ends, x, y)
    x0, y0, w, h = entry["bbox"]
    for index in np.flatnonzero(painted == 0):
        at = f"{x0 + x[index] * w / MASK_SIDE:.1f}, {y0 + y[index] * h / MASK_SIDE:.1f}"
        yield "point-off-mask", f"point {index} at image position {at} lies on no part"
    if "dp_I" not in entry:
        return
    i = np.array(entry["dp_I"], np.float64)
    meant = CHART_TO_MASK[i.astype(np.int64)]
    for index in np.flatnonzero((painted != 0) & (painted != meant)):
        yield (
            "chart-off-mask",
            f"point {index}: chart {i[index]:.0f} of part {meant[index]} is on part {painted[index]}",
        )
