"""Arrays as pickles that the reference code reads, written piece by piece, with the names that every NumPy knows.

NumPy 2 pickles arrays under module names that older ones lack, and a pickle of Python's takes a copy of its array.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

MOST_TEXT = 2**31 - 1
"""Most bytes of an array in a pickle that Python 2 reads, too."""


@dataclass(frozen=True)
class Pieces:
    """An array to be written: its shape, its type ("f4", "f8", "i8"; little-endian) and its bytes in C order."""

    shape: tuple[int, ...]
    type: str
    pieces: Iterable[bytes]

    @property
    def size(self) -> int:
        return prod(self.shape) * int(self.type[1:])


def whole(array: NDArray[np.generic]) -> Pieces:
    """An array that is there already."""
    kind = array.dtype.str[1:]
    return Pieces(array.shape, kind, [np.ascontiguousarray(array, "<" + kind).tobytes()])


def write(file: BinaryIO, value: Mapping[str, Pieces] | Pieces, python2: bool = False) -> None:
    """Write an array or a dictionary of arrays.

    :param python2: as Python 2 pickles them (protocol 2), which Python 3 reads by
        ``pickle.load(f, encoding="latin1")``. Otherwise protocol 4, which ``pickle.load(f)`` reads.
    :raises ValueError: an array is too long for Python 2, or its pieces do not have its size.
    """
    file.write(b"\x80\x02" if python2 else b"\x80\x04")
    if isinstance(value, Pieces):
        _array(file, value, python2)
    else:
        file.write(b"}")
        for name, array in value.items():
            file.write(_text(name))
            _array(file, array, python2)
            file.write(b"s")
    file.write(b".")


def _array(file: BinaryIO, array: Pieces, python2: bool) -> None:
    if python2 and array.size > MOST_TEXT:
        raise ValueError(f"{array.size:,} bytes are too many for a pickle of Python 2")
    file.write(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + _int(0) + b"\x85" + _text("b") + b"\x87R")
    file.write(b"(" + _int(1) + b"(" + b"".join(map(_int, array.shape)) + b"t")
    file.write(b"cnumpy\ndtype\n" + _text(array.type) + _int(0) + _int(1) + b"\x87R")
    file.write(b"(" + _int(3) + _text("<") + b"NNN" + _int(-1) + _int(-1) + _int(0) + b"tb\x89")
    file.write(b"T" + struct.pack("<i", array.size) if python2 else b"\x8e" + struct.pack("<Q", array.size))
    written = 0
    for piece in array.pieces:
        file.write(piece)
        written += len(piece)
    if written != array.size:
        raise ValueError(f"an array of {array.size:,} bytes was given {written:,}")
    file.write(b"tb")


def _int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _text(value: str) -> bytes:
    """A short ASCII string, which reads as text in Python 3 whatever the encoding."""
    return b"U" + bytes([len(value)]) + value.encode("ascii")
