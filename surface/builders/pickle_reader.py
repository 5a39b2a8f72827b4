"""Reads what a pickle says without doing what it says.

Python's `pickle` is a small program that may call anything. This machine runs the same operations but has nothing to
call: a name becomes a `Name`, a call becomes a `Made` that keeps the name and the arguments. Nothing is imported and
no name is ever resolved. `pickle_arrays` then makes arrays of those it knows. A name outside the list is refused at
once, as are the operations that reach outside of the file (registered extensions, persistent ids, foreign buffers).

Protocols 0 to 5, as written by Python 2 and 3. The operations: PEP 307, PEP 3154, PEP 574 and `pickletools`.
"""

from __future__ import annotations

import codecs
import mmap
import pickletools
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

Pairs = dict[Any, Any]

MOST_OPERATIONS = 5_000_000  # one makes up to 64 bytes; SMPL's files have some thousands
MOST_MARKS = 1_000
LONGEST_LINE = 2**20  # bytes, of a file whose long values are left where they are
LONGEST_NUMBER = 64  # bytes, or digits where it is written as text


class UnreadablePickleError(ValueError):
    """The file is no pickle, is cut off, or wants something that is not on the list."""


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle names; only its name."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Span:
    """A long string or bytes that were left in the file: where they are, and whether as UTF-8."""

    start: int
    length: int
    text: bool


@dataclass(eq=False)
class Made:
    """What the pickle says to make: by calling `what` with `args`, then filled from `state`."""

    what: Name
    args: tuple[Any, ...]
    state: Any = None


# Where Python 2, NumPy 1 and SciPy before 1.8 kept what is now elsewhere.
_MOVED = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}


def canonical(module: str, name: str) -> Name:
    """The name as today's Python, NumPy and SciPy spell it."""
    module = _MOVED.get(module, module)
    if module.startswith("numpy.core."):
        module = "numpy._core." + module.removeprefix("numpy.core.")
    folder, _, last = module.rpartition(".")
    if folder == "scipy.sparse" and not last.startswith("_"):
        module = f"scipy.sparse._{last}"
    return Name(module, name)


def read(data: bytes | mmap.mmap, known: Collection[Name], longest: int | None = None) -> Any:
    """What a pickle holds: numbers, strings, lists, tuples, dicts, and `Made` for every object.

    Sets are lists here. Python 2's strings are read as Latin-1.

    Args:
        data: the bytes of the pickle.
        known: the names that it may use; see `canonical`.
        longest: strings and bytes of more bytes than this become a `Span`, so that a large file is not copied.

    Raises:
        UnreadablePickleError: it uses another name, or is no whole pickle.
    """
    try:
        return _Machine(data, known, longest).run()
    except (RecursionError, MemoryError) as error:
        raise UnreadablePickleError("it is nested too deeply, or needs too much memory") from error
    except (IndexError, KeyError, TypeError, AttributeError, ValueError, OverflowError, struct.error) as error:
        if isinstance(error, UnreadablePickleError):
            raise
        raise UnreadablePickleError(f"damaged or cut off ({type(error).__name__})") from error


_SCALARS = (str, bytes, int, float, type(None))
_CONSTANTS: dict[int, Callable[[], Any]] = {
    ord("N"): lambda: None,
    0x88: lambda: True,
    0x89: lambda: False,
    ord("]"): list,
    ord("}"): dict,
    ord(")"): tuple,
    0x8F: list,  # EMPTY_SET
}
_FIXED = {ord("J"): "<i", ord("K"): "<B", ord("M"): "<H", ord("G"): ">d"}
_SIZED: dict[int, tuple[str, Callable[[bytes], Any]]] = {
    ord("T"): ("<i", lambda b: b.decode("latin-1")),
    ord("U"): ("<B", lambda b: b.decode("latin-1")),
    ord("X"): ("<I", lambda b: b.decode("utf-8", "surrogatepass")),
    0x8C: ("<B", lambda b: b.decode("utf-8", "surrogatepass")),
    0x8D: ("<Q", lambda b: b.decode("utf-8", "surrogatepass")),
    ord("B"): ("<I", bytes),
    ord("C"): ("<B", bytes),
    0x8E: ("<Q", bytes),
    0x96: ("<Q", bytes),  # BYTEARRAY8
    0x8A: ("<B", lambda b: int.from_bytes(_short(b), "little", signed=True)),
    0x8B: ("<i", lambda b: int.from_bytes(_short(b), "little", signed=True)),
}
_LONG = (ord("T"), ord("X"), ord("B"), 0x8E, 0x96)  # those that hold the numbers of an array


