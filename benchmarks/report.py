"""The report of a large study: 10,000 persons, 1,000,000 marks of 16 simulated annotators on the default body."""

from __future__ import annotations

import dataclasses
import json
import resource
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

import surface
from annotation.simulated import place
from evaluation import study as studies
from evaluation.marks import FLAGGED, MARKED, Marks, Study
from surface.body import Body
from surface.geodesic_build import build
from surface.geodesic_table import GeodesicTable

PERSONS, POINTS, ANNOTATORS = 10_000, 100, 16


def measure() -> dict[str, float]:
    """Figures by name; builds the body's geodesic table first where the cache has none (minutes, not counted)."""
    body = surface.load("anny")
    table = GeodesicTable.open(build(body.hash, body.vertices, body.faces), body)
    study = generated(body, PERSONS, POINTS, ANNOTATORS)
    before = peak()
    # Compiled once per installation, so not counted.
    studies.report(generated(body, 12, 20, 3), table)
    begin = np.array([perf_counter(), process_time()])
    report = studies.report(study, table)
    between = np.array([perf_counter(), process_time()])
    studies.heat(study, table)
    end = np.array([perf_counter(), process_time()])
    json.dumps(dataclasses.asdict(report), allow_nan=False)
    return {
        "persons": len(study.persons),
        "marks": len(study.marks),
        "annotators": len(study.annotators),
        "report, s": round(float((between - begin)[0]), 1),
        "report, processor s": round(float((between - begin)[1]), 1),
        "heat map, s": round(float((end - between)[0]), 1),
        "heat map, processor s": round(float((end - between)[1]), 1),
        "peak memory, MB": round(peak()),
        "of which before the report, MB": round(before),
    }


def generated(body: Body, persons: int, points: int, annotators: int, seed: int = 0) -> Study:
    """A study with so many marks on each person; a fifth of the persons are shared by four annotators, a quarter each.

    Annotators err by 1 to 6 cm on average. Each person is seen from its own direction, as if nothing were hidden.
    """
    rng = np.random.default_rng(seed)
    shared = rng.random(persons) < 0.2
    each = max(1, points // 4)
    start = np.cumsum(np.where(shared, each, points)) - np.where(shared, each, points)
    person, who, point = [], [], []
    for p in range(persons):
        chosen = rng.choice(annotators, min(4 if shared[p] else 1, annotators), replace=False)
        size = each if shared[p] else points
        person.append(np.full(size * len(chosen), p))
        who.append(np.repeat(chosen, size))
        point.append(np.tile(start[p] + np.arange(size), len(chosen)))
    persons_, who_, point_ = (np.concatenate(column) for column in (person, who, point))
    direction = rng.standard_normal((persons, 3)) * [1, 0.2, 1]
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    a, b, c = np.moveaxis(body.vertices[body.faces], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    seen = np.zeros((persons, (len(body.faces) + 7) // 8), np.uint8)
    angles = []
    faces = np.zeros(int(start[-1] + points), np.int32)
    for p in range(persons):
        cosine = normal @ direction[p]
        front = cosine > 0.05
        angles.append(np.rint(255 * cosine[front]).astype(np.uint8))
        seen[p] = np.packbits(front)
        own = np.flatnonzero(front)
        size = each if shared[p] else points
        ends = np.cumsum(body.face_area[own])
        faces[start[p] : start[p] + size] = own[np.searchsorted(ends, rng.random(size) * ends[-1])]
    bary = rng.dirichlet(np.ones(3), len(faces))
    face, weights = faces[point_], bary[point_]
    facing = np.einsum("nc,nc->n", normal[face], direction[persons_])
    marked, placed = np.empty_like(face), np.empty_like(weights)
    for k in range(annotators):
        own = np.flatnonzero(who_ == k)
        noise = (0.01 + 0.05 * k / max(annotators - 1, 1)) / 1.2533
        marked[own], placed[own] = place(body, face[own], weights[own], noise, rng)
    kind = np.where(rng.random(len(face)) < 0.01, FLAGGED, MARKED).astype(np.uint8)
    marked[kind != MARKED] = -1
    order = np.zeros(len(face), np.int32)
    for k in range(annotators):
        own = np.flatnonzero(who_ == k)
        order[own] = np.arange(len(own))
    marks = Marks(
        annotator=who_.astype(np.int32), person=persons_.astype(np.int32), again=np.zeros(len(face), np.uint8),
        point=point_.astype(np.int64), part=body.part(face), kind=kind, true_face=face, true_bary=weights,
        face=marked, bary=placed, seconds=rng.lognormal(1.5, 0.5, len(face)).astype(np.float32), order=order,
        facing=facing.astype(np.float32),
    )  # fmt: skip
    names = tuple(f"annotator {k + 1}" for k in range(annotators))
    return Study(
        "Generated", body, names, tuple(f"person {p}" for p in range(persons)), marks, seen, np.concatenate(angles),
        simulated=frozenset(names),
    )  # fmt: skip


def peak() -> float:
    """MB that this process has held at most."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
