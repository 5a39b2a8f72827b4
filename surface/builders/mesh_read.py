"""Reading mesh files (OBJ, PLY, GLB, glTF, STL, OFF) and label files, with one clear line on what is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surface.builders.mesh_polygons import read_polygons

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KINDS = (".obj", ".ply", ".glb", ".gltf", ".stl", ".off")
_STARTS = {b"ply": ".ply", b"glTF": ".glb", b"OFF": ".off", b"solid": ".stl"}
MOST = 255  # parts


@dataclass(frozen=True)
class Labels:
    """Parts of a mesh as a label file gives them.

    Attributes:
        label: `(N,)` part 1..P of each face or each vertex.
        names: P names.
        mirror: pairs of parts (1..P) that mirror each other, or None where the file has none.
        colours: `(P, 3)` sRGB, or None.
    """

    label: Ints
    names: tuple[str, ...]
    mirror: tuple[tuple[int, int], ...] | None = None
    colours: NDArray[np.uint8] | None = None


def read_mesh(path: str | Path) -> tuple[Floats, Ints, Ints]:
    """Vertices `(V, 3)` in the file's units, triangles `(F, 3)` in the file's order, and the polygon `(F,)` of each.

    Polygons (of OBJ, OFF and PLY) become fans; elsewhere each triangle is its own polygon.

    Several geometries become one, placed by the scene's transforms.

    Raises:
        ValueError: the file is missing, empty, truncated, of another kind, or holds no triangles.
    """
    import trimesh

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ValueError(f"{path}: {kind or 'no suffix'} is no mesh format read here; expected {', '.join(KINDS)}")
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise ValueError(f"{path}: the file is empty")
    looks = next((name for start, name in _STARTS.items() if head.startswith(start)), None)
    if looks and looks != kind:
        raise ValueError(f"{path}: the content looks like {looks}, not {kind}")
    if kind == ".stl":
        _check_stl(path)
    try:
        if kind in (".obj", ".off", ".ply"):
            vertices, faces, polygon = read_polygons(path)
        else:
            loaded: Any = trimesh.load(path, file_type=kind[1:], process=False)
            mesh: Any = loaded.to_mesh() if isinstance(loaded, trimesh.Scene) else loaded
            vertices = np.asarray(getattr(mesh, "vertices", np.zeros((0, 3))), dtype=np.float64)
            faces = np.asarray(getattr(mesh, "faces", np.zeros((0, 3))), dtype=np.int64)
            polygon = np.arange(len(faces))
    except Exception as error:  # the readers fail in as many ways as files do
        if isinstance(error, ValueError) and str(error).startswith(str(path)):
            raise
        why = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: not a readable {kind} file, perhaps truncated ({why or type(error).__name__})"
        ) from error
    if not len(faces):
        raise ValueError(f"{path}: the file holds no triangles")
    if faces.min() < 0 or faces.max() >= len(vertices):
        at = int(((faces < 0) | (faces >= len(vertices))).any(axis=1).argmax())
        raise ValueError(
            f"{path}: face {at} names vertex {faces[at].max()}; there are {len(vertices)}, perhaps truncated"
        )
    return vertices, faces, polygon


def _check_stl(path: Path) -> None:
    """A binary STL is as long as its count of triangles says; one in text ends with `endsolid`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1024)
        file.seek(max(0, size - 512))
        end = file.read()
    count = int.from_bytes(start[80:84], "little")
    if size >= 84 and size >= 84 + 50 * count and not (count == 0 and start.lstrip().startswith(b"solid")):
        return
    if not start.lstrip().startswith(b"solid"):
        raise ValueError(
            f"{path}: {size} bytes are too few for the {count:,} triangles that the file begins with: truncated"
        )
    if b"endsolid" not in end:
        raise ValueError(f"{path}: the file ends without `endsolid`: truncated")


