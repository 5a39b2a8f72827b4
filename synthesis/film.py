"""From light to an image, as a camera does it: exposure, white balance, lens, noise, and the curve of the film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from surface import kernels

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# What only kernels call needs no way in from Python; it compiles in half the time.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_TABLE = 4096
_BRIGHTEST = 8.0
_GREY = 0.18


@dataclass(frozen=True)
class Film:
    """How light becomes an image.

    Attributes:
        stops: the exposure beside what a light meter would choose.
        balance: (3,) gains of red, green and blue.
        vignette: share of the light that is lost in the corners.
        defocus: how much more or less than usual the background is out of focus.
        soft: share of a pixel's light that falls on each neighbour.
        grain: noise of the sensor at one unit of light, and ``dark`` without light.
        contrast: of the curve, 1 is usual.
        saturation: 1 is usual.
        seed: of the noise.
    """

    stops: float
    balance: Floats
    vignette: float
    defocus: float
    soft: float
    grain: float
    dark: float
    contrast: float
    saturation: float
    seed: int


def choose(rng: np.random.Generator) -> Film:
    """A film, mostly a good camera in good light."""
    noisy = float(np.exp(rng.normal(0, 0.55)))
    warm, green = rng.normal(0, 0.045), rng.normal(0, 0.012)
    return Film(
        stops=float(rng.normal(0, 0.28)),
        balance=np.array([1 + warm, 1 + green, 1 - warm]),
        vignette=float(rng.uniform(0, 0.28)),
        defocus=float(np.exp(rng.normal(0, 0.6))),
        soft=float(rng.uniform(0.03, 0.16)),
        grain=0.007 * noisy,
        dark=0.0012 * noisy,
        contrast=float(rng.normal(1.06, 0.07)),
        saturation=float(rng.normal(0.90, 0.09)),
        seed=int(rng.integers(2**31)),
    )


def develop(film: Film, light: Singles, person: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image (H,W,3) u8 sRGB of light (H,W,3), linear RGB; ``person`` (H,W) is what the meter minds most."""
    size = light.shape[0]
    coarse = light[::4, ::4] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    logs, mine = np.log(np.maximum(coarse, 0.01)), person[::4, ::4]
    metered = float(logs.mean())
    if mine.any():
        metered = 0.4 * metered + 0.6 * float(logs[mine].mean())
    gain = float(np.clip(_GREY / np.exp(metered), 0.4, 2.5)) * 2.0**film.stops
    out = np.empty(light.shape, np.uint8)
    _develop(
        light, (gain * film.balance).astype(np.float32), np.float32(film.vignette), np.float32(film.soft * size / 512),
        np.float32(film.grain), np.float32(film.dark), np.float32(film.saturation), _curve(film.contrast),
        _normals(), np.uint32(film.seed), out,
    )  # fmt: skip
    return out


@cache
def _normals() -> Singles:
    """Numbers of normal distribution that the noise is drawn from."""
    return np.random.default_rng(0).standard_normal(2**12).astype(np.float32)


def _curve(contrast: float) -> NDArray[np.uint8]:
    """(T,) sRGB of light 8 (t/T)^2: a soft shoulder, and a curve through middle grey that can be steeper."""
    x = _BRIGHTEST * (np.arange(_TABLE) / (_TABLE - 1)) ** 2
    y = 1 - np.exp(-1.2 * _GREY * (x / _GREY) ** contrast)
    srgb = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.power(y, 1 / 2.4) - 0.055)
    return np.round(255 * srgb).astype(np.uint8)


