"""Studies of annotators whose errors are known: do their reports find them?

30 renders, simulated annotators over HTTP with isotropic noise of 1 to 6 cm on the surface, and one part on which all
are bad. In the first study eight mark points of given masks; in the second four draw the masks, too, one of whom takes
a twentieth of the limbs for the other side's. What the report should say is computed by simulating the same annotators
at the same points, and densely, at places spread over all that the images show.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

import surface
from annotation import simulated
from annotation.simulated import Model
from annotation.words import Role
from cli.annotators import Annotator, from_data
from cli.api import Api
from cli.common import free_port, open_state
from cli.demo import serving
from evaluation.marks import MARKED, Study
from surface.body import Body
from surface.geodesic_build import build
from surface.geodesic_table import GeodesicTable

if TYPE_CHECKING:
    from evaluation.report import Report
    from server.state import State

PERSONS, SIZE = 30, 512
POINTS = {"given": 3, "drawn": 2}  # of a part; each mark is a request
NOISE = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.025, 0.035)  # metres, each direction
SWAPPER, SWAPS = 7, 0.05
DRAWING, BOUNDARY = (0, 2, 5, 7), 1.5  # who draws masks, and by how many pixels borders are off
BAD_PART, BAD = "Upper Leg Left", 0.08
APART = 0.003  # metres by which means differ that must be ranked rightly
LEVEL = 0.05  # eight 95% intervals all hold in two of three runs only: together they are judged at 95% (Bonferroni)
BIAS = 0.05
PASSWORD = "only for this measurement"
DENSE = 300  # places of each image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Done:
    """A study that was made, with what its annotators were told, by name."""

    models: dict[str, Model]
    study: Study
    report: Report
    heat: NDArray[np.float32]
    table: GeodesicTable


def measure() -> dict[str, Any]:
    """Figures by name; under "failed" what the reports did not find."""
    body = surface.load("anny")
    seconds: dict[str, float] = {}
    given, drawn = run(body, models(body), seconds)
    figures: dict[str, Any] = {f"{name}, s": value for name, value in seconds.items()}
    failed = [*judge_errors(body, given, figures), *judge_swaps(body, drawn, figures)]
    return figures | ({"failed": failed} if failed else {})


def models(body: Body) -> dict[str, Model]:
    """The annotators."""
    bad = {body.part_names.index(BAD_PART) + 1: BAD}
    everyone = [Model(noise=size, bad=bad, boundary=BOUNDARY) for size in NOISE]
    everyone[SWAPPER] = replace(everyone[SWAPPER], swaps=SWAPS)
    return {f"sim-{k}": model for k, model in enumerate(everyone, start=1)}


def run(
    body: Body, annotators: dict[str, Model], seconds: dict[str, float], persons: int = PERSONS, size: int = SIZE
) -> tuple[Done, Done]:
    """Both studies in a data folder of its own: renders, accounts, marks over HTTP, reports."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        data = Path(name)
        with timed(seconds, "table of distances (from the cache, where it is there)"):
            table = build(body.hash, body.vertices, body.faces)
        (data / "geodesics").mkdir()
        shutil.copy(table, data / "geodesics")
        state = stack.enter_context(open_state(data, create=True))
        with timed(seconds, "rendering"):
            project = _project(state, body, persons, size)
        _accounts(state, list(annotators))
        url = stack.enter_context(serving(data, "127.0.0.1", free_port("127.0.0.1", 8100)))
        some = {name: annotators[name] for name in np.array(list(annotators))[list(DRAWING)].tolist()}
        measured = GeodesicTable.open(table, body)
        given, drawn = (
            _round(state, url, project, masks, who, measured, seconds)
            for masks, who in (("given", annotators), ("drawn", some))
        )
    return given, drawn


