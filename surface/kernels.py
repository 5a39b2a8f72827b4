"""Compiled kernels: whether they wait to be compiled, which takes up to a minute once after an install."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def compiled(kernel: Any) -> bool:
    """Whether a kernel of Numba's with ``cache=True`` has been compiled since the file that it stands in was
    installed."""
    code = kernel.py_func.__code__
    source = Path(code.co_filename)
    # Its cache's index is named so, and is void once the source is another (numba.core.caching).
    name = f"{source.stem}.{kernel.py_func.__qualname__}-{code.co_firstlineno}.py*.nbi"
    installed = source.stat().st_mtime
    return any(file.stat().st_mtime >= installed for file in Path(str(kernel.stats.cache_path)).glob(name))