def _short(number: bytes) -> bytes:
    if len(number) > LONGEST_NUMBER:
        raise UnreadablePickleError(f"a number of {len(number):,} bytes; at most {LONGEST_NUMBER} are read")
    return number


def _quoted(line: bytes) -> str:
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[:1] != line[-1:]:
        raise UnreadablePickleError("damaged: a string without its quotes")
    return codecs.escape_decode(line[1:-1])[0].decode("latin-1")


_LINES: dict[int, Callable[[bytes], Any]] = {
    ord("I"): lambda b: {b"00": False, b"01": True}[b] if b in (b"00", b"01") else int(_short(b)),
    ord("L"): lambda b: int(_short(b).removesuffix(b"L")),
    ord("F"): lambda b: float(_short(b)),
    ord("S"): _quoted,
    ord("V"): lambda b: b.decode("raw-unicode-escape"),
}
_OPERATIONS = {operation.code: operation.name for operation in pickletools.opcodes}
_PUT = {ord("q"): "<B", ord("r"): "<I"}
_GET = {ord("h"): "<B", ord("j"): "<I"}


class _Machine:
    def __init__(self, data: bytes | mmap.mmap, known: Collection[Name], longest: int | None) -> None:
        self.data, self.known, self.longest = data, known, longest
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(MOST_OPERATIONS):
            code = self.take(1)[0]
            if code == ord("."):
                return self.stack.pop()
            if code in _CONSTANTS:
                self.stack.append(_CONSTANTS[code]())
            elif code in _FIXED:
                self.stack.append(self.number(_FIXED[code]))
            elif code in _SIZED:
                length, decode = _SIZED[code]
                size = int(self.number(length))
                long = self.longest is not None and size > self.longest and code in _LONG
                self.stack.append(self.span(size, code == ord("X")) if long else decode(self.take(size)))
            elif code in _LINES:
                self.stack.append(_LINES[code](self.line()))
            elif code in _PUT:
                self.memo[int(self.number(_PUT[code]))] = self.stack[-1]
            elif code in _GET:
                self.stack.append(self.memo[int(self.number(_GET[code]))])
            elif code in _OTHERS:
                _OTHERS[code](self)
            else:
                known = _OPERATIONS.get(chr(code))
                raise UnreadablePickleError(
                    f"this file uses the pickle operation {known}, which no such file needs; refused"
                    if known
                    else "this is no pickle, or a damaged one"
                )
        raise UnreadablePickleError(f"it has more than {MOST_OPERATIONS:,} operations, which no such file needs")

    # ------------------------------------------------------------------ bytes

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise UnreadablePickleError("cut off: it ends in the middle of a value")
        self.at += count
        return self.data[self.at - count : self.at]

    def span(self, count: int, text: bool) -> Span:
        if self.at + count > len(self.data):
            raise UnreadablePickleError("cut off: it ends in the middle of a value")
        self.at += count
        return Span(self.at - count, count, text)

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        size = (end if end >= 0 else len(self.data)) - self.at + 1
        if self.longest is not None and size > LONGEST_LINE:
            raise UnreadablePickleError(
                "it holds its numbers as lines of text (protocol 0 or 1); save it with protocol 2 or newer"
            )
        return self.take(size)[:-1]

    # ------------------------------------------------------------------ stack

    def mark(self) -> None:
        if len(self.marks) == MOST_MARKS:
            raise UnreadablePickleError("its values are nested too deeply")
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[len(self.stack) - count :])
        if len(items) < count:
            raise UnreadablePickleError("damaged: too few values for a tuple")
        del self.stack[len(self.stack) - count :]
        self.stack.append(items)

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    # ------------------------------------------------------------------ containers

    def extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)
        # Items of anything else (an OrderedDict's, a list's subclass's) are nobody's arrays.

    def fill(self, pairs: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(_dictionary(pairs))

    # ------------------------------------------------------------------ objects

    def name(self, module: Any, name: Any) -> Name:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise UnreadablePickleError("damaged: a name that is no text")
        found = canonical(module, name)
        if found not in self.known:
            raise UnreadablePickleError(
                f"this file wants {_printable(f'{module}.{name}')}, which no such file needs; "
                "refused, and nothing of it was run"
            )
        return found

    def make(self, what: Any, args: Any) -> None:
        if not isinstance(what, Name) or not isinstance(args, tuple):
            raise UnreadablePickleError("this file calls something that is no name; refused, and nothing of it was run")
        self.stack.append(Made(what, args))

    def reduce(self) -> None:
        args, what = self.stack.pop(), self.stack.pop()
        self.make(what, args)

    def reduce_keywords(self) -> None:
        keywords, args, what = self.stack.pop(), self.stack.pop(), self.stack.pop()
        if keywords:
            raise UnreadablePickleError("this file calls a class by keywords, which no such file needs; refused")
        self.make(what, args)

    def build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Made):
            raise UnreadablePickleError("this file fills something that is no object of its own; refused")
        self.stack[-1].state = state

    def instance(self) -> None:
        what = self.name(self.line().decode("latin-1"), self.line().decode("latin-1"))
        self.make(what, tuple(self.since_mark()))

    def object_(self) -> None:
        what, *args = self.since_mark()
        self.make(what, tuple(args))

    def global_line(self) -> None:
        self.stack.append(self.name(self.line().decode("utf-8"), self.line().decode("utf-8")))

    def global_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self.name(module, name))


