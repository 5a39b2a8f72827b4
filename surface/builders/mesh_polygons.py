"""OBJ, OFF and PLY as polygons in the file's order, complete by the file's own counts.

trimesh sorts triangles before quads, so that labels by face would go astray, and stops quietly where OFF and PLY end
early.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, tuple[Ints, NDArray[Any]]]
Properties = list[tuple[str, str, str | None]]  # name, type, type of the count of a list

_TYPES = {
    "char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4",
    "double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
    "int64": "i8", "uint64": "u8", "float32": "f4", "float64": "f8",
}  # fmt: skip
_CORNERS = ("vertex_indices", "vertex_index")
_ENDIAN = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}


def read_polygons(path: Path) -> tuple[Floats, Ints, Ints]:
    """Vertices `(V, 3)`, triangles `(F, 3)` as fans of the polygons, and the polygon `(F,)` of each.

    Raises:
        ValueError: the file is malformed or ends early; says where.
    """
    vertices, size, corner = {".obj": _obj, ".off": _off, ".ply": _ply}[path.suffix.lower()](path)
    if len(size) and size.min() < 3:
        at = int((size < 3).argmax())
        raise ValueError(f"{path}: face {at} has {size[at]} corners; it needs three")
    return vertices, *fans(size, corner)


def fans(size: Ints, corner: Ints) -> tuple[Ints, Ints]:
    """Triangles `(F, 3)` of polygons and the polygon `(F,)` of each.

    Args:
        size: `(P,)` corners of each polygon, at least three.
        corner: `(sum(size),)` their vertices.
    """
    polygon = np.repeat(np.arange(len(size)), size - 2)
    first = np.cumsum(size) - size
    step = np.arange(len(polygon)) - (np.cumsum(size - 2) - (size - 2))[polygon]
    start = first[polygon]
    return np.stack([corner[start], corner[start + step + 1], corner[start + step + 2]], axis=1), polygon


def _obj(path: Path) -> tuple[Floats, Ints, Ints]:
    vertices: list[list[float]] = []
    size: list[int] = []
    corner: list[int] = []
    for number, words in _obj_lines(path):
        if words[0] == b"v":
            try:
                x, y, z = (float(word) for word in words[1:4])
            except ValueError:
                raise ValueError(
                    f"{path}: line {number}: a vertex needs three coordinates, perhaps truncated"
                ) from None
            vertices.append([x, y, z])
        elif words[0] == b"f":
            if len(words) < 4:
                raise ValueError(f"{path}: line {number}: a face needs three vertices, perhaps truncated")
            size.append(len(words) - 1)
            for word in words[1:]:
                first = word.split(b"/", 1)[0]
                if not re.fullmatch(rb"-?\d{1,18}", first) or not 1 <= abs(int(first)) <= len(vertices):
                    text = word.decode(errors="replace")
                    raise ValueError(f"{path}: line {number}: {text} is no vertex; {len(vertices)} were given so far")
                index = int(first)
                corner.append(index - 1 if index > 0 else len(vertices) + index)
    return np.array(vertices, dtype=np.float64).reshape(-1, 3), np.array(size, np.int64), np.array(corner, np.int64)


def _obj_lines(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """The words of each line that has some, comments left out and continued lines joined, with the line's number."""
    begun = b""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = begun + line.split(b"#", 1)[0].rstrip()
            if text.endswith(b"\\"):
                begun = text[:-1] + b" "
                continue
            begun = b""
            words = text.split()
            if words:
                yield number, words
    if begun.split():
        yield number, begun.split()


def _off(path: Path) -> tuple[Floats, Ints, Ints]:
    lines = (
        (number, line.split(b"#", 1)[0].split()) for number, line in enumerate(path.read_bytes().splitlines(), start=1)
    )
    rows = [(number, words) for number, words in lines if words]
    kind = rows[0][1][0] if rows else b""
    if kind not in (b"OFF", b"COFF", b"NOFF", b"CNOFF", b"STOFF"):
        raise ValueError(f"{path}: not a readable .off file: it begins with no OFF")
    head = [rows[0][1][1:], *(words for _, words in rows[1:])] if len(rows[0][1]) > 1 else [w for _, w in rows[1:]]
    place = [number for number, _ in (rows if len(rows[0][1]) > 1 else rows[1:])]
    try:
        count, faces = (int(word) for word in head[0][:2])
    except (IndexError, ValueError):
        raise ValueError(f"{path}: not a readable .off file: no counts of vertices and faces") from None
    if count < 0 or faces < 0 or len(head) - 1 < count + faces:
        raise ValueError(
            f"{path}: {len(head) - 1:,} lines for the {count:,} vertices and {faces:,} faces that it begins with: "
            "truncated"
        )
    vertices = np.zeros((count, 3))
    size, corner = np.zeros(faces, dtype=np.int64), []
    for k, words in enumerate(head[1 : 1 + count + faces]):
        try:
            if k < count:
                x, y, z = (float(word) for word in words[:3])
                vertices[k] = x, y, z
                continue
            size[k - count] = int(words[0])
            own = [int(word) for word in words[1 : 1 + int(words[0])]]
        except (ValueError, OverflowError):
            raise ValueError(
                f"{path}: line {place[k + 1]}: not three coordinates or a face, perhaps truncated"
            ) from None
        if len(own) != size[k - count]:
            raise ValueError(f"{path}: line {place[k + 1]}: {len(own)} of {words[0].decode()} vertices: truncated")
        corner += own
    return vertices, size, np.array(corner, dtype=np.int64)