def read_labels(path: str | Path) -> Labels:
    """A label file: JSON with `names` and `labels`, or whole numbers as text or .npy.

    JSON labels are indices into `names` from 0, or names; `mirror` (pairs of names or indices) and `colours` (`#rrggbb`
    or three numbers for each name) are optional. Numbers without names: each distinct number is a part, in order.

    Raises:
        ValueError: the file is missing or malformed; the message names the file and the place.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        if path.suffix.lower() == ".json":
            content = json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix.lower() == ".npy":
            loaded = np.load(path, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):
                raise ValueError("an archive of arrays, expected one array")
            content = loaded.reshape(-1).tolist()
        else:
            content = _numbers(path)
    except RecursionError:
        raise ValueError(f"{path}: not a label file (lists within lists without end)") from None
    except (ValueError, EOFError, OSError) as error:
        message = str(error)
        raise ValueError(
            message if message.startswith(str(path)) else f"{path}: not a label file ({message})"
        ) from error
    if isinstance(content, list):
        content = {"labels": content}
    if not isinstance(content, dict) or not isinstance(content.get("labels"), list):
        raise ValueError(f'{path}: expected {{"names": [...], "labels": [...]}} or a list of whole numbers')
    unknown = set(content) - {"names", "labels", "mirror", "colours"}
    if unknown:
        raise ValueError(f"{path}: unknown key {sorted(unknown)[0]!r}; known are names, labels, mirror, colours")
    return _labels(path, content)


def _numbers(path: Path) -> list[int]:
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for word in line.split("#")[0].replace(",", " ").split():
            if not re.fullmatch(r"[+-]?\d{1,18}", word):
                raise ValueError(f"{path}: line {number}: {word!r} is no whole number")
            out.append(int(word))
    return out


def _labels(path: Path, content: dict[str, Any]) -> Labels:
    values, names = content["labels"], content.get("names")
    if not values:
        raise ValueError(f"{path}: labels is empty")
    if names is None:
        bad = next((k for k, x in enumerate(values) if not isinstance(x, int) or isinstance(x, bool)), None)
        if bad is not None:
            raise ValueError(f"{path}: labels[{bad}] is {values[bad]!r}, no whole number")
        big = next((k for k, x in enumerate(values) if not -(2**63) <= x < 2**63), None)
        if big is not None:
            raise ValueError(f"{path}: labels[{big}] is too large for a label: it has more than 64 bits")
        distinct, inverse = np.unique(np.array(values, dtype=np.int64), return_inverse=True)
        names = [f"Part {k + 1}" for k in range(len(distinct))]
        label = inverse + 1
    else:
        if not isinstance(names, list) or not names or not all(isinstance(n, str) and n.strip() for n in names):
            raise ValueError(f"{path}: names must be a list of names")
        again = next((n for n in names if names.count(n) > 1), None)
        if again is not None:
            raise ValueError(f"{path}: the name {again!r} appears twice in names")
        index = {name: k for k, name in enumerate(names)}
        label = np.array([_index(path, f"labels[{k}]", x, names, index) for k, x in enumerate(values)]) + 1
        missing = np.flatnonzero(np.bincount(label, minlength=len(names) + 1)[1:] == 0)
        if len(missing):
            raise ValueError(f"{path}: nothing is labelled {names[missing[0]]!r} (names[{missing[0]}])")
    if len(names) > MOST:
        raise ValueError(f"{path}: {len(names)} parts; a body has at most {MOST}")
    pairs = content.get("mirror")
    mirror = None
    if pairs is not None:
        if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
            raise ValueError(f"{path}: mirror must be a list of pairs")
        known = {name: k for k, name in enumerate(names)}
        mirror = tuple(
            (_index(path, f"mirror[{k}]", a, names, known) + 1, _index(path, f"mirror[{k}]", b, names, known) + 1)
            for k, (a, b) in enumerate(pairs)
        )
        flat = [x for pair in mirror for x in set(pair)]
        twice = next((x for x in flat if flat.count(x) > 1), None)
        if twice is not None:
            raise ValueError(f"{path}: {names[twice - 1]!r} is in two mirror pairs")
    return Labels(label.astype(np.int64), tuple(names), mirror, _colours(path, content.get("colours"), len(names)))


def _index(path: Path, where: str, value: Any, names: list[str], index: dict[str, int]) -> int:
    if isinstance(value, str) and value in index:
        return index[value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return value
    raise ValueError(f"{path}: {where} is {value!r}; expected 0..{len(names) - 1} or one of the names")


def _colours(path: Path, value: Any, count: int) -> NDArray[np.uint8] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"{path}: colours must have one entry for each of the {count} names")
    out = []
    for k, colour in enumerate(value):
        if isinstance(colour, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            out.append([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        elif (
            isinstance(colour, list) and len(colour) == 3 and all(isinstance(x, int) and 0 <= x <= 255 for x in colour)
        ):
            out.append(colour)
        else:
            raise ValueError(f"{path}: colours[{k}] is {colour!r}; expected #rrggbb or three numbers 0..255")
    return np.array(out, dtype=np.uint8)


def labels_of_faces(labels: Labels, vertices: int, faces: Ints, polygon: Ints, source: str) -> Ints:
    """Part `(F,)` of each triangle: its own label, its polygon's, or that of most of its vertices (of 3, the lowest).

    Args:
        labels: of triangles, of polygons or of vertices, in the file's order.
        vertices: how many.
        faces: `(F, 3)`.
        polygon: `(F,)` polygon of the file that each triangle is of.
        source: the label file, for messages.

    Raises:
        ValueError: as many labels as none of them, or as both faces and vertices.
    """
    count = len(labels.label)
    polygons = int(polygon[-1]) + 1
    if count == vertices and count in (len(faces), polygons):
        raise ValueError(
            f"{source}: {count} labels, and the mesh has {count} faces and {count} vertices: which are meant?"
        )
    if count == polygons:
        return np.asarray(labels.label[polygon])
    if count == len(faces):
        return labels.label
    if count == vertices:
        a, b, c = labels.label[faces].T
        return np.where((a == b) | (a == c), a, np.where(b == c, b, np.minimum(np.minimum(a, b), c)))
    kinds = "all triangles" if polygons == len(faces) else f"{len(faces)} as triangles"
    raise ValueError(f"{source}: {count} labels, but the mesh has {polygons} faces ({kinds}) and {vertices} vertices")
