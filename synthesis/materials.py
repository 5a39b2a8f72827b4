"""Colours, noise and fabrics: what surfaces are made of, as functions of a place on them. Colours are linear RGB."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The kernels of looks call one another across these modules.
_KERNELS = ("materials", "cover", "hair", "faces", "trims", "paint", "garments", "backdrop", "outfits", "wardrobe")
_stamp = tuple(
    (path.stat().st_mtime_ns, path.stat().st_size) for path in (Path(__file__).with_name(f"{n}.py") for n in _KERNELS)
)

_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "arcp", "nsz", "reassoc"},
}
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: Any) -> Any:
    """Compile a kernel of looks; a division by zero is infinite, as in NumPy.

    Numba's cache knows a function by its own file only; here it is made anew when any of the kernels' files changed.
    """
    return _stamped(njit(**_OPTIONS)(function))


def inner(function: Any) -> Any:
    """``compiled``, for what kernels alone call: without a way in from Python it compiles in half the time."""
    return _stamped(njit(**_OPTIONS, **_INNER)(function))


def _stamped(kernel: Any) -> Any:
    kernel._cache._cache_file._source_stamp = _stamp
    return kernel


# Fabrics. A cloth is a row of numbers: see the columns below.
PLAIN, STRIPES, PINSTRIPES, GINGHAM, TARTAN, DOTS, FLORAL, CAMOUFLAGE = range(8)
GRADIENT, DENIM, KNIT, PANEL, BRETON, IMAGE, MELANGE, ZIGZAG, LEATHER = range(8, 17)
KIND, A, B, C, PERIOD, FOLDS, GLOSS, SEED, PICTURE, THICK, LOOSE = 0, 1, 4, 7, 10, 11, 12, 13, 14, 15, 16
COLUMNS = 17


@cache
def linear(colour: str) -> Floats:
    """Linear RGB (3,) of a hexadecimal sRGB colour; not to be written to."""
    srgb = np.array([int(colour[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    out = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    out.flags.writeable = False
    return out


@inner
def lattice(i: int, j: int, seed: int) -> float:
    """A number in [0,1] of a cell of a grid."""
    h = (i * 374761393 + j * 668265263 + seed * 974634777) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0


@inner
def noise(x: float, y: float, seed: int) -> float:
    """Smooth noise in [0,1] with one feature per unit (value noise)."""
    i, j = int(np.floor(x)), int(np.floor(y))
    a, b = x - i, y - j
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    low = lattice(i, j, seed) * (1 - a) + lattice(i + 1, j, seed) * a
    high = lattice(i, j + 1, seed) * (1 - a) + lattice(i + 1, j + 1, seed) * a
    return low * (1 - b) + high * b


@inner
def clumps(x: float, y: float, z: float, seed: int) -> float:
    """Smooth noise in [0,1] in space, with one feature per unit."""
    k = int(np.floor(z))
    c = z - k
    c = c * c * (3 - 2 * c)
    return noise(x, y, seed + 57 * k) * (1 - c) + noise(x, y, seed + 57 * (k + 1)) * c


@inner
def ridges(x: float, y: float, seed: int) -> tuple[float, float, float]:
    """Noise in [0,1] whose crests are sharper than its valleys, as in folded cloth, and its slopes along x and y."""
    warp = noise(0.6 * x + 5.1, 0.6 * y, seed + 7) - 0.5
    x, y = x + 1.6 * warp, y + 1.1 * warp
    i, j = int(np.floor(x)), int(np.floor(y))
    a, b = x - i, y - j
    sa, sb = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    n00, n10 = lattice(i, j, seed), lattice(i + 1, j, seed)
    n01, n11 = lattice(i, j + 1, seed), lattice(i + 1, j + 1, seed)
    low, high = n00 + (n10 - n00) * sa, n01 + (n11 - n01) * sa
    n = 2.0 * (low + (high - low) * sb) - 1.0
    rest = 1.0 - abs(n)
    steep = -4.0 * rest if n > 0.0 else 4.0 * rest
    # The warp changes slowly; its own slope is left out.
    dx = steep * 6 * a * (1 - a) * ((n10 - n00) * (1 - sb) + (n11 - n01) * sb)
    dy = steep * 6 * b * (1 - b) * (high - low)
    return rest * rest, dx, dy


@inner
def unwound(u: float, v: float, radius: float) -> tuple[float, float, float]:
    """Coordinates (u, v) around and along a limb that meet behind it, and whether u grows (1) or falls (-1)."""
    return abs(u), v + 0.11 * np.sin(u / radius), 1.0 if u > 0 else -1.0


@inner
def ramp(low: float, high: float, x: float) -> float:
    """0 at low, 1 at high, smooth between."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@inner
def line(x: float, half: float) -> float:
    """1 within ``half`` of zero, falling softly to 0 at twice that."""
    return min(max(2.0 - abs(x) / half, 0.0), 1.0)


@inner
def mix(r: float, g: float, b: float, share: float, cr: float, cg: float, cb: float) -> tuple:
    """Colour (r, g, b) with ``share`` of another."""
    return r + share * (cr - r), g + share * (cg - g), b + share * (cb - b)


