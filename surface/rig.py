"""A rig in SMPL's own terms, and the one function that poses it.

Loper et al., "SMPL: A Skinned Multi-Person Linear Model", SIGGRAPH Asia 2015. The same formula serves the shipped
body and a user's SMPL file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rig:
    """The parameters of a linearly skinned body.

    Attributes:
        v_template: (V,3) metres, the mean shape in the rest pose.
        shapedirs: (V,3,S) metres per unit of each shape coefficient.
        J_regressor: (J,V) sparse; joint positions of the rest shape are ``J_regressor @ vertices``.
        weights: (V,J) sparse skinning weights; rows sum to one.
        kintree_table: (2,J); row 0 holds each joint's parent, any value outside 0..J-1 at the root, which comes first.
        joint_names: J names.
        shape_names: S names.
        posedirs: (V,3,9(J-1)) metres per entry of ``R - I``, or None.
    """

    v_template: Floats
    shapedirs: NDArray[np.float32] | Floats
    J_regressor: csr_array
    weights: csr_array
    kintree_table: NDArray[np.int64]
    joint_names: tuple[str, ...]
    shape_names: tuple[str, ...]
    posedirs: NDArray[np.float32] | Floats | None = None

    @property
    def parents(self) -> list[int]:
        """The parent of each joint, -1 for the root."""
        count = len(self.joint_names)
        return [int(p) if 0 <= p < count and p != j else -1 for j, p in enumerate(self.kintree_table[0])]


def rodrigues(rotations: ArrayLike) -> Floats:
    """Rotation matrices (J,3,3) of axis-angle vectors (J,3) in radians (Rodrigues' formula), exact at zero."""
    r = np.asarray(rotations, dtype=np.float64)
    angle = np.linalg.norm(r, axis=-1)
    k = np.zeros((*r.shape[:-1], 3, 3))
    k[..., 0, 1], k[..., 0, 2], k[..., 1, 2] = -r[..., 2], r[..., 1], -r[..., 0]
    k -= np.swapaxes(k, -1, -2)
    # sin(a)/a and (1-cos(a))/a^2, written so that they are smooth at zero.
    s = np.sinc(angle / np.pi)[..., None, None]
    c = 0.5 * np.sinc(angle / (2 * np.pi))[..., None, None] ** 2
    return np.eye(3) + s * k + c * (k @ k)


def shape(rig: Rig, betas: ArrayLike | None = None) -> Floats:
    """Vertices (V,3) of the rest pose for shape coefficients (up to S; missing ones are zero).

    Raises:
        ValueError: more coefficients than shape directions, or some are not finite.
    """
    b = np.zeros(0) if betas is None else np.asarray(betas, dtype=np.float64)
    if b.ndim != 1 or len(b) > rig.shapedirs.shape[2]:
        raise ValueError(f"betas has shape {b.shape}; the rig has {rig.shapedirs.shape[2]} shape directions")
    if not np.isfinite(b).all():
        raise ValueError(f"betas[{int(np.argmin(np.isfinite(b)))}] is not finite")
    return rig.v_template + rig.shapedirs[:, :, : len(b)] @ b if len(b) else rig.v_template.copy()


def transforms(rig: Rig, joints: ArrayLike, rotations: ArrayLike) -> Floats:
    """World transforms (J,4,4) of the joints: rest joint positions (J,3), local axis-angle rotations (J,3)."""
    at = np.asarray(joints, dtype=np.float64)
    matrices = rodrigues(rotations)
    world = np.tile(np.eye(4), (len(at), 1, 1))
    for j, parent in enumerate(rig.parents):
        if parent < 0:
            world[j, :3, :3], world[j, :3, 3] = matrices[j], at[j]
        else:
            world[j, :3, :3] = world[parent, :3, :3] @ matrices[j]
            world[j, :3, 3] = world[parent, :3, :3] @ (at[j] - at[parent]) + world[parent, :3, 3]
    return world


def pose(
    rig: Rig,
    betas: ArrayLike | None = None,
    rotations: ArrayLike | None = None,
    translation: ArrayLike | None = None,
) -> Floats:
    """Vertices (V,3) in metres of the rig in a shape and a pose.

    Args:
        rig: the rig.
        betas: up to S shape coefficients; zeros when None.
        rotations: (J,3) axis-angle per joint in radians, relative to the parent; zeros when None.
        translation: (3,) metres, added to every vertex.

    Raises:
        ValueError: a shape does not fit the rig, or a value is not finite.
    """
    count = len(rig.joint_names)
    angles = np.zeros((count, 3)) if rotations is None else np.asarray(rotations, dtype=np.float64)
    if angles.shape != (count, 3):
        raise ValueError(f"rotations has shape {angles.shape}; the rig needs ({count}, 3)")
    if not np.isfinite(angles).all():
        raise ValueError(f"rotations of joint {int(np.argmin(np.isfinite(angles).all(axis=1)))} are not finite")
    rest = shape(rig, betas)
    joints = rig.J_regressor @ rest
    if rig.posedirs is not None:
        feature = (rodrigues(angles[1:]) - np.eye(3)).reshape(-1)
        rest = rest + rig.posedirs @ feature
    world = transforms(rig, joints, angles)
    # Relative to the rest pose, so that a vertex needs no bone-local coordinates.
    world[:, :3, 3] -= np.einsum("jab,jb->ja", world[:, :3, :3], joints)
    blend = (rig.weights @ world[:, :3, :].reshape(count, 12)).reshape(-1, 3, 4)
    posed = np.einsum("vab,vb->va", blend[:, :, :3], rest) + blend[:, :, 3]
    if translation is not None:
        offset = np.asarray(translation, dtype=np.float64)
        if offset.shape != (3,):
            raise ValueError(f"translation has shape {offset.shape}; it needs (3,)")
        posed += offset
    return posed
