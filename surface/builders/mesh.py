"""A body from any mesh: `densemark body build mesh`. Method, formulas and limits: docs/methods/meshes.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import igl
import numpy as np
from numpy.typing import NDArray

from surface.body import Body
from surface.builders import mesh_pose, mesh_read, mesh_segment
from surface.builders.mesh_charts import Charts, charts
from surface.builders.mesh_clean import FEWEST, Mesh, clean
from surface.builders.mesh_pose import Posed
from surface.builders.mesh_read import Labels
from surface.builders.mesh_report import Report
from surface.builders.mesh_symmetry import Mirror, image_of_faces, left_half
from surface.self_crossing import crossings

__all__ = ["UNITS", "Charts", "UnitsError", "build", "charts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Stage = Callable[[str], None] | None

UNITS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}
PLAUSIBLE = (0.05, 10.0)  # metres across, of meshes whose file is taken to be in metres without being asked
MANY = 100_000  # faces; more only with consent to decimate


class UnitsError(ValueError):
    """The size of the mesh does not look like metres; `size` is its diagonal in the units of the file."""

    def __init__(self, path: str | Path, size: float) -> None:
        likely = "mm" if size > 100 else "cm" if size > PLAUSIBLE[1] else "m"
        self.size, self.likely = size, likely
        super().__init__(
            f"{path}: the mesh is {size:.4g} units across; what is a unit? Pass --units mm, cm or m (perhaps {likely})"
        )


def build(
    path: str | Path,
    parts: str | Path | None = None,
    *,
    name: str | None = None,
    units: str | None = None,
    up: str | None = None,
    front: str | None = None,
    decimate: int | None = None,
    holes: str = "small",
    largest: bool = False,
    symmetry: str = "auto",
    least_charts: int = 1,
    report: Report | None = None,
    stage: Stage = None,
) -> Body:
    """Makes a body of a mesh file: cleaned, parted, cut into disks, unfolded.

    Args:
        path: OBJ, PLY, GLB, glTF, STL or OFF.
        parts: label file (see `mesh_read.read_labels`); without one, trunk and limbs are found by shape.
        name: of the body; the file's without suffix if not given.
        units: of the file, one of `UNITS`. Needed when the mesh would be less than 5 cm or more than 10 m across.
        up, front: axes of the file, "x", "-x", ... "-z"; y and z if not given (z and -y for up = "z").
        decimate: consent to reduce the mesh to about so many faces; needed above 100,000.
        holes: which to fill: "small" (rim up to a fifth of the diagonal), "all" or "none".
        largest: consent to leave out all pieces but the largest.
        symmetry: "auto" looks for a mirror plane and keeps the mesh (but for differences between the halves that
            decimation explains), "force" makes the right half the mirror image of
            the left where they are nearly that, "none" does not look.
        least_charts: split the largest charts until there are so many.
        report: takes what is found and done.
        stage: called with what is being done.

    Raises:
        ValueError: the mesh or the label file cannot be used; one line that says what and where. `UnitsError` for its
            size.
    """
    report = Report() if report is None else report
    say = stage or _silent
    if symmetry not in ("auto", "force", "none") or holes not in ("small", "all", "none"):
        raise ValueError("symmetry must be auto, force or none; holes must be small, all or none")
    say("reading")
    vertices, faces, polygon = mesh_read.read_mesh(path)
    labels = None if parts is None else mesh_read.read_labels(parts)
    of_file = None if labels is None else mesh_read.labels_of_faces(labels, len(vertices), faces, polygon, str(parts))
    vertices = _metres(path, vertices, faces, units, report)
    _check_size(path, len(faces), decimate)
    vertices = vertices @ mesh_pose.axes(up, front).T
    say("cleaning")
    try:
        mesh = clean(vertices, faces, report, holes, largest)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    moved = 0.0
    if decimate is not None and len(mesh.faces) > decimate:
        say(f"decimating {len(mesh.faces):,} faces")
        before = mesh
        mesh = _decimated(mesh, decimate, report)
        moved = _apart(before, mesh) + _apart(mesh, before)
    label = None if labels is None or of_file is None else _followed(mesh, of_file)
    say("looking for symmetry")
    try:
        posed = mesh_pose.pose(mesh, label, labels, symmetry, up, front, report, moved)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    say("looking for self-intersections")
    _self_intersections(posed, report)
    say("finding parts")
    return _body(name or Path(path).stem, posed, labels, least_charts, report, say)


def _silent(_: str) -> None:
    """Tells nobody."""


def _metres(path: str | Path, vertices: Floats, faces: Ints, units: str | None, report: Report) -> Floats:
    bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
    if len(bad):
        many = "1 vertex is" if len(bad) == 1 else f"{len(bad):,} vertices are"
        raise ValueError(f"{path}: vertex {bad[0]} is {vertices[bad[0]].tolist()}; {many} not finite")
    if units is not None and units not in UNITS:
        raise ValueError(f"units {units!r} are not known; expected {', '.join(UNITS)}")
    size = float(np.linalg.norm(np.ptp(vertices[np.unique(faces)], axis=0)))
    if units is None and not PLAUSIBLE[0] <= size <= PLAUSIBLE[1]:
        raise UnitsError(path, size)
    scale = UNITS[units or "m"]
    report.vertices, report.faces, report.units = len(vertices), len(faces), units or "m"
    report.diagonal = size * scale
    return vertices * scale


def _check_size(path: str | Path, faces: int, decimate: int | None) -> None:
    if faces < FEWEST:
        raise ValueError(f"{path}: {faces} face{'s' if faces > 1 else ''}; a body needs at least {FEWEST}")
    if decimate is not None and not 100 <= decimate <= MANY:
        raise ValueError(f"decimate to {decimate} faces: expected 100..{MANY:,}")
    if faces > MANY and decimate is None:
        raise ValueError(
            f"{path}: {faces:,} faces are more than the {MANY:,} a body may have; pass --decimate 20000 to reduce them"
        )


def _decimated(mesh: Mesh, count: int, report: Report) -> Mesh:
    """Quadric edge collapses that keep the surface manifold (Garland and Heckbert 1997), then checked again."""
    report.decimated_from = len(mesh.faces)
    v, f, birth, _ = igl.qslim(np.asfortranarray(mesh.vertices), np.asfortranarray(mesh.faces.astype(np.int32)), count)
    checked = Report()
    out = clean(np.asarray(v), np.asarray(f, dtype=np.int64), checked, holes="none", largest=True)
    if checked.nonmanifold_edges or (checked.holes and not report.holes - report.filled_holes):
        raise ValueError(
            f"decimation to {count:,} faces tears the surface; ask for more faces, or decimate it elsewhere"
        )
    if checked.dropped_components:
        report.notes.append(
            f"decimation broke off {checked.dropped_components} pieces, {checked.dropped_share:.1%} of the area, "
            "left out"
        )
    report.split_vertices += checked.split_vertices
    out.origin = np.where(out.origin < 0, -1, mesh.origin[np.asarray(birth)[out.origin]])
    return out


def _apart(mesh: Mesh, other: Mesh) -> float:
    """The largest distance in metres of (at most 20,000) vertices of a mesh from the surface of another."""
    points = mesh.vertices[:: 1 + len(mesh.vertices) // 20_000]
    squared = igl.point_mesh_squared_distance(
        np.ascontiguousarray(points), np.ascontiguousarray(other.vertices), np.ascontiguousarray(other.faces)
    )[0]
    return float(np.sqrt(np.asarray(squared).max()))


def _followed(mesh: Mesh, of_file: Ints) -> Ints:
    """Labels `(F,)` of the cleaned faces; those that closed a hole take the nearest labelled face's."""
    from scipy.spatial import cKDTree

    old = mesh.origin >= 0
    label = np.where(old, of_file[mesh.origin], 0)
    if not old.all():
        centre = mesh.vertices[mesh.faces].mean(axis=1)
        label[~old] = label[old][cKDTree(centre[old]).query(centre[~old])[1]]
    return np.asarray(label)