@njit(cache=True, error_model="numpy", nogil=True, **_INNER)
def _hash(x: Any) -> Any:
    """A well mixed 32-bit number (Wellons, "Prospecting for hash functions", 2018)."""
    x = np.uint32(x)
    x ^= x >> np.uint32(16)
    x = np.uint32(x * np.uint32(0x7FEB352D))
    x ^= x >> np.uint32(15)
    x = np.uint32(x * np.uint32(0x846CA68B))
    return x ^ (x >> np.uint32(16))


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def _develop(
    light: Any, gain: Any, vignette: Any, soft: Any, grain: Any, dark: Any, saturation: Any, curve: Any, normals: Any,
    seed: Any, out: Any,
) -> None:  # fmt: skip
    # Loops over rows without branches, which the compiler turns into vector instructions.
    height, width = light.shape[:2]
    last, zero, wide = np.int32(len(curve) - 1), np.float32(0), 3 * width
    scale = np.float32(last / np.sqrt(_BRIGHTEST))
    mid = 1 / (1 + 2 * min(soft, np.float32(0.25)))
    side = min(soft, np.float32(0.25)) * mid
    flat, fixed = light.reshape(height, wide), out.reshape(height, wide)
    start = _hash(seed)
    half = np.float32(0.5) * vignette
    fall, gains = np.empty(wide, np.float32), np.empty(wide, np.float32)
    for x in range(width):
        dx = np.float32(2 * x - width) / width
        for c in range(3):
            fall[3 * x + c], gains[3 * x + c] = 1 - half * dx * dx, gain[c]
    row, line = np.empty(wide + 6, np.float32), np.empty(wide, np.float32)
    mixed, grey, spread = np.empty(width, np.uint32), np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(height):
        above, here, below = flat[max(y - 1, 0)], flat[y], flat[min(y + 1, height - 1)]
        for k in range(wide):
            row[k + 3] = side * (above[k] + below[k]) + mid * here[k]
        for c in range(3):
            row[c], row[wide + 3 + c] = row[3 + c], row[wide + c]
        dy = np.float32(2 * y - height) / height
        down = half * dy * dy
        for k in range(wide):
            line[k] = (fall[k] - down) * gains[k] * (side * (row[k] + row[k + 6]) + mid * row[k + 3])
        first = np.uint32(start + np.uint32(y * width))
        for x in range(width):
            mixed[x] = _hash(np.uint32(first + np.uint32(x)))
        for x in range(width):
            r, g, b = line[3 * x], line[3 * x + 1], line[3 * x + 2]
            spread[x] = np.sqrt(dark * dark + grain * grain * max(np.float32(0.25) * (r + g + g + b), zero))
        for x in range(width):
            h, s = mixed[x], spread[x]
            common = np.float32(0.75) * normals[h & np.uint32(0xFFF)]
            line[3 * x] += s * (common + np.float32(0.66) * normals[(h >> np.uint32(7)) & np.uint32(0xFFF)])
            line[3 * x + 1] += s * (common + np.float32(0.66) * normals[(h >> np.uint32(14)) & np.uint32(0xFFF)])
            line[3 * x + 2] += s * (common + np.float32(0.66) * normals[h >> np.uint32(20)])
        for x in range(width):
            grey[x] = (1 - saturation) * (
                np.float32(0.2126) * line[3 * x]
                + np.float32(0.7152) * line[3 * x + 1]
                + np.float32(0.0722) * line[3 * x + 2]
            )
        for x in range(width):
            for c in range(3):
                line[3 * x + c] = grey[x] + saturation * line[3 * x + c]
        for k in range(wide):
            line[k] = np.sqrt(max(line[k], zero)) * scale
        for k in range(wide):
            fixed[y, k] = curve[min(np.int32(line[k]), last)]


def compiled() -> bool:
    """Whether the last of the kernels that an image needs has been compiled since this file was installed."""
    return kernels.compiled(_develop)


def defocus(light: Singles, far: Singles, focus: float, radius: float) -> None:
    """Blurs light (H,W,3) in place where it is far from what is in focus.

    Args:
        light: linear RGB.
        far: (H,W) metres to what each pixel shows.
        focus: metres to what is sharp.
        radius: pixels, the standard deviation of the blur very far behind.
    """
    wide = max(round(radius * 1.1), 1)
    blurred, other = np.empty_like(light), np.empty_like(light)
    _box_rows(light, blurred, wide)
    _box_columns(blurred, other, wide)
    _box_rows(other, blurred, wide)
    _box_columns(blurred, other, wide)
    _mix(light, other, far, np.float32(focus), np.float32(np.clip(radius / 0.8, 0.35, 1.0)))


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def _mix(light: Any, blurred: Any, far: Any, focus: Any, most: Any) -> None:
    for y in range(len(light)):
        for x in range(light.shape[1]):
            share = most * min(np.float32(2.2) * abs(1 - focus / far[y, x]), np.float32(1))
            for c in range(3):
                light[y, x, c] += share * (blurred[y, x, c] - light[y, x, c])


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def _box_rows(source: Any, out: Any, r: int) -> None:
    height, width = source.shape[:2]
    inverse = np.float32(1 / (2 * r + 1))
    for y in range(height):
        for c in range(3):
            total = np.float32(0)
            for k in range(-r, r + 1):
                total += source[y, min(max(k, 0), width - 1), c]
            for x in range(width):
                out[y, x, c] = total * inverse
                total += source[y, min(x + r + 1, width - 1), c] - source[y, max(x - r, 0), c]


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def _box_columns(source: Any, out: Any, r: int) -> None:
    height, width = source.shape[:2]
    inverse = np.float32(1 / (2 * r + 1))
    total = np.zeros((width, 3), np.float32)
    for k in range(-r, r + 1):
        total += source[min(max(k, 0), height - 1)]
    for y in range(height):
        ahead, behind = min(y + r + 1, height - 1), max(y - r, 0)
        for x in range(width):
            for c in range(3):
                out[y, x, c] = total[x, c] * inverse
                total[x, c] += source[ahead, x, c] - source[behind, x, c]
