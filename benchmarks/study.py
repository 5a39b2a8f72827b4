"""A study of annotators whose errors are known: does its report find them?

30 renders, 8 simulated annotators over HTTP with isotropic noise of 1 to 6 cm on the surface, one of whom takes left
for right, and one part on which all are bad. What the report should say is computed by simulating the same annotators
at the same points, and densely, at places spread over all that the images show.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

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

PERSONS, POINTS, SIZE = 30, 6, 512
NOISE = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.025, 0.035)  # metres, each direction
SWAPPER, SWAPS = 7, 0.05
BAD_PART, BAD = "Upper Leg Left", 0.08
APART = 0.003  # metres by which means differ that must be ranked rightly
BIAS = 0.05
PASSWORD = "only for this measurement"
DENSE = 300  # places of each image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Done:
    """A study that was made, with what its annotators were told."""

    models: tuple[Model, ...]
    study: Study
    report: Report
    heat: NDArray[np.float32]
    table: GeodesicTable
    seconds: dict[str, float]


def measure() -> dict[str, Any]:
    """Figures by name; under "failed" what the report did not find."""
    body = surface.load("anny")
    return judge(body, run(body, models(body)))


def models(body: Body, noise: tuple[float, ...] = NOISE) -> tuple[Model, ...]:
    """The annotators."""
    bad = {body.part_names.index(BAD_PART) + 1: BAD}
    everyone = [Model(noise=size, bad=bad) for size in noise]
    everyone[SWAPPER] = replace(everyone[SWAPPER], swaps=SWAPS)
    return tuple(everyone)


def run(
    body: Body, annotators: tuple[Model, ...], persons: int = PERSONS, size: int = SIZE, target: int = 5000
) -> Done:
    """The whole study in a data folder of its own: renders, accounts, marks over HTTP, report."""
    from server.studies.report_job import compute

    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        begin = perf_counter()
        out = call()
        seconds[name] = perf_counter() - begin
        return out

    with TemporaryDirectory() as name, ExitStack() as stack:
        data = Path(name)
        table = build(body.hash, body.vertices, body.faces, target=target)  # from the cache, where it is there
        (data / "geodesics").mkdir()
        shutil.copy(table, data / "geodesics")
        state = stack.enter_context(open_state(data, create=True))
        project = timed("rendering", lambda: _project(state, body, persons, size))
        names = _accounts(state, len(annotators))
        url = stack.enter_context(serving(data, "127.0.0.1", free_port("127.0.0.1", 8100)))
        study = _study(url, project, names)
        timed("annotating", lambda: _annotate(state, url, study, names, annotators))
        marks, report, heat = timed("reporting", lambda: compute(state, UUID(study), lambda _message: None))
    return Done(annotators, marks, report, heat, GeodesicTable.open(table, body), seconds)


def judge(body: Body, done: Done) -> dict[str, Any]:
    """What the report says beside what is true."""
    figures: dict[str, Any] = {f"{name}, s": value for name, value in done.seconds.items()}
    figures["marks"] = len(done.study.marks)
    failed: list[str] = []
    true = [_expected(body, done, k) for k in range(len(done.models))]
    found = {who.name: who for who in done.report.by_annotator}
    said = [found[name] for name in done.study.annotators]
    for who, mean in zip(said, true, strict=True):
        value, low, high = who.mean.value or np.nan, who.mean.low or np.nan, who.mean.high or np.nan
        figures[f"{who.name}: true mean, cm"] = 100 * mean
        figures[f"{who.name}: reported, cm"] = f"{100 * value:.2f} ({100 * low:.2f} to {100 * high:.2f})"
        if not low <= mean <= high:
            failed.append(f"{who.name}: {100 * mean:.2f} cm is not in {100 * low:.2f} to {100 * high:.2f}")
    for a, first in enumerate(true):
        for b, second in enumerate(true):
            if second - first > APART and said[a].rank > said[b].rank:
                failed.append(f"{said[a].name} is ranked behind {said[b].name}")
    figures["ranks"] = ", ".join(who.name for who in sorted(said, key=lambda who: who.rank))
    suspects = [who.name for who in said if any("left" in reason for reason in who.suspect)]
    figures["suspected of left for right"] = ", ".join(suspects) or "nobody"
    rate = said[SWAPPER].left_right
    figures["swaps of the swapper"] = f"{rate.count} of {rate.of}"
    if suspects != [said[SWAPPER].name]:
        failed.append(f"suspected of left for right: {suspects}, not {said[SWAPPER].name}")
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
    return figures | ({"failed": failed} if failed else {})


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


def _accounts(state: State, count: int) -> list[str]:
    """A lead and the simulated annotators; their names, the lead's first."""
    from server.users.service import create_user

    names = ["lead", *(f"sim-{k}" for k in range(1, count + 1))]
    with state.database.write() as session:
        create_user(session, names[0], "Lead", PASSWORD, Role.lead)
        for name in names[1:]:
            create_user(session, name, name, PASSWORD, Role.annotator, simulated=True)
    return names