def judge_errors(body: Body, done: Done, figures: dict[str, Any]) -> list[str]:
    """Means, ranks, the bad part, and interpolation: into ``figures`` what the report says beside what is true.

    Returns:
        What it did not find.
    """
    figures["marks on given masks"] = len(done.study.marks)
    failed: list[str] = []
    true = {name: _expected(body, done, name) for name in done.models}
    said = {who.name: who for who in done.report.by_annotator}
    within, wider = 0, simultaneous(len(true))
    for name, mean in true.items():
        value, low, high = (said[name].mean.value, said[name].mean.low, said[name].mean.high)
        assert value is not None
        assert low is not None
        assert high is not None
        figures[f"{name}: true mean, cm"] = 100 * mean
        figures[f"{name}: reported, cm"] = f"{100 * value:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        within += low <= mean <= high
        if not value - wider * (value - low) <= mean <= value + wider * (high - value):
            failed.append(f"{name}: {100 * mean:.2f} cm is far from {100 * low:.2f} to {100 * high:.2f}")
    figures["95% intervals that hold the true mean"] = f"{within} of {len(true)}"
    figures["simultaneous 95% intervals that hold the true mean"] = f"{len(true) - len(failed)} of {len(true)}"
    pairs = [(a, b) for a in true for b in true if true[b] - true[a] > APART]
    failed += [f"{a} is ranked behind {b}" for a, b in pairs if said[a].rank > said[b].rank]
    figures["ranks"] = ", ".join(sorted(said, key=lambda name: said[name].rank))
    figures["pairs told apart"] = f"{sum(d.differs for d in done.report.differences)} of {len(done.report.differences)}"
    parts = _by_part(body, done.heat)
    worst = body.part_names[int(np.nanargmax(parts))]
    figures["worst part of the heat map"] = f"{worst}, {100 * np.nanmax(parts):.2f} cm"
    if worst != BAD_PART:
        failed.append(f"the heat map's worst part is {worst}, not {BAD_PART}")
    dense = _dense(body, done)
    sparse = next(group for group in done.report.groups if group.kind == "all").surface_mean.value or np.nan
    figures["dense error, cm"], figures["interpolated, cm"] = 100 * dense, 100 * sparse
    figures["bias of the interpolation"] = sparse / dense - 1
    if not abs(sparse / dense - 1) < BIAS:
        failed.append(f"the interpolation is off by {sparse / dense - 1:.1%}")
    return failed


def simultaneous(intervals: int) -> float:
    """By how much so many 95% intervals are widened to hold all together in 95% of studies (Bonferroni)."""
    return float(norm.ppf(1 - LEVEL / 2 / intervals) / norm.ppf(1 - LEVEL / 2))


