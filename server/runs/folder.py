"""What lies in the folder of a run, DATA/runs/ID, read as the training writes it. docs/formats.md tells it all."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import FileLock, Timeout

from server.problems import NotFoundError
from server.settings import Settings

METRICS, LOG, MODEL, ENVIRONMENT = "metrics.jsonl", "log.txt", "model.safetensors", "environment.json"
MOST_LINES = 2000
MOST_LOG = 64 * 2**10  # bytes of one answer
_DOWNLOADS = re.compile(
    r"model\.(safetensors|onnx)|recipe\.toml|(run|environment)\.json|metrics\.jsonl|log\.txt|evaluation-\d{6,}\.json"
)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PICTURE = re.compile(r"[0-9A-Za-z_-]{1,100}\.jpg")
_HELD = ".watched.lock"
_PHOTOS = ("dataset", "samples", "failure-*")
"""What of a run shows photos or what was marked on them."""


def of(settings: Settings, run_id: UUID) -> Path:
    """The folder of a run; it may not be there yet."""
    return settings.data.absolute() / "runs" / str(run_id)


@contextmanager
def held(folder: Path, patience: float) -> Iterator[bool]:
    """Whether within the block nobody else watches over the run's training, or takes its folder away.

    :param patience: so many seconds it is waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _HELD)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def drop(settings: Settings, run_id: UUID) -> None:
    """Remove a run's folder."""
    folder = of(settings, run_id)
    gone = folder.with_name(f".gone-{run_id}")
    shutil.rmtree(gone, ignore_errors=True)
    if folder.is_dir():
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def there(settings: Settings) -> set[UUID]:
    """The runs that have a folder, also one that was being removed."""
    parent = settings.data.absolute() / "runs"
    names = {path.name.removeprefix(".gone-") for path in parent.iterdir()} if parent.is_dir() else set()
    return {UUID(name) for name in names if _ID.fullmatch(name)}


def drop_photos(folder: Path) -> None:
    """Remove all of a run that shows photos: its copy of the dataset, samples, steps that failed."""
    for pattern in _PHOTOS:
        for path in folder.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)


def lines(folder: Path, after: int) -> tuple[list[dict[str, Any]], int]:
    """The lines of metrics of later steps than ``after``, thinned to at most ``MOST_LINES``, and the step of the last
    line of all; -1 where there is none."""
    found, last = [], -1
    try:
        with (folder / METRICS).open(encoding="utf-8", errors="replace") as file:
            for text in file:
                line = parsed(text)
                if line is None:
                    continue
                last = line["step"]
                if last > after:
                    found.append(line)
    except FileNotFoundError:
        return [], -1
    return thinned(found, MOST_LINES), last


def parsed(text: str) -> dict[str, Any] | None:
    """A line of metrics, with null for numbers that are not finite; None for one that was cut in half."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    if not isinstance(line, dict) or not isinstance(line.get("step"), int) or "kind" not in line:
        return None
    made: dict[str, Any] = finite(line)
    return made


def finite(value: Any) -> Any:
    """The same JSON with null for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def thinned(found: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """At most so many of the lines, in their order: of those of training as many as there is room for beside the
    others, evenly spread; the last always stands."""
    if len(found) <= most:
        return list(found)
    others = {n for n, line in enumerate(found) if line["kind"] != "train"}
    others = set(sorted(others)[-(most // 2) :])
    rest = [n for n, line in enumerate(found) if line["kind"] == "train"]
    room = most - len(others)
    chosen = {rest[len(rest) - 1 - n * len(rest) // room] for n in range(min(room, len(rest)))}
    return [line for n, line in enumerate(found) if n in others or n in chosen]


def log(folder: Path, after: int) -> tuple[str, int, bool]:
    """The trainer's output from a byte on: text, the byte after it, and whether that is the end for now."""
    try:
        with (folder / LOG).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(min(after, size))
            read = file.read(MOST_LOG)
    except FileNotFoundError:
        return "", 0, True
    start = min(after, size)
    whole = read
    if start + len(read) < size:  # not in the middle of a line
        whole = read[: read.rfind(b"\n") + 1] or read
    return whole.decode("utf-8", "replace"), start + len(whole), start + len(whole) >= size


def samples(folder: Path) -> list[tuple[int, list[str]]]:
    """Steps with samples, and the names of their pictures."""
    found = [path for path in folder.glob("samples/*") if path.name.isdecimal() and path.is_dir()]
    return [
        (int(path.name), sorted(each.name for each in path.iterdir() if _PICTURE.fullmatch(each.name)))
        for path in sorted(found, key=lambda path: int(path.name))
    ]


def sample(folder: Path, step: int, name: str) -> Path:
    """A picture; raises NotFoundError."""
    path = folder / "samples" / f"{step:06d}" / name
    if not _PICTURE.fullmatch(name) or not path.is_file():
        raise NotFoundError("no such sample")
    return path


def files(folder: Path) -> list[tuple[str, int]]:
    """Files that can be downloaded, with their bytes; the network first."""
    there = sorted(path for path in folder.glob("*") if _DOWNLOADS.fullmatch(path.name) and path.is_file())
    there.sort(key=lambda path: not path.name.startswith("model."))
    return [(path.name, path.stat().st_size) for path in there]


def file(folder: Path, name: str) -> Path:
    """A file that can be downloaded; raises NotFoundError."""
    path = folder / name
    if not _DOWNLOADS.fullmatch(name) or not path.is_file():
        raise NotFoundError("no such file")
    return path


def model_step(folder: Path) -> int | None:
    """After how many steps the network that came out was measured best; None where there is none yet.

    It stands in the first bytes of model.safetensors: their number as eight bytes, then JSON.
    """
    try:
        with (folder / MODEL).open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            return int(json.loads(opened.read(min(size, 2**24)))["__metadata__"]["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
