"""Which values of a recipe make sense. What a network can be built of beyond that, its builder knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from model.recipe import Recipe, as_dict

_LEAST: Mapping[str, float] = {
    "network.trunk.channels": 1,
    "network.trunk.frozen_stages": 0,
    "network.detector.anchors": 1,
    "network.detector.sampled": 1,
    "network.detector.width": 1,
    "network.detector.least_score": 0,
    "network.detector.most": 1,
    "network.densepose.layers": 0,
    "network.densepose.channels": 1,
    "network.densepose.pooled": 1,
    "network.densepose.most": 1,
    "network.densepose.embedding": 1,
    "network.densepose.smooth": 0,
    "network.densepose.geodesic": 0,
    "network.masks.layers": 0,
    "network.masks.channels": 1,
    "network.masks.pooled": 1,
    "network.keypoints.layers": 0,
    "network.keypoints.channels": 1,
    "network.keypoints.pooled": 1,
    "network.keypoints.size": 1,
    "network.fcn.channels": 1,
    "network.fcn.layers": 0,
    "network.deeppose.stages": 1,
    "network.deeppose.width": 1,
    "network.deeppose.crops": 1,
    "schedule.steps": 1,
    "schedule.batch": 1,
    "schedule.accumulate": 1,
    "schedule.warmup": 0,
    "schedule.momentum": 0,
    "schedule.decay": 0,
    "schedule.clip": 0,
    "schedule.average": 0,
    "data.longest": 1,
    "data.workers": 0,
    "data.colour": 0,
    "data.margin": 0,
    "data.dense": 0,
    "data.dense_weight": 0,
    "data.generated": 0,
    "running.seed": 0,
    "running.log": 1,
    "running.checkpoint": 1,
    "running.evaluate": 0,
    "running.kept": 1,
}
"""The smallest values of keys."""

_POSITIVE = (
    "network.detector.positive",
    "network.detector.overlap",
    "network.densepose.overlap",
    "network.keypoints.sigma",
    "network.deeppose.sigma",
    "schedule.rate",
)
"""Keys whose values are above 0."""

_SHARES = ("network.detector.positive", "network.detector.overlap", "network.densepose.overlap", "data.flip")
"""Keys whose values are at most 1."""

_BELOW_ONE = ("network.detector.least_score", "schedule.momentum", "schedule.average", "data.generated")
"""Keys whose values are below 1."""


def check(recipe: Recipe) -> None:
    """Raise ValueError where a value makes no sense, or is of a network of another kind than is built; it says the key
    and what the value is instead."""
    plain = as_dict(recipe)
    for key, least in _LEAST.items():
        value = _value(plain, key)
        if value is not None and value < least:
            raise ValueError(f"{key} is {least} or more, not {value}")
    for name, weight in plain["weights"].items():
        if weight < 0:
            raise ValueError(f"weights.{name} is 0 or more, not {weight}")
    for good, rule in (*_bounds(plain), *_rules(recipe)):
        if not good:
            raise ValueError(f"{rule}; it is {json.dumps(_value(plain, rule.split()[0]))}")


def _bounds(plain: Mapping[str, Any]) -> list[tuple[bool, str]]:
    values = {key: value for key in (*_POSITIVE, *_SHARES, *_BELOW_ONE) if (value := _value(plain, key)) is not None}
    return [
        *((value > 0, f"{key} is above 0") for key, value in values.items() if key in _POSITIVE),
        *((value <= 1, f"{key} is at most 1") for key, value in values.items() if key in _SHARES),
        *((value < 1, f"{key} is below 1") for key, value in values.items() if key in _BELOW_ONE),
    ]


def _rules(recipe: Recipe) -> list[tuple[bool, str]]:
    schedule, data, network = recipe.schedule, recipe.data, recipe.network
    finds, charts = network.kind == "rcnn", network.densepose is None or network.densepose.surface == "charts"
    plain = network.densepose is None or not network.densepose.confidence
    return [
        (min(network.detector.proposals) > 0, "network.detector.proposals are above 0"),
        (finds or not network.cascade, "network.cascade is of networks of kind rcnn"),
        (finds or network.masks is None, "network.masks is of networks of kind rcnn"),
        (finds or network.keypoints is None, "network.keypoints is of networks of kind rcnn"),
        (charts or plain, "network.densepose.confidence is of charts, not of embeddings"),
        (schedule.batch % schedule.accumulate == 0, "schedule.batch divides into schedule.accumulate parts"),
        (all(0 < share < 1 for share in schedule.drops), "schedule.drops are shares of the steps, within 0 and 1"),
        (sorted(schedule.drops) == list(schedule.drops), "schedule.drops ascend"),
        (0 < data.shortest[0] <= data.shortest[1], "data.shortest is the lower and the upper bound"),
        (data.shortest[1] <= data.longest, "data.longest is not below data.shortest"),
        (0 < data.tested[0] <= data.tested[1], "data.tested is the shortest and the longest side"),
        (data.flip >= 0, "data.flip is a probability"),
    ]


def _value(plain: Any, key: str) -> Any:
    """The value of a dotted key; None in a branch that the network does not have."""
    for name in key.split("."):
        plain = None if plain is None else plain[name]
    return plain
