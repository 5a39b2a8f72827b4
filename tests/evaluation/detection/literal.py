"""The rules of the reference evaluator, restated one by one: slow, in loops, and without any code of ours.

Written from the description of the rules (docs/methods/evaluation.md), as the other side of the tests.
"""

from __future__ import annotations

import base64
import io
import math

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from scipy.ndimage import zoom

THRESHOLDS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
AREAS = [(0, 1e10), (32**2, 96**2), (96**2, 1e10)]
KAPPA = {1: 0.351, 2: 0.107, 3: 0.126, 4: 0.237, 5: 0.173, 6: 0.142, 7: 0.128, 8: 0.150}
GROUPS = {1: (1, 2), 2: (3, 4), 3: (5, 6), 4: (7, 8, 9, 10), 5: (11, 12, 13, 14), 6: (15, 16, 17, 18),
          7: (19, 20, 21, 22), 8: (23, 24)}  # fmt: skip


def kappa_of(chart, constant):
    return constant or next(KAPPA[g] for g, charts in GROUPS.items() if chart in charts)


def by_score(detections):
    """At most 20, the highest score first, equal ones in their order."""
    return sorted(detections, key=lambda d: -d["score"])[:20]


def nearest(surface, chart, u, v):
    """Mesh vertex (from 1) of the first vertex of the chart at the smallest distance in U,V."""
    key = (chart, u, v)
    if key in surface.setdefault("known", {}):
        return surface["known"][key]
    best, found = math.inf, None
    for n, part in enumerate(surface["part"]):
        if part == chart:
            distance = math.sqrt((surface["U"][n] - u) ** 2 + (surface["V"][n] - v) ** 2)
            if distance < best:
                best, found = distance, surface["index"][n]
    surface["known"][key] = int(found)
    return int(found)