def _ply(path: Path) -> tuple[Floats, Ints, Ints]:
    head, _, rest = path.read_bytes().partition(b"end_header")
    form, elements = _ply_header(path, head)
    body = rest[rest.find(b"\n") + 1 :]
    words = body.split() if form == "ascii" else []
    at = 0
    vertices, size, corner = np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros(0, np.int64)
    for name, count, properties in elements:
        try:
            columns, at = (
                _ply_words(words, at, count, properties)
                if form == "ascii"
                else _ply_bytes(body, at, count, properties, _ENDIAN[form])
            )
        except IndexError:
            raise ValueError(
                f"{path}: the file ends before the {count:,} entries of {name!r} that it begins with: truncated"
            ) from None
        if name == "vertex":
            vertices = np.stack([columns[axis][1].astype(np.float64) for axis in "xyz"], axis=1)
        elif name == "face":
            size, corner = next(columns[key] for key in _CORNERS if key in columns)
    return vertices, size.astype(np.int64), corner.astype(np.int64)


def _ply_header(path: Path, head: bytes) -> tuple[str, list[tuple[str, int, Properties]]]:
    bad = f"{path}: not a readable .ply file, perhaps truncated"
    form, elements = "", []
    for line in head.decode("ascii", errors="replace").splitlines()[1:]:
        words = line.split()
        try:
            if words[:1] == ["format"]:
                form = words[1]
            elif words[:1] == ["element"]:
                properties: Properties = []
                elements.append((words[1], int(words[2]), properties))
            elif words[:2] == ["property", "list"]:
                elements[-1][2].append((words[4], _TYPES[words[3]], _TYPES[words[2]]))
            elif words[:1] == ["property"]:
                elements[-1][2].append((words[2], _TYPES[words[1]], None))
        except (IndexError, KeyError, ValueError):
            raise ValueError(f"{bad} ({line.strip()[:80]!r} in its header)") from None
    have = {name: {p[0] for p in properties} for name, _, properties in elements}
    if form not in _ENDIAN or min((count for _, count, _ in elements), default=0) < 0:
        raise ValueError(f"{bad} (its format is {form!r})")
    if not {"x", "y", "z"} <= have.get("vertex", set()) or ("face" in have and not have["face"] & set(_CORNERS)):
        raise ValueError(f"{bad} (no x, y and z of vertices, or no vertex_indices of faces)")
    return form, elements


def _ply_words(words: list[bytes], at: int, count: int, properties: Properties) -> tuple[Columns, int]:
    """Of each property the sizes `(N,)` and the values of N entries written as text; and the word behind them."""
    if all(many is None for _, _, many in properties):
        end = at + count * len(properties)
        if end > len(words):
            raise IndexError
        table = np.array(words[at:end], dtype=np.float64).reshape(count, len(properties))
        return {name: (np.ones(count, np.int64), table[:, k]) for k, (name, _, _) in enumerate(properties)}, end
    size: dict[str, list[int]] = {name: [] for name, _, _ in properties}
    value: dict[str, list[bytes]] = {name: [] for name, _, _ in properties}
    for _ in range(count):
        for name, _, many in properties:
            own = 1
            if many is not None:
                own, at = int(words[at]), at + 1
            if own < 0 or at + own > len(words):
                raise IndexError
            size[name].append(own)
            value[name] += words[at : at + own]
            at += own
    return {name: (np.array(size[name], np.int64), np.array(value[name], dtype=np.float64)) for name in size}, at


def _ply_bytes(body: bytes, at: int, count: int, properties: Properties, endian: str) -> tuple[Columns, int]:
    """As `_ply_words`, of binary entries from byte `at`."""
    if count == 0 or not properties:
        none = np.zeros(0, np.int64)
        return {name: (none, none) for name, _, _ in properties}, at
    same = _ply_rows(body, at, count, properties, endian)
    if same is not None:
        return same
    size: dict[str, list[int]] = {name: [] for name, _, _ in properties}
    value: dict[str, list[bytes]] = {name: [] for name, _, _ in properties}
    types = {name: np.dtype(endian + kind) for name, kind, _ in properties}
    counts = {name: np.dtype(endian + many) for name, _, many in properties if many is not None}
    for _ in range(count):
        for name, kind in types.items():
            own = 1
            if name in counts:
                width = counts[name].itemsize
                if at + width > len(body):
                    raise IndexError
                own, at = int(np.frombuffer(body, counts[name], 1, at)[0]), at + width
            end = at + own * kind.itemsize
            if own < 0 or end > len(body):
                raise IndexError
            size[name].append(own)
            value[name].append(body[at:end])
            at = end
    return {
        name: (np.array(size[name], np.int64), np.frombuffer(b"".join(value[name]), types[name])) for name in size
    }, at


def _ply_rows(body: bytes, at: int, count: int, properties: Properties, endian: str) -> tuple[Columns, int] | None:
    """All entries at once where their lists are as long as the first entry's, else None."""
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = []
    width = 0
    for name, kind, many in properties:
        own = 1
        if many is not None:
            counter = np.dtype(endian + many)
            if at + width + counter.itemsize > len(body):
                raise IndexError
            own = int(np.frombuffer(body, counter, 1, at + width)[0])
            fields.append((f"count of {name}", endian + many))
            width += counter.itemsize
        fields.append((name, endian + kind, (own,)))
        width += own * np.dtype(kind).itemsize
        if own < 0 or at + width > len(body):
            raise IndexError
    end = at + width * count
    if end > len(body):
        return None
    rows = np.frombuffer(body, np.dtype(fields), count, at)
    if any((rows[f"count of {name}"] != rows[name].shape[1]).any() for name, _, many in properties if many is not None):
        return None
    return {name: (np.full(count, rows[name].shape[1]), rows[name].reshape(-1)) for name, _, _ in properties}, end
