"""The data files of the reference evaluator: vertices by chart, and the table of distances between them."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.detection import table_files

Floats = NDArray[np.float64]

_MOST_VERTICES = 5_000_000


@dataclass(frozen=True, eq=False)
class SurfaceFiles:
    """N vertices of the charts, and the mesh of n vertices between which distances are known.

    Attributes:
        chart: (N,) 1..24.
        U, V: (N,).
        mesh_vertex: (N,) 0..n-1.
        table: (n (n - 1) / 2,) metres, mapped into memory.
    """

    chart: NDArray[np.int64]
    U: Floats
    V: Floats
    mesh_vertex: NDArray[np.int64]
    table: NDArray[np.floating]


def read(folder: Path) -> SurfaceFiles:
    """The files of a folder.

    Raises:
        ValueError: a file is damaged, or not what its name says; the message names it.
        OSError: a file is missing or cannot be read.
    """
    subdivided = _mat(folder / "SMPL_subdiv.mat", ("Part_ID_subdiv", "U_subdiv", "V_subdiv"))
    chart, u, v = subdivided.values()
    transform = folder / "SMPL_SUBDIV_TRANSFORM.mat"
    (index,) = _mat(transform, ("index",)).values()
    if not len(chart) == len(u) == len(v):
        raise ValueError(f"{folder / 'SMPL_subdiv.mat'}: its arrays differ in length")
    if len(index) != len(chart):
        raise ValueError(f"{transform}: index has {len(index)} values, SMPL_subdiv.mat {len(chart)} vertices")
    path, table = table_files.find(folder)
    count = (1 + math.isqrt(1 + 8 * len(table))) // 2
    if count * (count - 1) // 2 != len(table):
        raise ValueError(f"{path}: {len(table):,} distances are those between no number of vertices")
    whole = (index == np.floor(index)) & (index >= 1) & (index <= count)
    if not whole.all():
        bad = int(np.flatnonzero(~whole)[0])
        raise ValueError(f"{transform}: index[{bad}] is {index[bad]:g}; {path.name} is of vertices 1..{count}")
    return SurfaceFiles(chart.astype(np.int64), u, v, index.astype(np.int64) - 1, table)


def _mat(path: Path, keys: tuple[str, ...]) -> dict[str, Floats]:
    """Flat numbers (n,) of a MATLAB file before 7.3."""
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        with path.open("rb") as file:
            listed = {name: (shape, kind) for name, shape, kind in whosmat(file)}
            for key in keys:
                shape, kind = listed.get(key, ((), "missing"))
                if kind in ("cell", "struct", "object", "function", "char", "unknown", "missing", "sparse"):
                    raise ValueError(f"{key} is {kind}; expected numbers")
                if math.prod(shape) > _MOST_VERTICES or math.prod(shape) != max(shape):
                    raise ValueError(f"{key} has shape {shape}; expected a row of numbers")
            file.seek(0)
            found: dict[str, Any] = loadmat(file, variable_names=list(keys))
    except NotImplementedError as error:
        raise ValueError(f"{path}: a MATLAB 7.3 file; expected an older one (save it with -v7)") from error
    except (MatReadError, zlib.error, TypeError, KeyError, IndexError, OverflowError, MemoryError, ValueError) as error:
        raise ValueError(f"{path}: not the file that its name says, or damaged ({error})") from error
    return {key: np.asarray(found[key].real, np.float64).reshape(-1) for key in keys}
