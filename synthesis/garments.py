"""The volume of clothes, shoes and hair: where the body's own triangles stand off the skin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surface.rig import shape, transforms
from synthesis import materials as m
from synthesis import outfits as o
from synthesis.cover import edges, locate
from synthesis.hair import move
from synthesis.materials import compiled, inner, ramp, record, ridges, unwound
from synthesis.wardrobe import FOOT, HEAD, LOWER_LEG, TORSO, UPPER_LEG

if TYPE_CHECKING:
    from surface.body import Body
    from synthesis.outfits import Outfit
    from synthesis.wardrobe import Wardrobe

Floats = NDArray[np.float64]


def offsets(outfit: Outfit, wardrobe: Wardrobe) -> Floats:
    """How far (V,3) in metres, rest axes, each vertex of the rest body moves when the outfit is put on.

    The triangles stay, so a surface point keeps its face and barycentrics. Hands and faces do not move.
    """
    w, out = wardrobe, np.zeros_like(wardrobe.rest)
    _dress(
        record(outfit.look), record(w.frame), w.part, w.rest, w.normals, w.tidy, w.hang, w.radial, w.drape, w.around,
        w.last, w.flat, out,
    )  # fmt: skip
    return out


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


@compiled
def _dress(
    looks: Any, frames: Any, part: Any, rest: Any, normals: Any, tidy: Any, hang: Any, radial: Any, drape: Any,
    around: Any, last: Any, flat: Any, out: Any,
) -> None:  # fmt: skip
    L, F = looks[0], frames[0]
    for v in range(len(rest)):
        # In the types that the paint comes with, or everything is compiled twice.
        x, y, z = np.float32(rest[v, 0]), np.float32(rest[v, 1]), np.float32(rest[v, 2])
        role, side, along, length, u, down, _, _, _, _, _, _ = locate(F, int(part[v]), x, y, z)
        outer, top, bottom, shoe, sock = edges(L, F, role, along, length, x, y, z)
        if role == HEAD:
            move(L, F, x, y, z, flat[v], out[v])
        cover, loose, thick, folds = 0.0, 0.0, 0.0, 0.0
        upper = False
        for row, inside in ((o.TOP, top), (o.OUTER, outer), (o.BOTTOM, bottom)):
            # Over other clothes the step lies beyond the edge, so that the edge itself is drawn on smooth ground.
            if (row == o.OUTER and top > 0.0) or (
                row != o.BOTTOM and bottom > 0.03 and not (row == o.TOP and L.tucked)
            ):
                inside += 0.028
            if inside <= 0.0:
                continue
            cloth = L.cloths[row]
            # Thick at once: an edge must be seen as a step.
            cover = max(cover, ramp(0.0, 0.004, inside))
            own = cloth[m.LOOSE]
            if row == o.BOTTOM and L.tucked and role == TORSO:
                own = min(own, 0.1)
            if row == o.TOP and L.tucked and (role == TORSO):
                # Blouses over the waist it is tucked into.
                own *= ramp(L.waist - 0.02, L.waist + 0.06, y - F.hip)
            if row != o.BOTTOM and role != HEAD:
                upper = upper or role in (TORSO, UPPER_LEG)
            loose = max(loose, own * ramp(0.0, 0.02, inside) if row == o.BOTTOM and role == TORSO else own)
            layer = 0.0015 + cloth[m.THICK] + 0.006 * own
            # What is worn below swells the rest only a little.
            thick = max(thick, layer) + 0.35 * min(thick, layer)
            folds = max(folds, cloth[m.FOLDS])
        if role == HEAD and cover > 0.0:
            stand = 0.004 + 0.5 * thick
            if L.neckline == o.HOOD and top > 0.0:
                stand += 0.028 * ramp(0.0, 0.03, top) * ramp(0.03, -0.05, z - F.neck[2])
            for c in range(3):
                out[v, c] += stand * normals[v, c]
        elif cover > 0.0:
            fold = 0.0
            if folds > 0.0:
                p, q, _ = unwound(u, down, 0.155 if role == TORSO else 0.07)
                a = ridges(9 * p + 3 * side, 5 * q, L.seed)[0] - 0.4
                b = ridges(6 * p, 13 * q, L.seed + 3)[0] - 0.4
                fold = folds * (0.006 * a + 0.005 * b) * (0.4 + loose)
            push = loose * (drape[v] if upper or role == TORSO else hang[v])
            for c in range(3):
                way = around[v, c] if upper else radial[v, c]
                out[v, c] = cover * (tidy[v, c] + (thick + fold) * normals[v, c] + push * way)
            if L.flare > 0.0 and bottom > 0.0 and (role in (UPPER_LEG, LOWER_LEG)):
                _skirt(L, F, side, x, y, z, out[v])
            if L.neckline == o.HOOD and role == TORSO:
                # The hood lies on the upper back.
                heap = ramp(0.11, 0.0, F.neck[1] - y) * ramp(0.02, -0.05, z - F.neck[2]) * ramp(0.13, 0.04, abs(x))
                out[v, 2] -= 0.035 * heap
                out[v, 1] += 0.012 * heap
        if role == FOOT:
            if shoe > 0.0 and L.shoe > 0:
                _shoe(L, F, v, rest, normals, last, shoe, out)
            elif sock > 0.0:
                for c in range(3):
                    out[v, c] = 0.0025 * normals[v, c] + 0.35 * last[v, c]
        elif shoe > 0.0 and bottom <= 0.0:
            for c in range(3):
                out[v, c] = 0.008 * normals[v, c]
        elif sock > 0.0 and bottom <= 0.0:
            for c in range(3):
                out[v, c] += 0.003 * normals[v, c]


@inner
def _shoe(L: Any, F: Any, v: int, rest: Any, normals: Any, last: Any, inside: float, out: Any) -> None:
    share = ramp(-0.012, 0.004, inside)
    runner = L.shoe == o.RUNNER or L.shoe == o.SNEAKER
    upper = 0.005 if runner else 0.003
    rise = rest[v, 1] + last[v, 1] - F.ground
    for c in range(3):
        out[v, c] = share * (last[v, c] + upper * normals[v, c])
    # The toe box is as high as the toes and some room.
    fore = ramp(0.07, 0.15, rest[v, 2] + last[v, 2] - F.origin[0, 3, 2])
    out[v, 1] += share * fore * ramp(0.006, 0.03, rise) * (0.016 if runner else 0.009)
    # The sole is wider than the foot, and below it.
    sole = ramp(0.024, 0.010, rise)
    flat = max(np.hypot(normals[v, 0], normals[v, 2]), 0.3)
    out[v, 0] += sole * 0.004 * normals[v, 0] / flat
    out[v, 2] += sole * 0.004 * normals[v, 2] / flat
    high = 0.022 if runner else (0.026 if L.shoe == o.BOOT else 0.014)
    out[v, 1] -= high * ramp(0.020, 0.010, rise)


@inner
def _skirt(L: Any, F: Any, side: int, x: float, y: float, z: float, out: Any) -> None:
    """A half skirt around each leg: outside it flares, inside it reaches to the body's middle."""
    sign = 1.0 if side == 0 else -1.0
    down = max(F.hip + 0.02 - y, 0.0)
    share = ramp(0.0, 0.10, down)
    a = F.origin[side, 2]
    axis = F.axis[side, 2]
    cx, cz = a[0] + axis[0] / -axis[1] * (a[1] - y), a[2] + axis[2] / -axis[1] * (a[1] - y)
    angle = np.arctan2(z - cz, (x - cx) * sign)
    wide, deep = 0.185 + L.flare * down, 0.125 + 0.7 * L.flare * down
    bend = 2.0
    wave = 1.0 + 0.05 * np.sin(9 * angle + L.seed) * ramp(0.05, 0.3, down)
    if abs(angle) < bend:
        turn = angle * (np.pi / 2) / bend
        tx, tz = wide * np.cos(turn) * wave, F.middle + deep * np.sin(turn) * wave
    else:
        tx = 0.004
        tz = F.middle + deep * np.sign(angle) * (np.pi - abs(angle)) / (np.pi - bend)
    out[0] += share * (tx * sign - x - out[0])
    out[2] += share * (tz - z - out[2])
