"""Arrays from what `pickle_reader` has read: NumPy's, SciPy's sparse and chumpy's, and nothing else.

chumpy (https://github.com/mattloper/chumpy) keeps arrays in expressions: `Ch` holds the numbers, `Select`, `Reshape`
and `transpose` reorder another expression. SMPL's files are full of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from surface.builders.pickle_reader import Made, Name, Span

_RECONSTRUCT = Name("numpy._core.multiarray", "_reconstruct")
_SCALAR = Name("numpy._core.multiarray", "scalar")
_FROM_BUFFER = Name("numpy._core.numeric", "_frombuffer")
_DTYPE = Name("numpy", "dtype")
_ARRAYS = {Name("numpy", "ndarray"), Name("numpy", "matrix"), Name("numpy.matrixlib.defmatrix", "matrix")}
_SPARSE = {
    Name(f"scipy.sparse._{kind}", f"{kind}_{word}"): kind
    for kind in ("csc", "csr", "coo")
    for word in ("matrix", "array")
}
_CH, _SELECT, _RESHAPE, _TRANSPOSE = (
    Name("chumpy.ch", "Ch"),
    Name("chumpy.reordering", "Select"),
    Name("chumpy.reordering", "Reshape"),
    Name("chumpy.reordering", "transpose"),
)
_ENCODE = Name("_codecs", "encode")
_OBJECT = Name("copyreg", "_reconstructor")

KNOWN = frozenset(
    {_RECONSTRUCT, _SCALAR, _FROM_BUFFER, _DTYPE, _CH, _SELECT, _RESHAPE, _TRANSPOSE, _ENCODE, _OBJECT}
    | _ARRAYS
    | set(_SPARSE)
    | {Name("builtins", name) for name in ("object", "set", "frozenset", "bytes", "bytearray")}
    | {Name("collections", "OrderedDict")}
)
"""The names that a file of arrays may use."""

_DEPTH = 6  # of expressions; those of SMPL have two levels
_LONGEST = 2**22  # rows or columns of a sparse matrix, whose index alone is that long
_MOST_PLAIN = 5_000_000  # numbers in a list of lists; a row may stand in it many times
_LARGEST_LENGTH = 2**40
_KINDS = "biufSU"


@dataclass(frozen=True)
class Stored:
    """An array whose numbers were left in the file, one after the other.

    Attributes:
        dtype: of the numbers.
        shape: of the array.
        span: where they are. As UTF-8 (Python 3 writes bytes so for Python 2) every character stands for one byte.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    span: Span


class NoArrayError(ValueError):
    """A value that is none of the arrays known here."""


