"""A report made up for tests of how reports are drawn and written. Its figures mean nothing."""

import numpy as np

from evaluation.groups import coarse
from evaluation.report import (
    FORM,
    Annotator,
    Bin,
    Curve,
    Difference,
    Figure,
    Group,
    Interpolation,
    MaskGroup,
    Plan,
    PlanRow,
    Published,
    Rate,
    Report,
    Retest,
    Shares,
    Trend,
    Unmeasured,
)
from export.densepose_parts import COARSE_NAMES

PARTS = COARSE_NAMES[1:]
NOTHING = Figure(None, None, None, 0)


def figure(value: float, spread: float, count: int) -> Figure:
    """A value and an interval of that half width."""
    return Figure(value, max(value - spread, 0.0), value + spread, count)


def rate(count: int, of: int) -> Rate:
    share = count / of
    return Rate(count, of, share, max(share - 0.02, 0.0), share + 0.02)


def group(kind: str, name: str, label: int | None, mean: float, points: int) -> Group:
    return Group(
        kind,
        name,
        label,
        30,
        points,
        3,
        figure(mean, mean / 8, points),
        figure(mean * 0.8, mean / 9, points),
        figure(mean * 2, mean / 5, points),
        figure(mean * 1.1, mean / 8, points),
    )


def curve(source: str, name: str, scale: float) -> Curve:
    at = np.linspace(0, 0.3, 61)
    ratio = 1 - np.exp(-at / scale)
    auc = [figure(float(ratio[at <= top].mean()), 0.02, 4000) for top in (0.1, 0.3)]
    lists = [v.clip(0, 1).tolist() for v in (ratio, ratio - 0.03, ratio + 0.03)]
    return Curve(source, name, at.tolist(), *lists, *auc)


def annotator(rank: int, mean: float, parts: list[Group]) -> Annotator:
    suspect = ["swaps left and right in 5% of points"] if rank == 4 else []
    return Annotator(
        f"sim-{rank}",
        True,
        rank,
        "abcdefgh"[rank // 2 % 8],
        30,
        500,
        4,
        1,
        figure(mean, 0.003, 500),
        figure(mean * 0.8, 0.003, 500),
        figure(mean * 2, 0.006, 500),
        figure(mean * 1.1, 0.004, 500),
        figure(1 - mean * 8, 0.03, 500),
        figure(1 - mean * 3, 0.02, 500),
        rate(25 if rank == 4 else 1, 500),
        rate(2, 500),
        suspect,
        figure(4.0 + rank, 0.5, 500),
        figure(0.9, 0.02, 30),
        figure(mean * 1.3, 0.002, 60),
        parts,
    )


def report(annotators: int = 8) -> Report:
    """A report with every section filled."""
    rng = np.random.default_rng(5)
    parts = [group("part", name, k + 1, float(rng.uniform(0.015, 0.06)), 280) for k, name in enumerate(PARTS)]
    groups = [group("all", "all", None, 0.031, 4000)]
    for name in dict.fromkeys(coarse(part) for part in PARTS):
        own = [part for part in parts if coarse(part.name) == name]
        mean = float(np.mean([part.mean.value for part in own if part.mean.value is not None]))
        groups.append(group("group", name, None, mean, 280 * len(own)))
    groups += parts
    means = [0.012 + 0.007 * rank for rank in range(annotators)]
    people = [annotator(k + 1, mean, groups[:3]) for k, mean in enumerate(means)]
    differences = [
        Difference(
            people[a].name, people[b].name, 480, 30, figure(means[a] - means[b], 0.004, 480), 0.001, 0.02, b > a + 1
        )
        for a in range(annotators)
        for b in range(a + 1, annotators)
    ]
    bins = [
        Bin(k * 10.0, k * 10.0 + 10, k * 10.0 + 4.0, figure(0.02 + 0.004 * k, 0.003, 400 - 30 * k)) for k in range(8)
    ]
    return Report(
        form=FORM,
        title="First study",
        body="anny",
        body_hash="0" * 64,
        persons=30,
        annotators=annotators,
        points=4100,
        distinct_points=820,
        marked=4000,
        flagged=80,
        outside=20,
        simulated=[one.name for one in people],
        floor=figure(0.0003, 0.0001, 2000),
        here=figure(0.031, 0.002, 4000),
        groups=groups,
        curves=[curve("annotators", "All annotators", 0.03), curve("network", "FCN", 0.08), curve("floor", "", 0.001)]
        + [curve("annotator", one.name, mean) for one, mean in zip(people, means, strict=True)],
        published=[Published("Paper's annotators", "Güler et al. 2018", 0.563, 0.835)],
        by_annotator=people,
        differences=differences,
        left_right=rate(32, 4000),
        front_back=rate(16, 4000),
        trends=[
            Trend(
                "seconds",
                "Time spent on the point",
                "s",
                bins,
                figure(0.0001, 0.0001, 4000),
                0.2,
                "No trend was shown.",
            ),
            Trend(
                "angle",
                "Angle between surface and viewer",
                "degrees",
                bins,
                figure(0.0004, 0.0001, 4000),
                0.001,
                "Where the surface turns away, errors grow.",
            ),
            Trend("order", "Points marked before", "", bins, NOTHING, None, "Too few points."),
        ],
        shares=Shares(
            figure(0.3, 0.1, 4000), figure(0.1, 0.05, 4000), figure(0.15, 0.05, 4000), figure(0.45, 0.1, 4000), 0.03
        ),
        masks=[
            MaskGroup("All parts", None, figure(0.91, 0.02, 240), 240),
            MaskGroup("Head", 14, figure(0.95, 0.01, 240), 240),
        ],
        retest=Retest(
            600, figure(0.03, 0.002, 600), figure(0.02, 0.002, 600), figure(0.021, 0.002, 600), figure(0.4, 0.1, 600)
        ),
        plan=Plan(
            50,
            84,
            [
                PlanRow(n, d, round(9000 / n * (0.01 / d) ** 2) + 2, n <= 84)
                for n in (25, 50, 100)
                for d in (0.005, 0.01, 0.02)
            ],
            "To tell two annotators apart by 1 cm, give both 92 persons with 100 points each.",
        ),
        covered=0.97,
        interpolation=Interpolation(4000, 0.031, 0.0305, 0.42),
        unmeasured=Unmeasured(None, None, None),
        says=["On average a mark lies 3.1 cm from the true place.", "Hands and feet are marked best."],
        notes=["All annotators of this study are simulated."],
    )
