"""How large a run is."""

from dataclasses import dataclass

from benchmarks.evaluation import VERTICES


@dataclass(frozen=True)
class Size:
    """Persons with so many points each, in so many images; `evaluated` persons are evaluated, with distances between
    so many `vertices`. The defaults are those of DensePose-COCO and of its minival."""

    persons: int = 50_000
    points: int = 100
    images: int = 26_000
    annotators: int = 16
    evaluated: int = 2_243
    vertices: int = VERTICES