def array(value: Any, depth: int = 0) -> NDArray[Any] | sparse.csr_array:
    """The array that a value from `pickle_reader.read` stands for; a sparse matrix stays sparse.

    Raises:
        NoArrayError: it is none, or its parts do not fit together.
    """
    try:
        return _array(value, depth)
    except (RecursionError, MemoryError) as error:
        raise NoArrayError("it is nested too deeply, or needs too much memory") from error
    except (IndexError, KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        if isinstance(error, NoArrayError):
            raise
        raise NoArrayError(f"its parts do not fit together ({str(error)[:200]})") from error


def stored(value: Any) -> Stored | None:
    """An array whose numbers are in a `Span`, or None if they are not: `array` makes it.

    Raises:
        NoArrayError: it is no such array, or its parts do not fit together.
    """
    try:
        if not isinstance(value, Made):
            return None
        if value.what == _RECONSTRUCT:
            _, shape, dtype, _, data = value.state
        elif value.what == _FROM_BUFFER:
            data, dtype, shape = value.args[:3]
        else:
            return None
        if isinstance(data, Made):
            if data.what != _ENCODE and data.what.module != "builtins":
                raise NoArrayError("its numbers are no bytes")
            data = data.args[0] if data.args else b""
        if not isinstance(data, Span):
            return None
        kind, lengths = _dtype(dtype), _checked_shape(shape)
        if not data.text and math.prod(lengths) * kind.itemsize != data.length:
            raise NoArrayError(f"its shape {lengths} of {kind} does not fit its {data.length:,} bytes")
        return Stored(kind, lengths, data)
    except (IndexError, KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        if isinstance(error, NoArrayError):
            raise
        raise NoArrayError(f"its parts do not fit together ({str(error)[:200]})") from error


def _array(value: Any, depth: int) -> NDArray[Any] | sparse.csr_array:
    if depth > _DEPTH:
        raise NoArrayError("its parts are nested too deeply")
    if isinstance(value, int | float | list | tuple):
        return _plain(value)
    if not isinstance(value, Made):
        raise NoArrayError(f"a {type(value).__name__} is no array")
    what = value.what
    if what == _OBJECT:  # how protocols 0 and 1 say "an object of this class"
        what = value.args[0]
    if not isinstance(what, Name):  # before anything hashes or prints it, which may take for ever
        raise NoArrayError(f"an object whose class is a {type(what).__name__}")
    if what == _RECONSTRUCT or what in _ARRAYS:
        return _ndarray(value, depth)
    if what == _FROM_BUFFER:
        return _from_buffer(*value.args)
    if what == _SCALAR:
        dtype, data = value.args
        return _filled(data, _dtype(dtype), (), "C")
    if what in _SPARSE:
        return _sparse(_SPARSE[what], value.state, depth)
    return _chumpy(what, value.state, depth)


def _plain(value: Any) -> NDArray[Any]:
    """A number, or a list of numbers, or a list of such lists."""
    rows = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(row, list | tuple) for row in rows):
        lengths = {len(row) if isinstance(row, list | tuple) else -1 for row in rows}
        if len(lengths) > 1:
            raise NoArrayError("a list of lists that differ in length")
        if len(rows) * max(lengths) > _MOST_PLAIN:
            raise NoArrayError(f"lists of {len(rows):,} times {max(lengths):,} items")
        flat = [item for row in rows for item in row]
    else:
        flat = list(rows)
    if not all(isinstance(item, int | float) for item in flat):
        raise NoArrayError("a list that does not hold numbers alone")
    found = np.array(value)
    if found.dtype.kind not in _KINDS:
        raise NoArrayError("a list whose numbers do not fit an array")
    return found


def _ndarray(value: Made, depth: int) -> NDArray[Any] | sparse.csr_array:
    _, shape, dtype, fortran, data = value.state
    kind = _dtype(dtype, objects=True)
    if kind.hasobject:
        # NumPy wraps what it does not know in an array of no axes, or of one item.
        if not isinstance(data, list) or len(data) != 1:
            raise NoArrayError("an array of objects, not of numbers")
        return _array(data[0], depth + 1)
    return _filled(data, kind, shape, "F" if fortran else "C")


def _dtype(value: Any, objects: bool = False) -> np.dtype[Any]:
    """A plain NumPy type: its letters, and the byte order from its state."""
    if not isinstance(value, Made) or value.what != _DTYPE or not isinstance(value.args[0], str):
        raise NoArrayError("its type is no NumPy type")
    letters = value.args[0]
    if len(letters) > 8 or letters.lstrip("<>|=")[:1] not in ("O" if objects else "") + "biufSU":
        raise NoArrayError(f"its type {letters[:20]!a} is not one of numbers")
    swapped = bool(value.state) and value.state[1] == ">"
    return np.dtype(letters).newbyteorder(">" if swapped else "<")


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> NDArray[Any]:
    """What protocol 5 calls; order "K" comes with the axes of a transposed array (NumPy 2.4)."""
    found = _filled(data, _dtype(dtype), shape, order)
    if order != "K" or axes is None:
        return found
    return np.transpose(found, tuple(int(n) for n in axes))


def _filled(data: Any, dtype: np.dtype[Any], shape: Any, order: Any) -> NDArray[Any]:
    if isinstance(data, Made) and data.what == _ENCODE and data.args[1:] == ("latin1",):
        data = data.args[0]  # how Python 3 writes bytes for Python 2
    elif isinstance(data, Made) and data.what.module == "builtins" and not data.args:
        data = b""
    if isinstance(data, str):
        data = data.encode("latin-1")
    lengths = _checked_shape(shape)
    if not isinstance(data, bytes):
        raise NoArrayError("its parts do not fit together")
    if math.prod(lengths) * dtype.itemsize != len(data):
        raise NoArrayError(f"its shape {lengths} of {dtype} does not fit its {len(data):,} bytes")
    return np.frombuffer(data, dtype).reshape(lengths, order="F" if order == "F" else "C")


def _checked_shape(shape: Any) -> tuple[int, ...]:
    lengths = tuple(shape)
    if len(lengths) > 8 or not all(isinstance(n, int) and 0 <= n <= _LARGEST_LENGTH for n in lengths):
        raise NoArrayError("its parts do not fit together")
    return lengths


def _sparse(kind: str, state: dict[str, Any], depth: int) -> sparse.csr_array:
    shape = tuple(int(n) for n in np.ravel(_array(state["_shape"], depth + 1)))
    if len(shape) != 2 or min(shape) < 0 or max(shape) > _LONGEST:
        raise NoArrayError(f"a sparse matrix of shape {shape}")
    data = _dense(state["data"], depth)
    if kind == "coo":
        coordinates = state["coords"] if "coords" in state else (state["row"], state["col"])
        row, column = (_dense(item, depth).astype(np.int64) for item in coordinates)
    else:
        index, start = (_dense(state[key], depth).astype(np.int64) for key in ("indices", "indptr"))
        counts = np.diff(start)
        if len(start) != shape[kind == "csc"] + 1 or start[0] != 0 or (counts < 0).any() or start[-1] != len(index):
            raise NoArrayError("a sparse matrix whose index does not fit its shape")
        outer = np.repeat(np.arange(len(counts)), counts)
        row, column = (index, outer) if kind == "csc" else (outer, index)
    if data.ndim != 1 or not len(row) == len(column) == len(data):
        raise NoArrayError("a sparse matrix whose parts differ in length")
    for found, size in ((row, shape[0]), (column, shape[1])):
        if len(found) and not 0 <= found.min() <= found.max() < size:
            raise NoArrayError("a sparse matrix with an entry outside its shape")
    return sparse.csr_array(sparse.coo_array((data, (row, column)), shape=shape))


def _dense(value: Any, depth: int) -> NDArray[Any]:
    found = array(value, depth + 1)
    if not isinstance(found, np.ndarray):
        raise NoArrayError("a sparse matrix where numbers are expected")
    return found


def _chumpy(what: Any, state: dict[str, Any], depth: int) -> NDArray[Any] | sparse.csr_array:
    if what == _CH:
        return array(state["x"], depth + 1)
    if what not in (_SELECT, _RESHAPE, _TRANSPOSE):
        raise NoArrayError(f"a {what} is no array")
    source = _dense(state["a"], depth)
    if what == _SELECT:
        found = source.ravel()[_dense(state["idxs"], depth)]
        return found.reshape(_lengths(state["preferred_shape"], depth)) if "preferred_shape" in state else found
    if what == _RESHAPE:
        return source.reshape(_lengths(state["newshape"], depth))
    axes = state.get("axes")
    return np.transpose(source, None if axes is None else _lengths(axes, depth))


def _lengths(value: Any, depth: int) -> tuple[int, ...]:
    return tuple(int(n) for n in np.ravel(_dense(value, depth)))
