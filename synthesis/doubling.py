"""Twice the size of a picture: what is behind persons is out of focus, and made at half the image's size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def soften(image: Any, row: Any) -> None:
    """Smooths steps at edges in (h,w,C), in place, with weights 1-2-1 both ways; ``row`` (w,C) is scratch."""
    height, width, channels = image.shape
    quarter, half = np.float32(0.25), np.float32(0.5)
    for x in range(width):
        for c in range(channels):
            row[x, c] = image[0, x, c]
    for y in range(height):
        for c in range(channels):
            before = image[y, 0, c]
            for x in range(width):
                here = image[y, x, c]
                after = image[y, min(x + 1, width - 1), c]
                image[y, x, c] = quarter * (before + after) + half * here
                before = here
    for y in range(height):
        low = min(y + 1, height - 1)
        for x in range(width):
            for c in range(channels):
                here = image[y, x, c]
                image[y, x, c] = quarter * (row[x, c] + image[low, x, c]) + half * here
                row[x, c] = here


@njit(cache=True, error_model="numpy", nogil=True, fastmath=True)
def enlarge(small: Any, out: Any) -> None:
    """Doubles (h,w,3), interpolated between pixels' centres, into (H,W,3) of at most twice its size."""
    height, width, _ = out.shape
    h, w, _ = small.shape
    near, far = np.float32(0.75), np.float32(0.25)
    row = np.empty((w, 3), np.float32)
    for y in range(height):
        i = y // 2
        j = min(i + 1, h - 1) if y % 2 else max(i - 1, 0)
        for x in range(w):
            for c in range(3):
                row[x, c] = near * small[i, x, c] + far * small[j, x, c]
        for x in range(width):
            p = x // 2
            q = min(p + 1, w - 1) if x % 2 else max(p - 1, 0)
            for c in range(3):
                out[y, x, c] = near * row[p, c] + far * row[q, c]
