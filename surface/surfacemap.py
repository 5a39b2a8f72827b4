"""A map from one surface to another, kept as one target surface point per source vertex.

Between the vertices the map is linear: the positions of a triangle's three images are interpolated and brought back
onto the target by its nearest point. The same shape serves a body's mirror and the transfer between two bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surface.body import Body

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurfaceMap:
    """Where each of V source vertices goes.

    Attributes:
        face: (V,) faces of the target.
        bary: (V,3) barycentrics there.
    """

    face: NDArray[np.int32]
    bary: Floats

    def apply(
        self, source: Body, target: Body, face: NDArray[np.int32], bary: Floats
    ) -> tuple[NDArray[np.int32], Floats]:
        """Surface points of the target (face (N,), bary (N,3)) for surface points of the source."""
        images = np.einsum("vk,vkc->vc", self.bary, target.vertices[target.faces[self.face]])
        found, weights, _ = target.nearest(np.einsum("nk,nkc->nc", bary, images[source.faces[face]]))
        return found, weights