def metres(surface, a, b):
    if a == b:
        return 0.0
    high, low = max(a, b) - 1, min(a, b) - 1
    return float(surface["table"][high * (high - 1) // 2 + low])


def decoded(detection):
    if "iuv" not in detection:
        data = base64.b64decode(detection["uv_data"])
        detection["iuv"] = np.array(Image.open(io.BytesIO(data)))
    return detection["iuv"]


def point_errors(surface, person, detection):
    """(chart, error) of every point with a chart; infinite outside and on background."""
    iuv, (dx, dy, dw, dh), (gx, gy, gw, gh) = decoded(detection), detection["bbox"], person["bbox"]
    out = []
    for x, y, chart, u, v in zip(*(person[f"dp_{k}"] for k in "xyIUV"), strict=True):
        if chart not in range(1, 25):
            continue
        column, row = math.trunc(x * gw / 255 + gx - dx), math.trunc(y * gh / 255 + gy - dy)
        error = math.inf
        if 0 <= column < int(dw) and 0 <= row < int(dh):
            i, a, b = (int(n) for n in iuv[row, column])
            if 1 <= i <= 24:
                error = metres(surface, nearest(surface, chart, u, v), nearest(surface, i, a / 255, b / 255))
        out.append((chart, error))
    return out


def gps(surface, person, detection, constant):
    if "dp_x" not in person:
        return 0.0
    errors = point_errors(surface, person, detection)
    if not errors:
        return 0.0
    return sum(math.exp(-(e**2) / (2 * kappa_of(i, constant) ** 2)) for i, e in errors) / len(errors)


def paste(mask, box, height, width):
    x, y, w, h = box
    rows, columns = int(y) + np.arange(mask.shape[0]), int(x) + np.arange(mask.shape[1])
    r = (rows >= 0) & (rows < height) & (rows < int(y + h))
    c = (columns >= 0) & (columns < width) & (columns < int(x + w))
    out = np.zeros((height, width), bool)
    out[np.ix_(rows[r], columns[c])] = mask[np.ix_(r, c)]
    return out


def person_mask(person, height, width):
    if "dp_masks" in person:
        whole = np.zeros((256, 256))
        for rle in person["dp_masks"]:
            if rle:
                whole = np.maximum(whole, coco_mask.decode(rle))
        _, _, w, h = person["bbox"]
        resized = zoom(whole, (max(h, 1.0) / 256, max(w, 1.0) / 256), order=1, prefilter=False)
        return paste(resized > 0.5, person["bbox"], height, width)
    segmentation = person["segmentation"]
    if not segmentation:
        return np.zeros((height, width), bool)
    if isinstance(segmentation, dict):
        rle = segmentation
        if isinstance(rle["counts"], list):
            rle = coco_mask.frPyObjects(rle, height, width)
        return coco_mask.decode(rle) > 0
    out = np.zeros((height, width), bool)
    for polygon in segmentation:
        (rle,) = coco_mask.frPyObjects([polygon], height, width)
        out |= coco_mask.decode(rle) > 0
    return out


def overlap(detection, person, crowd):
    both = np.count_nonzero(detection & person)
    total = np.count_nonzero(detection) if crowd else np.count_nonzero(detection | person)
    return both / total if both else 0.0


def box_overlap(d, g, crowd):
    w = min(d[0] + d[2], g[0] + g[2]) - max(d[0], g[0])
    h = min(d[1] + d[3], g[1] + g[3]) - max(d[1], g[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (d[2] * d[3] if crowd else d[2] * d[3] + g[2] * g[3] - w * h)


def match(similarity, boxes, persons, detection_areas, area):
    """Rows are detections by score. Returns matches and ignore flags by threshold, and whether each person counts."""
    people, detections = range(len(persons)), range(len(detection_areas))
    ignore = [not p["annotated"] or not area[0] <= p["area"] <= area[1] for p in persons]
    order = [g for g in people if not ignore[g]] + [g for g in people if ignore[g]]
    matched = [[0] * len(detection_areas) for _ in THRESHOLDS]
    ignored = [[all(ignore)] * len(detection_areas) for _ in THRESHOLDS]
    for t, threshold in enumerate(THRESHOLDS):
        taken = [False] * len(persons)
        for d in detections:
            best, choice = threshold, None
            for g in order:
                if taken[g] and not persons[g]["crowd"]:
                    continue
                if choice is not None and not ignore[choice] and ignore[g]:
                    break
                if similarity[d][g] >= best and similarity[d][g] != 0:
                    best, choice = similarity[d][g], g
            if choice is not None:
                matched[t][d], ignored[t][d], taken[choice] = persons[choice]["id"], ignore[choice], True
    # The pass after the last threshold.
    for d in detections:
        if matched[-1][d] != 0:
            continue
        best, choice = 0.8, None
        for g in order:
            if (not taken[g] or persons[g]["crowd"]) and boxes[d][g] >= best:
                best, choice = boxes[d][g], g
        if choice is not None:
            for t in range(len(THRESHOLDS)):
                ignored[t][d] = ignore[choice]
            if ignore[choice]:
                matched[-1][d], taken[choice] = persons[choice]["id"], True
    for t in range(len(THRESHOLDS)):
        for d in detections:
            if matched[t][d] == 0 and not area[0] <= detection_areas[d] <= area[1]:
                ignored[t][d] = True
    return matched, ignored, [not i for i in ignore]


def average(scored, persons):
    """Mean precision at 101 recalls, and the largest recall, of (matched, ignored) by descending score; else None."""
    if not persons:
        return None, None
    right = wrong = 0
    points = []
    for hit, skip in scored:
        right += bool(hit) and not skip
        wrong += not hit and not skip
        points.append((right / persons, right / (right + wrong + np.spacing(1))))
    precision = [
        max((p for q, p in points[k:]), default=0.0)
        if (k := next((n for n, (q, _) in enumerate(points) if q >= recall), None)) is not None
        else 0.0
        for recall in np.linspace(0, 1, 101)
    ]
    return sum(precision) / 101, points[-1][0] if points else 0.0


def evaluate(dataset, results, surface, constant=None):
    """Stats by mode, and GPS and mask IoU matrices by image id."""
    images = sorted(dataset["images"], key=lambda image: image["id"])
    tables = {}
    for image in images:
        persons = [a for a in dataset["annotations"] if a["image_id"] == image["id"]]
        detections = by_score([d for d in results if d["image_id"] == image["id"]])
        size = image["height"], image["width"]
        seen = [paste(decoded(d)[..., 0] > 0, d["bbox"], *size) for d in detections]
        real = [person_mask(p, *size) for p in persons]
        g = [[gps(surface, p, d, constant) for p in persons] for d in detections]
        m = [[overlap(a, b, p["iscrowd"]) for b, p in zip(real, persons, strict=True)] for a in seen]
        b = [[box_overlap(d["bbox"], p["bbox"], p["iscrowd"]) for p in persons] for d in detections]
        tables[image["id"]] = persons, detections, g, m, b
    stats = {mode: {} for mode in ("gps", "gpsm", "iou")}
    for mode, out in stats.items():
        for name, area in zip(("", "m", "l"), AREAS, strict=True):
            found, count = [[] for _ in THRESHOLDS], 0
            for persons, detections, g, m, b in tables.values():
                both = {"gps": g, "iou": m, "gpsm": np.sqrt(np.array(g) * np.array(m))}[mode]
                people = [
                    {"id": p["id"], "area": p["area"], "crowd": p["iscrowd"], "annotated": "dp_x" in p} for p in persons
                ]
                sizes = [d["bbox"][2] * d["bbox"][3] for d in detections]
                matched, ignored, counted = match(both, b, people, sizes, area)
                count += sum(counted)
                for t in range(len(THRESHOLDS)):
                    scores = [-d["score"] for d in detections]
                    found[t] += list(zip(scores, matched[t], ignored[t], strict=True))
            each = [average([row[1:] for row in sorted(rows, key=lambda row: row[0])], count) for rows in found]
            for k, figure in enumerate(("AP", "AR")):
                values = [pair[k] for pair in each]
                out[figure + name] = -1.0 if None in values else sum(values) / len(values)
                if not name:
                    out[f"{figure}50"], out[f"{figure}75"] = (-1.0 if v is None else v for v in (values[0], values[5]))
    similarity = {key: (g, m) for key, (p, d, g, m, b) in tables.items() if p and d}
    return stats, similarity
