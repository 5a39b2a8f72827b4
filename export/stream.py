"""Streams a JSON file of any size: its top-level keys in whatever order, its top-level lists element by element.

Memory is that of the longest element. Values are decoded by Python's own json decoder, so they are what ``json.load``
gives, NaN and Infinity included.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

CHUNK = 1 << 20
"""Bytes read at a time."""

LIMIT = 64 << 20
"""Characters that one element, or one value that is no list, may have."""

_SPACE = re.compile(r"[ \t\n\r]*")
_BOM = codecs.BOM_UTF8
_TOKEN = 16  # characters: a number or word that ends so near the end of the buffer may go on behind it


class Item(NamedTuple):
    """A piece of the document.

    :param key: its top-level key; None where the document itself is a list or a single value.
    :param number: place in the key's list; -1 for a whole value.
    :param value: decoded. A list is announced by an empty one with number -1, then come its elements.
    :param start: byte of the file where it begins.
    :param end: byte after it.
    """

    key: str | None
    number: int
    value: Any
    start: int
    end: int


def items(path: str | Path, chunk: int = CHUNK, limit: int = LIMIT) -> Iterator[Item]:
    """The pieces of a JSON file in file order. A key that stands twice comes twice; json.load keeps the last.

    Raises ValueError, naming the file and the byte, for a file that cannot be read, is not UTF-8, is no JSON, ends
    early, or has an element of more than ``limit`` characters.
    """
    name = Path(path).name
    try:
        with Path(path).open("rb") as file:
            yield from _Reader(file, name, chunk, limit).document()
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror or error})") from error


class _Reader:
    """A window of text over the file: what is before ``at`` has been given out."""

    def __init__(self, file: BinaryIO, name: str, chunk: int, limit: int) -> None:
        self._file = file
        self._name = name
        self._chunk = chunk
        self._limit = limit
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._known = 0  # a place in the text
        self._known_byte = 0  # and the byte of the file there
        self._read = 0  # bytes read so far
        self._ended = False

    def document(self) -> Iterator[Item]:
        """Everything, and then the end of the file."""
        self._skip_mark()
        first = self._next()
        if first == "{":
            self._at += 1
            yield from self._object()
        else:
            yield from self._value(None)
        if self._next():
            raise self._wrong("there is more after the end of the document")

    def _object(self) -> Iterator[Item]:
        if self._next() == "}":
            self._at += 1
            return
        while True:
            if self._next() != '"':
                raise self._wrong("a key in double quotes was expected")
            key = self._element()[0]
            if self._next() != ":":
                raise self._wrong("a colon was expected")
            self._at += 1
            yield from self._value(key)
            if self._ends_with("}"):
                return

    def _value(self, key: str | None) -> Iterator[Item]:
        """The elements of a list, or a value of another kind."""
        if self._next() != "[":
            yield Item(key, -1, *self._element())
            return
        start = self._byte(self._at)
        self._at += 1
        yield Item(key, -1, [], start, start + 1)
        if self._next() == "]":
            self._at += 1
            return
        index = 0
        while True:
            yield Item(key, index, *self._element())
            index += 1
            if self._ends_with("]"):
                return

    def _ends_with(self, bracket: str) -> bool:
        """Steps over a comma (False) or the closing bracket (True)."""
        sign = self._next()
        if sign not in (",", bracket):
            raise self._wrong(f"a comma or {bracket} was expected")
        self._at += 1
        return sign == bracket

    def _next(self) -> str:
        """The next character that is no space; "" at the end of the file."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches the empty text
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more()

    def _element(self) -> tuple[Any, int, int]:
        """The value that begins here, whole, with its first byte and the byte after it."""
        self._next()
        while True:
            fault: Exception | None = None
            end = place = self._at
            try:
                value, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                fault, place = error, error.pos
                if error.msg.startswith("Unterminated string"):  # whose place is where the string begins
                    place = len(self._text)
            except RecursionError:
                raise self._wrong("it is nested too deeply") from None
            except ValueError as error:  # an integer of more digits than Python converts, or the head of a float
                fault, place = error, len(self._text)
            if fault is None and (self._ended or end <= len(self._text) - _TOKEN):
                start, self._at = self._byte(self._at), end
                return value, start, self._byte(end)
            if fault is not None and (self._ended or place <= len(self._text) - _TOKEN):
                raise self._malformed(fault)
            if len(self._text) - self._at > self._limit:
                raise self._wrong(f"the element that begins here has more than {self._limit:,} characters")
            self._more()

    def _malformed(self, fault: Exception) -> ValueError:
        """What the decoder found wrong in the element that begins here."""
        if not isinstance(fault, json.JSONDecodeError):
            return self._wrong(str(fault))
        if fault.msg.startswith("Unterminated string") or fault.pos >= len(self._text):
            return self._wrong("the file is cut off: what begins here does not end")
        self._at = fault.pos
        return self._wrong(fault.msg[:1].lower() + fault.msg[1:])

    def _wrong(self, what: str) -> ValueError:
        if self._at >= len(self._text):
            what = f"the file is cut off: {what}" if self._read else "the file is empty"
        return ValueError(f"{self._name}: is not JSON at byte {self._byte(self._at)}: {what}")

    def _byte(self, place: int) -> int:
        """The byte of the file at a place in the text that is not before the last one asked for."""
        between = place - self._known
        if not self._text.isascii():  # which str knows without looking
            between = len(self._text[self._known : place].encode())
        self._known, self._known_byte = place, self._known_byte + between
        return self._known_byte

    def _more(self) -> None:
        """Reads on; as much again as is unused, so that a long element is not scanned too often."""
        self._byte(self._at)
        rest = self._text[self._at :]
        data = self._file.read(max(self._chunk, len(rest)))
        self._read += len(data)
        self._ended = not data
        try:
            self._text = rest + self._decode(data, self._ended)
        except UnicodeDecodeError as error:
            byte = self._read - len(error.object) + error.start
            raise ValueError(f"{self._name}: is not JSON at byte {byte}: it is not UTF-8") from None
        self._at = self._known = 0

    def _skip_mark(self) -> None:
        """Passes over the mark that some editors write at the beginning of UTF-8 files."""
        if self._file.read(len(_BOM)) == _BOM:
            self._known_byte = self._read = len(_BOM)
        else:
            self._file.seek(0)
