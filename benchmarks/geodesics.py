"""Geodesic distances: the table, and exact, heat-method and libigl distances one source at a time, in one run."""

from __future__ import annotations

import resource
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

import surface
from surface.body import Body
from surface.geodesic import to_vertices
from surface.geodesic_build import build
from surface.geodesic_check import errors, sample, speed
from surface.geodesic_table import GeodesicTable, find, table_path

SOURCES = 8


def measure() -> dict[str, float]:
    """The figures of the default body."""
    return figures(surface.load("anny"))


def figures(body: Body) -> dict[str, float]:
    """Figures by name: the build (where the cache has no table yet), errors, size and speed, and the peers."""
    out: dict[str, float] = {}
    path = table_path(body.hash)
    if not path.exists():
        out |= building(body)
    begin = perf_counter()
    table = GeodesicTable.open(path, body)
    out["geodesic table: opened and checked in, ms"] = round(1000 * (perf_counter() - begin), 1)
    out["geodesic table: vertices"] = table.vertices
    out["geodesic table: MB"] = round(path.stat().st_size / 1e6, 1)
    a, b, exact = sample(body, 20, 40)
    out |= {f"geodesic table: {name}": value for name, value in errors(table.distances(a, b), exact).items()}
    for threads in (1, 2):
        out[f"geodesic table: pairs a second, {threads} threads"] = round(speed(body, table, threads=threads))
        out[f"geodesic table: pairs of located points a second, {threads} threads"] = round(
            speed(body, table, threads=threads, located=True)
        )
    assert find(body) is not None
    return out | peers(body, table)


def building(body: Body) -> dict[str, float]:
    """Build the table with two processes, aside first: an interrupted build of the cache would make it look short."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        built = build(body.hash, body.vertices, body.faces, Path(folder), 2)
        seconds, after = perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        kept = table_path(body.hash)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built, kept.with_suffix(".copy"))
        kept.with_suffix(".copy").replace(kept)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"geodesic table: built in, s": round(seconds), "geodesic table: built in, processor seconds": round(used)}


def peers(body: Body, table: GeodesicTable) -> dict[str, float]:
    """From a vertex to all others: processor time of one source, and the error beside pygeodesic's exact distances."""
    import igl
    import potpourri3d
    from pygeodesic.geodesic import PyGeodesicAlgorithmExact

    vertices, faces = np.array(body.vertices), body.faces.astype(np.int32)
    none, all_ = np.zeros(0, np.int64), np.arange(len(vertices))
    exact = PyGeodesicAlgorithmExact(vertices, faces)
    heat = potpourri3d.MeshHeatMethodDistanceSolver(vertices, faces)
    corner = _corners(body)
    methods: dict[str, Callable[[int], np.ndarray]] = {
        "pygeodesic": lambda v: exact.geodesicDistances(np.array([v], np.int32), None)[0],
        "libigl exact": lambda v: igl.exact_geodesic(
            vertices, faces.astype(np.int64), np.array([v], np.int64), none, all_, none
        ),
        "potpourri3d heat": heat.compute_distance,
        "geodesic table": lambda v: table.distances((corner[0][[v]], corner[1][[v]]), corner, 1),
        "ours, exact": lambda v: to_vertices(body, (int(corner[0][v]), corner[1][v])),
    }
    sources = np.random.default_rng(0).choice(len(vertices), SOURCES, replace=False)
    found = {name: [_timed(method, int(v)) for v in sources] for name, method in methods.items()}
    true = np.concatenate([distances for _, distances in found["pygeodesic"]])
    out = {}
    for name, runs in found.items():
        out[f"one source, {name}, ms"] = round(1000 * float(np.median([seconds for seconds, _ in runs])), 2)
        if name != "pygeodesic":
            off = errors(np.concatenate([distances for _, distances in runs]), true)
            out |= {f"one source, {name}, {key}": value for key, value in off.items()}
    return out


def _timed(method: Callable[[int], np.ndarray], vertex: int) -> tuple[float, np.ndarray]:
    begin = process_time()
    found = np.asarray(method(vertex)).reshape(-1)
    return process_time() - begin, found


def _corners(body: Body) -> tuple[np.ndarray, np.ndarray]:
    face, corner = np.zeros(len(body.vertices), np.int32), np.zeros(len(body.vertices), np.int64)
    for k in range(3):
        face[body.faces[:, k]], corner[body.faces[:, k]] = np.arange(len(body.faces)), k
    return face, np.eye(3)[corner]