def _self_intersections(posed: Posed, report: Report) -> None:
    pairs = crossings(posed.vertices, posed.faces)
    report.self_intersections = len(pairs)
    if len(pairs):
        report.self_intersection_at = tuple(posed.vertices[posed.faces[pairs[0, 0]]].mean(axis=0).tolist())


def _body(
    name: str, posed: Posed, labels: Labels | None, least: int, report: Report, say: Callable[[str], None]
) -> Body:
    v, f, mirror = posed.vertices, posed.faces, posed.mirror
    colours = None
    if labels is None or posed.label is None:
        left = None if mirror is None else left_half(v, f, mirror)
        image = None if mirror is None or left is None else image_of_faces(v, f, mirror, left)
        found = mesh_segment.parts(v, f, left, image)
        label, names, part_mirror = found.label, found.names, found.mirror
    else:
        # Cleaning may have removed all of a part.
        there = np.unique(posed.label)
        label = np.searchsorted(there, posed.label) + 1
        names = tuple(labels.names[p - 1] for p in there)
        pairs = posed.part_mirror if posed.part_mirror is not None else np.arange(len(labels.names) + 1)
        part_mirror = np.array([0, *(np.searchsorted(there, pairs[p]) + 1 for p in there)])
        colours = None if labels.colours is None else labels.colours[there - 1]
        report.notes += [f"part {n} has no faces left" for n in labels.names if n not in names]

    def progress(part: str, done: int, total: int) -> None:
        say(f"unfolding {part}, chart {done + 1} of {total}")

    made = charts(v, f, label, names, part_mirror=part_mirror, mirror=mirror, least=least, progress=progress)
    report.parts, report.charts = len(names), len(made.chart_names)
    out: dict[str, Any] = {
        "format": np.int64(1),
        "name": np.array(name),
        "vertices": v,
        "faces": f.astype(np.int32),
        "face_chart": made.face_chart,
        "face_uv": made.face_uv,
        "chart_names": np.array(made.chart_names),
        "chart_part": made.chart_part,
        "part_names": np.array(names),
        "part_mirror": part_mirror.astype(np.uint8),
        "chart_mirror": made.chart_mirror,
        "keypoint_names": np.zeros(0, dtype="U1"),
        "keypoint_regressor_data": np.zeros(0),
        "keypoint_regressor_indices": np.zeros(0, dtype=np.int32),
        "keypoint_regressor_indptr": np.zeros(1, dtype=np.int32),
        **_mirror_arrays(mirror),
    }
    if colours is not None:
        out["part_colours"] = colours
    return Body.from_arrays(out, name)


def _mirror_arrays(mirror: Mirror | None) -> dict[str, Any]:
    if mirror is None:
        return {}
    if mirror.map is not None:
        return {"mirror_map_face": mirror.map.face, "mirror_map_bary": mirror.map.bary}
    return {"mirror_face": mirror.face, "mirror_corner": mirror.corner}