@inner
def weave(cloth: Any, u: float, v: float, pictures: Any) -> tuple[float, float, float]:
    """The colour of a cloth at (u across, v down) in metres."""
    kind, period, seed = int(cloth[KIND]), cloth[PERIOD], int(cloth[SEED])
    p, q = u / period, v / period
    second, third = 0.0, 0.0
    if kind == STRIPES:
        second = 1.0 if q - np.floor(q) < 0.5 else 0.0
        third = 1.0 if 0.72 < q - np.floor(q) < 0.78 else 0.0
    elif kind == BRETON:
        second = 1.0 if q - np.floor(q) < 0.3 else 0.0
    elif kind == PINSTRIPES:
        second = 0.8 * line((p - np.floor(p) - 0.5) * period, 0.0012)
    elif kind == GINGHAM:
        second = 0.5 * ((1.0 if p - np.floor(p) < 0.5 else 0.0) + (1.0 if q - np.floor(q) < 0.5 else 0.0))
    elif kind == TARTAN:
        a, b = p - np.floor(p), q - np.floor(q)
        second = 0.5 * ((1.0 if 0.1 < a < 0.5 else 0.0) + (1.0 if 0.1 < b < 0.5 else 0.0))
        third = 0.55 * max(line(a - 0.72, 0.03), line(b - 0.72, 0.03))
        third += 0.3 * max(line(a - 0.3, 0.02), line(b - 0.3, 0.02))
    elif kind == DOTS:
        row = np.floor(q)
        a, b = p + 0.5 * (row - 2 * np.floor(row / 2)), q - row
        second = 1.0 - ramp(0.2, 0.26, np.hypot(a - np.floor(a) - 0.5, b - 0.5))
    elif kind == FLORAL:
        j = int(np.floor(q))
        p += 0.5 * (j % 2)
        i = int(np.floor(p))
        x, y = p - i - 0.38 - 0.24 * lattice(i, j, seed), q - j - 0.38 - 0.24 * lattice(i, j, seed + 1)
        r, size = np.hypot(x, y), 0.18 + 0.18 * lattice(i, j, seed + 3)
        if r < size:
            petals = np.cos(5 * np.arctan2(y, x) + 6.0 * lattice(i, j, seed + 2))
            if r < size * (0.74 + 0.26 * petals):
                flower = lattice(i, j, seed + 4) < 0.65
                second, third = (1.0, 1.0 if r < 0.25 * size else 0.0) if flower else (0.0, 0.9)
    elif kind == CAMOUFLAGE:
        one, two = noise(p, 1.3 * q, seed), noise(p + 9.0, 1.3 * q, seed + 5)
        second = 1.0 if one + 0.35 * noise(3 * p, 3 * q, seed + 1) > 0.72 else 0.0
        third = 1.0 if two + 0.35 * noise(3 * p, 3 * q, seed + 2) > 0.82 else 0.0
    elif kind == GRADIENT:
        second = ramp(-0.45, 0.1, v)
    elif kind == DENIM:
        # Washed out where it is worn, paler threads down the weave.
        second = 0.28 * noise(u * 9, v * 5, seed) + 0.16 * noise(u * 420, v * 60, seed + 1)
    elif kind == KNIT:
        rib = p - np.floor(p)
        second = 0.55 * (1.0 if rib > 0.72 else 0.0) * (0.6 + 0.4 * noise(u * 500, v * 240, seed))
    elif kind == PANEL:
        second = 1.0 if v < -0.36 else 0.0
        third = 1.0 if -0.36 <= v < -0.33 else 0.0
    elif kind == MELANGE:
        second = 0.5 * noise(u * 330, v * 170, seed) + 0.2 * noise(u * 90, v * 40, seed + 1)
    elif kind == ZIGZAG:
        saw = abs(p - np.floor(p) - 0.5)
        second = 1.0 if (q + saw) - np.floor(q + saw) < 0.32 else 0.0
        third = 1.0 if 0.5 < (q + saw) - np.floor(q + saw) < 0.6 else 0.0
    elif kind == IMAGE:
        picture = pictures[int(cloth[PICTURE])]
        n = picture.shape[0]
        i, j = int((q - np.floor(q)) * n) % n, int((p - np.floor(p)) * n) % n
        return picture[i, j, 0], picture[i, j, 1], picture[i, j, 2]
    grain = 0.96 + 0.08 * noise(u * 700, v * 700, seed + 11)
    r = cloth[A] + second * (cloth[B] - cloth[A])
    g = cloth[A + 1] + second * (cloth[B + 1] - cloth[A + 1])
    b = cloth[A + 2] + second * (cloth[B + 2] - cloth[A + 2])
    r += third * (cloth[C] - r)
    g += third * (cloth[C + 1] - g)
    b += third * (cloth[C + 2] - b)
    return r * grain, g * grain, b * grain


def record(values: Any) -> NDArray[Any]:
    """The fields of a named tuple of numbers and arrays as one structured array (1,): compiled code reads it without
    counting references, which costs more than the painting."""
    plain = {name: np.asarray(value) for name, value in zip(values._fields, values, strict=True)}
    kinds = [(n, "f8" if a.dtype.kind == "f" else "i8", a.shape) for n, a in plain.items()]
    out = np.zeros(1, np.dtype(kinds))
    for name, value in plain.items():
        out[name] = value
    return out