def _study(url: str, project: UUID, names: list[str]) -> str:
    with Api(url, names[0], PASSWORD) as lead:
        users = {user["username"]: user["id"] for user in lead.items("/api/users")}
        made = lead.post(
            f"/api/projects/{project}/studies",
            {
                "name": "Known errors",
                "annotators": [users[name] for name in names[1:]],
                "points_per_part": POINTS,
                "masks": "given",
                "practice": 0,
                "again": 0,
                "seed": 5,
            },
        )
        lead.post(f"/api/studies/{made['id']}/open")
    return str(made["id"])


def _annotate(state: State, url: str, study: str, names: list[str], annotators: tuple[Model, ...]) -> None:
    truth = from_data(state)

    def work(k: int) -> None:
        with Api(url, names[k + 1], PASSWORD) as api:
            bodies = lambda wanted: state.bodies.by_hash(wanted).body  # noqa: E731
            for _ in Annotator(api, annotators[k], bodies, truth, seed=k).work(f"/api/studies/{study}/next"):
                pass

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work, k) for k in range(len(annotators))]:
            future.result()


def _expected(body: Body, done: Done, annotator: int) -> float:
    """The mean error in metres that an annotator has at the points that were marked, over many studies."""
    marks = done.study.marks
    rows = np.flatnonzero((marks.annotator == annotator) & (marks.kind == MARKED))
    at = marks.part[rows], marks.true_face[rows], marks.true_bary[rows], marks.order[rows]

    def metric(face: Any, bary: Any, other: Any, there: Any) -> Floats:
        return done.table.distances((face, bary), (other, there))

    return float(simulated.expected(done.models[annotator], body, *at, metric, draws=30, seed=99).mean())


def _dense(body: Body, done: Done) -> float:
    """The mean error in metres over all that the images show, over images and annotators."""
    rng = np.random.default_rng(7)
    means = []
    for packed in done.study.seen:
        seen = np.unpackbits(packed, count=len(body.faces)).astype(bool)
        area = np.where(seen, body.face_area, 0.0)
        face = rng.choice(len(body.faces), DENSE, p=area / area.sum()).astype(np.int32)
        bary = rng.dirichlet(np.ones(3), DENSE)
        for model in done.models:
            marks = simulated.mark(model, body, body.part(face), face, bary, 0, rng)
            means.append(done.table.distances((face, bary), (marks.face, marks.bary)).mean())
    return float(np.mean(means))


def _by_part(body: Body, heat: NDArray[np.float32]) -> Floats:
    """Mean (P,) over each part's area of what is known at the vertices."""
    face = np.nanmean(np.where(np.isfinite(heat), heat, np.nan)[body.faces], axis=1)
    known = np.isfinite(face)
    out = np.full(len(body.part_names), np.nan)
    for part in range(1, len(out) + 1):
        own = known & (body.face_part == part)
        if own.any():
            out[part - 1] = np.average(face[own], weights=body.face_area[own])
    return out


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