def _dictionary(pairs: list[Any]) -> Pairs:
    # Only plain keys: hashing tuples of tuples that hold each other can take for ever, and nobody looks them up.
    if len(pairs) % 2:
        raise UnreadablePickleError("damaged: a key without its value")
    return {key: value for key, value in zip(pairs[::2], pairs[1::2], strict=True) if isinstance(key, _SCALARS)}


def _printable(text: str) -> str:
    return ascii(text[:100])[1:-1]


_OTHERS: dict[int, Callable[[_Machine], Any]] = {
    0x80: lambda m: m.take(1),  # PROTO
    0x95: lambda m: m.take(8),  # FRAME
    ord("("): _Machine.mark,
    ord("0"): lambda m: m.stack.pop() if m.stack else m.since_mark(),
    ord("1"): _Machine.since_mark,
    ord("2"): lambda m: m.stack.append(m.stack[-1]),
    ord("p"): lambda m: m.put(int(m.line())),
    ord("g"): lambda m: m.stack.append(m.memo[int(m.line())]),
    0x94: lambda m: m.put(len(m.memo)),
    ord("t"): lambda m: _after_mark(m, tuple),
    ord("l"): lambda m: _after_mark(m, list),
    ord("d"): lambda m: _after_mark(m, _dictionary),
    0x91: lambda m: _after_mark(m, list),  # FROZENSET
    0x85: lambda m: m.tuple_of(1),
    0x86: lambda m: m.tuple_of(2),
    0x87: lambda m: m.tuple_of(3),
    ord("a"): lambda m: m.extend([m.stack.pop()]),
    ord("e"): lambda m: m.extend(m.since_mark()),
    0x90: lambda m: m.extend(m.since_mark()),  # ADDITEMS
    ord("s"): lambda m: m.fill([m.stack.pop(-2), m.stack.pop()]),
    ord("u"): lambda m: m.fill(m.since_mark()),
    ord("c"): _Machine.global_line,
    0x93: _Machine.global_stack,
    ord("R"): _Machine.reduce,
    0x81: _Machine.reduce,  # NEWOBJ
    0x92: _Machine.reduce_keywords,
    ord("b"): _Machine.build,
    ord("i"): _Machine.instance,
    ord("o"): _Machine.object_,
}


def _after_mark(machine: _Machine, make: Callable[[list[Any]], Any]) -> None:
    items = machine.since_mark()
    machine.stack.append(make(items))
