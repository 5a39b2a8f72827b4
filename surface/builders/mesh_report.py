"""What was found in a mesh and what was done to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Report:
    """Findings and repairs, in the order of the work; lengths in metres.

    Attributes:
        vertices, faces: as read.
        diagonal: of the bounding box.
        units: of the file, in which lengths became metres.
        merged_vertices: vertices that lay on others.
        degenerate_faces, duplicate_faces: removed (degenerate ones or swapped away, where that would tear the mesh).
        nonmanifold_edges: edges of more than two faces, all repaired; `nonmanifold_at` is the middle of the first.
        fin_faces: faces removed with them, thin fins that hang on such an edge.
        split_vertices: vertices in which the surface touched itself, split.
        components, dropped_components, dropped_share: pieces found, left out, and their share of the area.
        flipped_faces: faces turned around so that all look outward.
        holes, filled_holes, largest_filled: boundaries, those closed, and the longest rim among those.
        largest_open: the longest rim left open, 0 when closed.
        decimated_from: faces before decimation, 0 without.
        divided_from: faces before a coarse mesh was divided, 0 without.
        self_intersections: pairs of triangles that cross; `self_intersection_at` is a point near the first.
        symmetry: "exact", "near" or "none"; `symmetry_error` is the distance between the body and its mirror image.
        charts, parts: counts.
        notes: what the reader should know, in sentences.
    """

    vertices: int = 0
    faces: int = 0
    diagonal: float = 0.0
    units: str = "m"
    merged_vertices: int = 0
    degenerate_faces: int = 0
    duplicate_faces: int = 0
    nonmanifold_edges: int = 0
    nonmanifold_at: tuple[float, float, float] | None = None
    fin_faces: int = 0
    split_vertices: int = 0
    components: int = 1
    dropped_components: int = 0
    dropped_share: float = 0.0
    flipped_faces: int = 0
    holes: int = 0
    filled_holes: int = 0
    largest_filled: float = 0.0
    largest_open: float = 0.0
    decimated_from: int = 0
    divided_from: int = 0
    self_intersections: int = 0
    self_intersection_at: tuple[float, float, float] | None = None
    symmetry: str = "none"
    symmetry_error: float = 0.0
    parts: int = 0
    charts: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The findings in sentences; what was not found is not mentioned."""
        at = "" if self.nonmanifold_at is None else f", the first at {_place(self.nonmanifold_at)}"
        crossing = "" if self.self_intersection_at is None else f", the first at {_place(self.self_intersection_at)}"
        symmetry = {
            "exact": "symmetric, triangle by triangle",
            "near": f"symmetric to within {_length(self.symmetry_error)}, but not triangle by triangle",
            "none": "not symmetric",
        }[self.symmetry]
        said = [
            (
                True,
                f"read {self.vertices:,} vertices, {self.faces:,} faces; {_length(self.diagonal)} across",
            ),
            (self.merged_vertices, f"merged {self.merged_vertices:,} vertices that lay on others"),
            (self.degenerate_faces, f"removed {self.degenerate_faces:,} faces without area"),
            (self.duplicate_faces, f"removed {self.duplicate_faces:,} duplicate faces"),
            (self.nonmanifold_edges, f"repaired {self.nonmanifold_edges:,} non-manifold edges{at}"),
            (self.fin_faces, f"removed {self.fin_faces:,} faces of fins"),
            (self.split_vertices, f"split {self.split_vertices:,} vertices in which the surface touches itself"),
            (
                self.dropped_components,
                f"left out {self.dropped_components} of {self.components} pieces, {self.dropped_share:.1%} of the area",
            ),
            (self.flipped_faces, f"turned {self.flipped_faces:,} faces outward"),
            (
                self.filled_holes,
                f"filled {self.filled_holes} of {self.holes} holes, the longest rim {_length(self.largest_filled)}",
            ),
            (
                self.holes - self.filled_holes,
                f"left {self.holes - self.filled_holes} holes open, the longest rim {_length(self.largest_open)}",
            ),
            (self.decimated_from, f"decimated from {self.decimated_from:,} faces"),
            (self.divided_from, f"divided {self.divided_from} faces into smaller ones, which charts need"),
            (
                self.self_intersections,
                f"{self.self_intersections:,} pairs of triangles cross{crossing}; kept as they are",
            ),
            (True, symmetry),
        ]
        return [text for shown, text in said if shown] + self.notes


def _length(metres: float) -> str:
    return f"{metres:.3g} m" if metres >= 0.1 else f"{metres * 1000:.3g} mm"


def _place(point: tuple[float, float, float]) -> str:
    return "(" + ", ".join(f"{x:.4g}" for x in point) + ")"
