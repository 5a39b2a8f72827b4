"""A folder of rendered images with their truth: any image can be made by anyone, in any order, and is the same.

Image N of a folder follows from the folder's seed and N alone. What is finished of it is told by its record, a small
file that is written last; a run that was killed goes on with the images that have none. The COCO file is put together
from the records, so it is the same bytes however many processes made them and however often they were stopped.

A folder holds ``images/``, ``truth/`` (one file for each person), ``records/``, ``render.json`` (what the images are
made of) and ``annotations.json`` (COCO).
"""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from synthesis import truth
from synthesis.render import Options, Person, Render, cast, render

if TYPE_CHECKING:
    from surface.body import Body

FORM = 1
QUALITY = 95
LAST = 10**8 - 1
"""The last number an image may have; file names have eight digits."""

_STALE = 600  # seconds after which a half-written file is nobody's

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip
"""COCO's, in its order; left and right the person's own."""

SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
    (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What the images of a folder follow from.

    Attributes:
        seed: 0 or more.
        options: of every image.
        png: whether images are PNG instead of JPEG of quality 95.
    """

    seed: int = 0
    options: Options = field(default_factory=Options)
    png: bool = False

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is below 0")


def image_seed(seed: int, number: int) -> int:
    """The seed of image ``number`` (1..LAST) of a folder: ``synthesis.render.render`` makes the image again from it.

    Raises:
        ValueError: the number is out of range.
    """
    if not 1 <= number <= LAST:
        raise ValueError(f"image {number} is not in 1..{LAST:,}")
    return seed * (LAST + 1) + number


def check(body: Body, recipe: Recipe, number: int) -> None:
    """Refuse what image ``number`` would be refused for, before anything of its folder is made.

    Raises:
        ValueError: the body or every one of the user's poses cannot be rendered.
    """
    try:
        cast(body, image_seed(recipe.seed, number), recipe.options)
    except ValueError as error:
        raise ValueError(f"image {number}: {error}") from error


def begin(body: Body, folder: Path, recipe: Recipe) -> None:
    """Make the folder, or go on in it.

    Raises:
        ValueError: the folder holds other things, or images made of something else; the message tells what differs.
        OSError: it cannot be written to.
    """
    wanted = describe(body, recipe)
    target = folder / "render.json"
    if target.exists():
        if numbers_in(folder):  # else nothing binds it, as where the first image failed
            _same(folder, about(folder), wanted)
            return
    elif folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty and holds no render.json: choose a new folder")
    for name in ("images", "truth", "records"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _put(target, _json(wanted, indent=1))


def describe(body: Body, recipe: Recipe) -> dict[str, Any]:
    """All that the images of a folder follow from, as JSON; it names files by what is in them, not where they lie."""
    return {
        "form": FORM,
        "densemark": version("densemark"),
        "body": body.name,
        "body_hash": body.hash,
        "seed": recipe.seed,
        "image": "png" if recipe.png else f"jpeg {QUALITY}",
        "options": {f.name: _plain(getattr(recipe.options, f.name)) for f in fields(recipe.options)},
        "command": _command(body, recipe),
    }


def make(body: Body, folder: Path, numbers: Iterable[int], recipe: Recipe) -> Iterator[tuple[int, bool]]:
    """Make the images of these numbers that are not there; ``begin`` comes first.

    Every file appears whole or not at all. It does no harm that two processes make the same image.

    Yields:
        The number of each image once it is there, and whether it was made now.

    Raises:
        ValueError: a number is out of range, or the renderer refuses.
        OSError: a file cannot be written.
    """
    for number in numbers:
        there = finished(folder, number)
        if not there:
            try:
                made = render(body, image_seed(recipe.seed, number), recipe.options)
            except ValueError as error:
                raise ValueError(f"image {number}: {error}") from error
            save(folder, number, made, recipe.png)
        yield number, not there


def finished(folder: Path, number: int) -> bool:
    """Whether an image is there with all its files, whole."""
    try:
        sizes = _read(folder / "records" / f"{number:08d}.json")["bytes"]
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError):
        return False


def save(folder: Path, number: int, made: Render, png: bool = False) -> None:
    """Write one image: picture, truth of every person, and last the record."""
    name = f"images/{number:08d}.{'png' if png else 'jpg'}"
    sizes = {name: _put(folder / name, picture(made.image, png))}
    entries = []
    for k, person in enumerate(made.persons, start=1):
        file = f"truth/{number:08d}.{k}.npz"
        sizes[file] = _put(folder / file, partial(truth.write, truth=person.truth))
        entries.append(_entry(number, k, person, file))
    height, width = made.image.shape[:2]
    image = {
        "id": number,
        "file_name": Path(name).name,
        "width": width,
        "height": height,
        "densemark": {"seed": made.seed, "camera": _plain_camera(made)},
    }
    record = {"image": image, "annotations": entries, "bytes": sizes}
    _put(folder / "records" / f"{number:08d}.json", _json(record))


def picture(image: np.ndarray, png: bool = False) -> bytes:
    """The file of an image (H,W,3) u8: JPEG of quality 95 with full colour resolution, or PNG."""
    file = BytesIO()
    if png:
        Image.fromarray(image).save(file, "PNG", compress_level=1)
    else:
        Image.fromarray(image).save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()


def finish(folder: Path, progress: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Write ``annotations.json`` of all images that are there; clear away what killed processes left half-written.

    Returns:
        {"images", "persons"} in it.
    """
    while True:
        numbers = list(numbers_in(folder))
        counts = _annotations(folder, numbers, progress)
        if list(numbers_in(folder)) == numbers:  # another machine may have added some meanwhile
            break
    for left in folder.glob("**/.*.tmp"):
        if time.time() - left.stat().st_mtime > _STALE:
            left.unlink(missing_ok=True)
    return counts


def numbers_in(folder: Path) -> list[int]:
    """The images that have a record, ascending."""
    names = [path.name for path in (folder / "records").glob("????????.json")]
    return sorted(int(name[:8]) for name in names if name[:8].isdigit())


def about(folder: Path) -> dict[str, Any]:
    """What ``describe`` said of a folder; raises ValueError or OSError where there is no such."""
    return _read(folder / "render.json")


def record(folder: Path, number: int) -> dict[str, Any]:
    """What is known of an image: {"image", "annotations", "bytes"}; raises ValueError if it is not there whole."""
    return _read(folder / "records" / f"{number:08d}.json")


def _annotations(folder: Path, numbers: list[int], progress: Callable[[int, int], None] | None) -> dict[str, int]:
    target = folder / "annotations.json"
    part = _beside(target)
    persons = 0
    with part.open("w", encoding="utf-8", newline="\n") as out:
        info = {"description": "Rendered persons with the surface point of every pixel", "version": "1.0"}
        out.write(
            '{"info":' + _json({**info, "densemark": about(folder)}).decode() + ',\n"licenses":[],\n"categories":'
        )
        person = {"supercategory": "person", "id": 1, "name": "person", "keypoints": KEYPOINTS, "skeleton": SKELETON}
        out.write(_json([person]).decode() + ',\n"images":[')
        for n, number in enumerate(numbers):
            out.write((",\n" if n else "\n") + _json(record(folder, number)["image"]).decode())
        out.write('],\n"annotations":[')
        for n, number in enumerate(numbers):
            for entry in record(folder, number)["annotations"]:
                out.write((",\n" if persons else "\n") + _json(entry).decode())
                persons += 1
            if progress is not None:
                progress(n + 1, len(numbers))
        out.write("]}\n")
    part.replace(target)
    return {"images": len(numbers), "persons": persons}


def _entry(number: int, k: int, person: Person, file: str) -> dict[str, Any]:
    """A person as COCO has it."""
    keypoints = np.round(person.keypoints, 2).reshape(-1, 3)  # a body may have none
    known = {
        "keypoints": [v for x, y, seen in keypoints.tolist() for v in (x, y, int(seen))],
        "num_keypoints": int((keypoints[:, 2] > 0).sum()),
    }
    return {
        "id": number * 100 + k,
        "image_id": number,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [float(v) for v in person.box],
        "area": float(len(person.truth.pixel)),
        "segmentation": person.segmentation,
        **(known if len(keypoints) else {}),
        "truth": Path(file).name,
        "densemark": {
            "pose": person.pose,
            "betas": np.round(person.betas, 6).tolist(),
            "rotations": np.round(person.rotations, 6).tolist(),
            "translation": np.round(person.translation, 6).tolist(),
        },
    }


def _plain_camera(made: Render) -> dict[str, Any]:
    camera = made.camera
    return {
        "axes": np.round(camera.axes, 9).tolist(),
        "position": np.round(camera.position, 6).tolist(),
        "focal": round(float(camera.focal), 4),
        "centre": [round(float(v), 4) for v in camera.centre],
    }


def _plain(value: Any) -> Any:
    """A part of the options as JSON; the user's own files by what is in them."""
    if isinstance(value, tuple) and value and not isinstance(value[0], int | float | str):
        digest = sha256()
        for item in value:
            digest.update(_bytes(item))
        return {"count": len(value), "sha256": digest.hexdigest()}
    return list(value) if isinstance(value, tuple) else value


def _bytes(item: Any) -> bytes:
    """A file's bytes; anything else as its fields are written."""
    if isinstance(item, Path):
        return sha256(item.read_bytes()).digest()
    return sha256(repr(asdict(item)).encode()).digest()


def _command(body: Body, recipe: Recipe) -> str:
    """How to make such images again, apart from the user's own files."""
    options = recipe.options
    low, high = options.persons
    words = ["densemark", "render", "--body", body.name, "--seed", str(recipe.seed), "--size", str(options.size)]
    words += ["--persons", str(low) if low == high else f"{low}-{high}"]
    words += ["--occluders", f"{options.occluders:g}", "--cut", f"{options.cut:g}"]
    return shlex.join(words + ["--png"] * recipe.png)


def _same(folder: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    def flat(value: dict[str, Any]) -> dict[str, Any]:
        return {key: v for key, v in {**value, **value.get("options", {})}.items() if key not in ("options", "command")}

    old, new = flat(found), flat(json.loads(_json(wanted)))
    for key in {**old, **new}:
        if old.get(key) != new.get(key):
            was, now = (v if len(v := _json(side.get(key)).decode()) < 60 else "other files" for side in (old, new))
            raise ValueError(f"{folder} holds images made with {key} {was}, not {now}: choose another folder")


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, separators=None if indent else (",", ":"), sort_keys=False).encode()


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")


def _put(target: Path, data: bytes | Callable[[IO[bytes]], None]) -> int:
    """Write a file whole or not at all, of bytes or by what writes them; returns its size."""
    part = _beside(target)
    with part.open("wb") as file:
        if isinstance(data, bytes):
            file.write(data)
        else:
            data(file)
        size = file.seek(0, os.SEEK_END)
    part.replace(target)
    return size
