"""An evaluation as one page that needs nothing else: figures, curves, parts, sizes, the worst persons in pictures."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from evaluation.detection import page_people, page_plot, page_tables
from evaluation.detection.groundtruth import GroundTruth
from evaluation.detection.page_people import Photo
from evaluation.detection.predictions import Predictions
from evaluation.detection.result import Evaluation
from evaluation.detection.summary import Parts, Summary


def write(
    said: Mapping[str, Any],
    summary: Summary,
    found: Evaluation,
    truth: GroundTruth,
    predictions: Predictions,
    parts: Parts,
    photo: Photo | None = None,
) -> Iterator[str]:
    """The page, piece by piece; one photo is in memory at a time.

    Args:
        said: what ``summary_json.document`` made of the evaluation.
        summary: of the evaluation.
        found: the evaluation.
        truth: the ground truth.
        predictions: the detections.
        parts: of the surface.
        photo: gives the bytes of a photo by its file name, or None; without it persons are drawn without photos.

    Raises:
        ValueError: the PNG of a detection, or a mask of a person, is damaged.
    """
    settings = said["settings"]
    against = html.escape(str(settings.get("ground truth", "the ground truth")))
    counts = said["counts"]
    yield _head(
        str(settings.get("predictions", "detections")),
        f"""against {against}: {counts["annotated"]:,} persons with {counts["points"]:,} points in {counts["images"]:,}\
 images, {counts["detections"]:,} detections""",
        f"""<a href="#figures">Figures</a><a href="#points">Points</a><a href="#sizes">Sizes</a>\
{'<a href="#keypoints">Keypoints</a>' if said["keypoints"] else ""}<a href="#worst">Worst persons</a>\
<a href="#settings">Settings</a>""",
    )
    yield page_tables.headline(said)
    yield page_tables.figures(said)
    yield _points(said, found, parts)
    yield page_tables.sizes(said)
    if said["keypoints"]:
        yield _keypoints(said["keypoints"])
    yield from page_people.section(summary, found, truth, predictions, parts, photo)
    yield page_tables.settings(said)
    yield _foot()


def write_keypoints(said: Mapping[str, Any]) -> Iterator[str]:
    """The page of what ``summary_json.keypoints_only`` made."""
    settings = said["settings"]
    against = html.escape(str(settings.get("ground truth", "the ground truth")))
    link = '<a href="#keypoints">Keypoints</a>'
    yield _head(str(settings.get("predictions", "detections")), f"against {against}; {said['surface']}", link)
    yield _keypoints(said["keypoints"])
    yield _foot()


def _head(title: str, about: str, sections: str) -> str:
    """The page up to its first section; ``about`` and ``sections`` are HTML."""
    style, title = _asset("page_style.css"), html.escape(title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Evaluation of {title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<div><h1>Evaluation of {title}</h1>
<p>{about}</p></div>
<nav aria-label="Sections">{sections}</nav>
<button type="button" id="scheme" class="quiet" title="Light or dark"></button>
</header>
<main>
"""


def _foot() -> str:
    script = _asset("page_script.js")
    return f'</main>\n<dialog id="large"></dialog>\n<script>\n{script}</script>\n</body>\n</html>\n'


def _asset(name: str) -> str:
    return (files("evaluation.detection") / name).read_text("utf-8")


def _points(said: Mapping[str, Any], found: Evaluation, parts: Parts) -> str:
    curves = page_plot.correct_points(said, found, parts)
    return f"""<section id="points"><h2>Points</h2>
<p class="lead">Each annotated point is measured in the detection that fits its person best: how far, along the body's\
 surface, is the predicted surface point from the true one?</p>
<div class="pair"><div class="stay">{curves}{page_plot.areas(said)}</div>{page_tables.parts(said, parts)}</div>
</section>
"""


def _keypoints(found: Mapping[str, Any]) -> str:
    return f"""<section id="keypoints"><h2>Keypoints</h2>
<p class="lead">The same detections' 17 body joints.</p>
{page_tables.oks(found)}
<div class="pair"><div class="stay">{page_plot.detected_joints(found)}</div>{page_tables.joints(found)}</div>
</section>
"""