def judge_swaps(body: Body, done: Done, figures: dict[str, Any]) -> list[str]:
    """Who takes left for right: as ``judge_errors``."""
    marks, names = done.study.marks, done.study.annotators
    figures["marks on drawn masks"] = len(marks)
    there = marks.true_face >= 0
    other = np.zeros(len(marks), bool)
    other[there] = body.part_mirror[marks.part[there]] == body.part(marks.true_face[there])
    other &= body.part_mirror[marks.part] != marks.part
    said = {who.name: who for who in done.report.by_annotator}
    for n, name in enumerate(names):
        rate, iou = said[name].left_right, said[name].mask_iou
        figures[f"{name}: points of swapped limbs"] = int((other & (marks.annotator == n)).sum())
        figures[f"{name}: reported as swapped"] = f"{rate.count} of {rate.of}"
        figures[f"{name}: overlap of masks"] = iou.value if iou is not None else None
    suspects = [who.name for who in said.values() if any("left" in reason for reason in who.suspect)]
    figures["suspected of left for right"] = ", ".join(suspects) or "nobody"
    swapper = list(models(body))[SWAPPER]
    return [] if suspects == [swapper] else [f"suspected of left for right: {suspects}, not {swapper}"]


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long what is within takes."""
    begin = perf_counter()
    yield
    seconds[name] = perf_counter() - begin


def _round(
    state: State, url: str, project: UUID, masks: str, models: dict[str, Model], table: GeodesicTable,
    seconds: dict[str, float],
) -> Done:  # fmt: skip
    from server.studies.report_job import compute

    study = _study(url, project, masks, list(models))
    with timed(seconds, f"annotating {masks} masks"):
        _annotate(state, url, study, models)
    with timed(seconds, f"reporting on {masks} masks"):
        marks, _, report, heat = compute(state, UUID(study), lambda _message: None)
    return Done(models, marks, report, heat, table)


def _project(state: State, body: Body, persons: int, size: int) -> UUID:
    from io import BytesIO

    from cli.common import find_project
    from server.persons.rendered import RenderedPerson, add_rendered
    from synthesis.dataset import image_seed, picture
    from synthesis.render import Options, render

    project, _ = find_project(state, "Study", create=True)
    for number in range(1, persons + 1):
        made = render(body, image_seed(11, number), Options(size=size))
        entries = [RenderedPerson.of(person) for person in made.persons]
        add_rendered(state, project, f"{number}.jpg", BytesIO(picture(made.image)), entries)
    return project


def _accounts(state: State, names: list[str]) -> None:
    from server.users.service import create_user

    with state.database.write() as session:
        create_user(session, "lead", "Lead", PASSWORD, Role.lead)
        for name in names:
            create_user(session, name, name, PASSWORD, Role.annotator, simulated=True)


def _study(url: str, project: UUID, masks: str, names: list[str]) -> str:
    """Set a study up and open it; returns its id."""
    with Api(url, "lead", PASSWORD) as lead:
        users = {user["username"]: user["id"] for user in lead.items("/api/users")}
        settings = {"masks": masks, "points_per_part": POINTS[masks], "practice": 0, "again": 0, "seed": 5}
        who = {"annotators": [users[name] for name in names]}
        made = lead.post(
            f"/api/projects/{project}/studies", {"name": f"Known errors, {masks} masks", **settings, **who}
        )
        lead.post(f"/api/studies/{made['id']}/open")
    return str(made["id"])


def _annotate(state: State, url: str, study: str, models: dict[str, Model]) -> None:
    truth = from_data(state)

    def bodies(wanted: str) -> Body:
        return state.bodies.by_hash(wanted).body

    def work(name: str) -> None:
        with Api(url, name, PASSWORD) as api:
            for _ in Annotator(api, models[name], bodies, truth, seed=int(name[4:])).work(f"/api/studies/{study}/next"):
                pass

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work, name) for name in models]:
            future.result()


def _expected(body: Body, done: Done, name: str) -> float:
    """The mean error in metres that an annotator has at the points that were marked, over many studies."""
    marks = done.study.marks
    mine = marks.annotator == done.study.annotators.index(name)
    rows = np.flatnonzero(mine & (marks.kind == MARKED))
    at = marks.part[rows], marks.true_face[rows], marks.true_bary[rows], marks.order[rows]

    def metric(face: Any, bary: Any, other: Any, there: Any) -> Floats:
        return done.table.distances((face, bary), (other, there))

    return float(simulated.expected(done.models[name], body, *at, metric, draws=30, seed=99).mean())


def _dense(body: Body, done: Done) -> float:
    """The mean error in metres over all that the images show, over images and annotators."""
    rng = np.random.default_rng(7)
    means = []
    for packed in done.study.seen:
        seen = np.unpackbits(packed, count=len(body.faces)).astype(bool)
        area = np.where(seen, body.face_area, 0.0)
        face = rng.choice(len(body.faces), DENSE, p=area / area.sum()).astype(np.int32)
        bary = rng.dirichlet(np.ones(3), DENSE)
        for model in done.models.values():
            marks = simulated.mark(model, body, body.part(face), face, bary, 0, rng)
            means.append(done.table.distances((face, bary), (marks.face, marks.bary)).mean())
    return float(np.mean(means))


def _by_part(body: Body, heat: NDArray[np.float32]) -> Floats:
    """Mean (P,) over each part's area of what is known at the vertices."""
    face = heat[body.faces].mean(axis=1)
    known = np.isfinite(face)
    out = np.full(len(body.part_names), np.nan)
    for part in range(1, len(out) + 1):
        own = known & (body.face_part == part)
        if own.any():
            out[part - 1] = np.average(face[own], weights=body.face_area[own])
    return out


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
