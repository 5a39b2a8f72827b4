"""Reading SMPL, SMPL-H and SMPL-X files (.npz or .pkl) without ever running what they hold.

Every array is checked against the others; every complaint names the file and the key.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from surface.builders import pickle_arrays, pickle_reader, smpl_joints

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIMIT = 2**29  # bytes of all the arrays that are read; SMPL-X's have half of that
MOST_NUMBERS = 2**26  # in all of them, since a byte may become a float
FILE_LIMIT = 2**31
MOST_VERTICES = 200_000
MOST_FACES = 2 * MOST_VERTICES
MOST_JOINTS = 1_000
MOST_DIRECTIONS = 1_000
HEADER = 2**14  # bytes of an .npy that its header must fit into
NEEDED = ("v_template", "f", "weights", "J_regressor", "kintree_table", "shapedirs")
SHAPES = {20: 10, 400: 300}  # SMPL-X: of so many directions the first so many are shape, the rest expression


@dataclass(frozen=True)
class Model:
    """A model of SMPL's family with V vertices, F faces, J joints and S shape directions.

    Attributes:
        family: "SMPL", "SMPL-H" or "SMPL-X".
        vertices: `(V, 3)` metres.
        faces: `(F, 3)`.
        weights: `(V, J)`.
        J_regressor: `(J, V)`.
        parents: J, -1 for the root.
        joint_names: J.
        shapedirs: `(V, 3, S)` metres.
        shape_names: S.
        posedirs: `(V, 3, 9 (J - 1))` metres, or None.
    """

    family: str
    vertices: Floats
    faces: Ints
    weights: csr_array
    J_regressor: csr_array
    parents: list[int]
    joint_names: tuple[str, ...]
    shapedirs: NDArray[np.float32]
    shape_names: tuple[str, ...]
    posedirs: NDArray[np.float32] | None


def read(path: Path) -> Model:
    """Read a model.

    Raises:
        ValueError: the file cannot be read, wants to run code, lacks a key, or holds arrays that do not fit; the
            message names the file and the key.
    """
    try:
        return _Checker(path, _open(path)).model()
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"{path}: it is nested too deeply, or needs too much memory") from error


Expected = tuple[int | tuple[int, int], ...]  # a shape: lengths, or the smallest and largest
Values = dict[str, Callable[[Expected], Any]]  # read only when asked for: most of a file is of no use here


class _ShapeError(ValueError):
    """An array of another shape than expected."""


def _expect(shape: tuple[int, ...], expected: Expected) -> None:
    bounds = [(n, n) if isinstance(n, int) else n for n in expected]
    if len(shape) == len(bounds) and all(low <= n <= high for n, (low, high) in zip(shape, bounds, strict=True)):
        return
    wanted = ", ".join(str(low) if low == high else f"{low:,} to {high:,}" for low, high in bounds)
    raise _ShapeError(f"has shape {shape}; expected ({wanted})")


def _open(path: Path) -> Values:
    try:
        size = path.stat().st_size
        if size > FILE_LIMIT:
            raise ValueError(f"{path}: {size:,} bytes; no SMPL file is larger than {FILE_LIMIT:,}")
        if not zipfile.is_zipfile(path):
            return _pickled(path)
        return _zipped(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path}: damaged or cut off ({error})") from error


def _pickled(path: Path) -> Values:
    data = path.read_bytes()
    if data[:2] == b"PK":
        raise ValueError(f"{path}: an .npz that is damaged or cut off")
    try:
        found = pickle_reader.read(data, pickle_arrays.KNOWN)
    except pickle_reader.UnreadablePickleError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not a SMPL file: it holds a {type(found).__name__}, not a table of arrays")

    def reader(value: Any) -> Callable[[Expected], Any]:
        return lambda _: pickle_arrays.array(value)

    return {key: reader(value) for key, value in found.items() if isinstance(key, str)}


def _zipped(path: Path) -> Values:
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]

    left = _Left(LIMIT, MOST_NUMBERS)

    def reader(member: str) -> Callable[[Expected], Any]:
        def value(expected: Expected) -> Any:
            with zipfile.ZipFile(path) as archive:
                size = archive.getinfo(member).file_size
                left.spend_bytes(size)
                with archive.open(member) as file:
                    return _npy(file, size, expected, left)

        return value

    return {member.removesuffix(".npy"): reader(member) for member in members}


@dataclass
class _Left:
    """What may still be read of a file: a few kilobytes of it can unpack to many gigabytes."""

    bytes: int
    numbers: int

    def spend_bytes(self, count: int) -> None:
        if count > self.bytes:
            raise pickle_arrays.NoArrayError(
                f"it unpacks to {count:,} bytes; {self.bytes:,} are left of the {LIMIT:,} that are read of a file"
            )
        self.bytes -= count

    def spend_numbers(self, count: int) -> None:
        if count > self.numbers:
            raise pickle_arrays.NoArrayError(
                f"it holds {count:,} numbers; {self.numbers:,} are left of the {MOST_NUMBERS:,} that are read of a file"
            )
        self.numbers -= count


def _npy(file: IO[bytes], size: int, expected: Expected, left: _Left) -> Any:
    """An array as `numpy.save` wrote it; what NumPy itself would unpickle goes through the safe reader."""
    head = io.BytesIO(file.read(HEADER))
    version = np.lib.format.read_magic(head)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if header is None:
        raise pickle_arrays.NoArrayError(f"NumPy's file format {version} is unknown here")
    shape, fortran, dtype = header(head)
    file.seek(head.tell())
    if dtype.hasobject:
        return pickle_arrays.array(pickle_reader.read(file.read(size), pickle_arrays.KNOWN))
    _expect(shape, expected)
    count = math.prod(shape)
    left.spend_numbers(count)
    data = file.read(size)
    if len(data) != count * dtype.itemsize:
        raise pickle_arrays.NoArrayError(f"its shape {shape} of {dtype} does not fit its {len(data):,} bytes")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


# What zipfile, zlib and NumPy raise on damaged, encrypted or unknown members.
_UNREADABLE = (
    ValueError, OSError, EOFError, RuntimeError, SyntaxError, MemoryError, zipfile.BadZipFile, zlib.error,
    tokenize.TokenError,
)  # fmt: skip


@dataclass(frozen=True)
class _Checker:
    path: Path
    values: Values

    def fail(self, message: str) -> ValueError:
        return ValueError(f"{self.path}: {message}")

    def raw(self, key: str, expected: Expected) -> Any:
        """An array or a sparse matrix of the expected shape."""
        if key not in self.values:
            raise self.fail(f"not a SMPL file: {key!r} is missing (it needs {', '.join(NEEDED)})")
        try:
            value = self.values[key](expected)
            _expect(value.shape, expected)
        except _ShapeError as error:
            raise self.fail(f"{key} {error}") from error
        except _UNREADABLE as error:
            raise self.fail(f"{key} cannot be read: {str(error) or type(error).__name__}") from error
        return value

    def array(self, key: str, expected: Expected) -> NDArray[Any]:
        return self.numbers(key, self.raw(key, expected))

    def numbers(self, key: str, value: Any) -> NDArray[Any]:
        found = value.toarray() if issparse(value) else value
        if found.dtype.kind not in "biuf":
            raise self.fail(f"{key} holds {found.dtype}, not numbers")
        bad = ~np.isfinite(found)
        if bad.any():
            at = ", ".join(str(n) for n in np.argwhere(bad)[0])
            raise self.fail(f"{key}[{at}] is not finite")
        return np.asarray(found)

    def sparse(self, key: str, shape: tuple[int, int]) -> csr_array:
        value = self.raw(key, shape)
        if issparse(value):
            if not np.isfinite(value.data).all():
                raise self.fail(f"{key} holds a value that is not finite")
            return csr_array(value.astype(np.float64))
        return csr_array(self.numbers(key, value).astype(np.float64))

    def model(self) -> Model:
        vertices = self.array("v_template", ((4, MOST_VERTICES), 3)).astype(np.float64)
        count = len(vertices)
        faces = self.faces(count)
        tree = self.array("kintree_table", (2, (1, MOST_JOINTS)))
        joints = tree.shape[1]
        if joints not in smpl_joints.FAMILY:
            raise self.fail(
                f"kintree_table has {joints} joints; SMPL has 24, SMPL-H 52 and SMPL-X 55 "
                "(for any other mesh: `densemark body build mesh`)"
            )
        parents = self.parents(tree)
        weights = self.sparse("weights", (count, joints))
        total = np.asarray(weights.sum(axis=1)).ravel()
        worst = int(np.abs(total - 1).argmax())
        if abs(total[worst] - 1) > 1e-3 or weights.data.min(initial=0.0) < -1e-3:
            raise self.fail(f"weights of vertex {worst} sum to {total[worst]:.4g}; expected weights that sum to 1")
        regressor = self.sparse("J_regressor", (joints, count))
        shapedirs = self.array("shapedirs", (count, 3, (0, MOST_DIRECTIONS))).astype(np.float32)
        posedirs = None
        if "posedirs" in self.values:
            posedirs = self.array("posedirs", (count, 3, 9 * (joints - 1))).astype(np.float32)
        self.scale(vertices, (regressor @ vertices))
        return Model(
            family=smpl_joints.FAMILY[joints],
            vertices=vertices,
            faces=faces,
            weights=weights,
            J_regressor=regressor,
            parents=parents,
            joint_names=smpl_joints.NAMES[joints],
            shapedirs=shapedirs,
            shape_names=_shape_names(joints, shapedirs.shape[2]),
            posedirs=posedirs,
        )

    def faces(self, count: int) -> Ints:
        found = self.array("f", ((0, MOST_FACES), 3))
        faces = found.astype(np.int64)
        if not (faces == found).all():
            raise self.fail("f holds numbers that are not whole")
        bad = np.argwhere((faces < 0) | (faces >= count))
        if len(bad):
            f, k = bad[0].tolist()
            raise self.fail(f"f[{f}, {k}] is {faces[f, k]}; expected 0..{count - 1}")
        double = np.flatnonzero((faces == np.roll(faces, 1, axis=1)).any(axis=1))
        if len(double) or not len(faces):
            raise self.fail(f"f[{double[0]}] has a corner twice" if len(double) else "f has no triangles")
        return faces

    def parents(self, tree: NDArray[Any]) -> list[int]:
        joints = tree.shape[1]
        own = tree[1].astype(np.int64)
        if own.tolist() != list(range(joints)):
            raise self.fail(f"kintree_table[1] must number the joints 0..{joints - 1} in order")
        parents = [int(p) if 0 <= p < joints else -1 for p in tree[0].astype(np.float64)]
        for j in range(joints):
            seen, at = [j], parents[j]
            while at >= 0 and at not in seen:
                seen.append(at)
                at = parents[at]
            if at >= 0:
                loop = " -> ".join(str(k) for k in [*seen, at])
                raise self.fail(f"kintree_table goes in a circle: joint {loop}")
        expected = smpl_joints.PARENTS[joints]
        for j, (found, want) in enumerate(zip(parents, expected, strict=True)):
            if found != want:
                name = smpl_joints.NAMES[joints][j]
                raise self.fail(
                    f"kintree_table: joint {j} has parent {found}; {smpl_joints.FAMILY[joints]}'s joint {j} is {name} "
                    f"with parent {want} (for any other rig: `densemark body build mesh`)"
                )
        return parents

    def scale(self, vertices: Floats, joints: Floats) -> None:
        """Metres, y up, facing +z, the person's left at +x: as SMPL is handed out."""
        names = dict(zip(smpl_joints.NAMES[24], joints, strict=False))
        height = float(np.ptp(vertices, axis=0).max())
        if not 0.2 < height < 4.0:
            raise self.fail(f"v_template is {height:.3g} high; SMPL's templates are in metres, about 1.7 high")
        up = names["head"][1] - 0.5 * (names["left_ankle"][1] + names["right_ankle"][1])
        if up < 0.4 * height or names["left_hip"][0] <= names["right_hip"][0]:
            raise self.fail("v_template does not stand with y up and the person's left at +x, as SMPL's templates do")


def _shape_names(joints: int, count: int) -> tuple[str, ...]:
    shapes = SHAPES.get(count, count) if joints == 55 else count
    return tuple(f"shape {k + 1}" if k < shapes else f"expression {k + 1 - shapes}" for k in range(count))
