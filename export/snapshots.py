"""The files of a snapshot: written from shards, checked, read, and compared.

A snapshot's folder is called by the hash of its content. It holds

    images.jsonl               a line of JSON for each image, by id (`export.records.image_line`)
    persons-<split>.jsonl      a line of JSON for each person, by id; persons-all.jsonl where there is no split
    SHA256SUMS                 of all these files, as sha256sum writes and checks them

What it is stands on the card (`export.card`), which lies elsewhere: snapshots of several projects can have one content.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from export.card import ContentFile
from export.files import replacing_bytes
from export.records import ImageRecord, PersonRecord, image_line, image_of, person_line, person_of

IMAGES = "images.jsonl"
SUMS = "SHA256SUMS"
ALL = "all"
"""What the one file of persons is called where there is no split."""
_ID = re.compile(rb'"id":(\d+)')  # keys are sorted: only numbers come before it
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a damaged record, or working with it, may raise."""
_Record = TypeVar("_Record")


class DamagedError(ValueError):
    """A file of a snapshot is not what it was; ``folder`` is the snapshot's."""

    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(what)
        self.folder = folder


class Counted(NamedTuple):
    """A person's line in a shard, its image's id, and what is to be counted of it."""

    image: int
    counts: Any
    line: bytes


def persons_file(split: str) -> str:
    """The name of the file of a split's persons; "" is no split."""
    return f"persons-{split or ALL}.jsonl"


def splits_in(folder: Path) -> list[str]:
    """The splits of a snapshot, by name; [""] where there is none. Raises DamagedError."""
    names = sorted(name[len("persons-") : -len(".jsonl")] for name in sums_of(folder) if name != IMAGES)
    return [""] if names == [ALL] else names


def write_shard(path: Path, persons: Iterable[tuple[PersonRecord, Any]]) -> None:
    """Write persons, each with what is to be counted of it (JSON), into one working file, whole or not at all."""
    with replacing_bytes(path) as file:
        for record, counts in persons:
            told = json.dumps(counts, separators=(",", ":"))
            file.write(f"{record.image_id}\t{told}\t{person_line(record)}\n".encode())


def read_shard(path: Path) -> Iterator[Counted]:
    """The persons of a working file."""
    with path.open("rb") as file:
        for line in file:
            image, counts, rest = line.split(b"\t", 2)
            yield Counted(int(image), json.loads(counts), rest)


def write_content(
    folder: Path, images: Sequence[ImageRecord], splits: Sequence[str], persons: Iterable[Counted]
) -> Iterator[tuple[ImageRecord, Any]]:
    """Write images.jsonl and the files of persons into an empty folder; yields of each person that was written its
    image and what is to be counted. Persons of other images are left out.

    :param splits: names, or [""].
    :param persons: by ascending ids.
    """
    by_id = {image.id: image for image in images}
    with (folder / IMAGES).open("wb") as file:
        for id_ in sorted(by_id):
            file.write(image_line(by_id[id_]).encode() + b"\n")
        _sync(file)
    with ExitStack() as stack:
        files = {split: stack.enter_context((folder / persons_file(split)).open("wb")) for split in splits}
        for person in persons:
            image = by_id.get(person.image)
            if image is not None:
                files[image.split].write(person.line)
                yield image, person.counts
        for file in files.values():
            _sync(file)


def content_files(folder: Path) -> list[ContentFile]:
    """The content files of a snapshot, by name, with size and hash."""
    names = [IMAGES, *(path.name for path in folder.glob("persons-*.jsonl"))]
    return [ContentFile(name, digest(folder / name), (folder / name).stat().st_size) for name in sorted(names)]


def hash_of(files: Iterable[ContentFile]) -> str:
    """The hash of a content: SHA-256 over its files' names and SHA-256, sorted."""
    listed = "".join(f"{file.name} {file.sha256}\n" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256(listed.encode()).hexdigest()


def write_sums(folder: Path) -> None:
    """Write the checksums of all files of the folder."""
    names = sorted(path.name for path in folder.iterdir() if path.name != SUMS)
    with (folder / SUMS).open("wb") as file:
        file.write("".join(f"{digest(folder / name)}  {name}\n" for name in names).encode())
        _sync(file)


def damage(folder: Path, hash_: str) -> list[str]:
    """What is wrong with the files of a snapshot, in words; nothing if it is whole."""
    if not (folder / SUMS).is_file():
        return [f"{folder}: there is no {SUMS}"]
    found = []
    listed = set()
    for line in (folder / SUMS).read_text().splitlines():
        sum_, _, name = line.partition("  ")
        listed.add(name)
        if not (folder / name).is_file():
            found.append(f"{name} is missing")
        elif digest(folder / name) != sum_:
            found.append(f"{name} is not what it was")
    found += [f"{path.name} is not one of its files" for path in folder.iterdir() if path.name not in {*listed, SUMS}]
    if not found and hash_of(content_files(folder)) != hash_:
        found.append(f"its content has the hash {hash_of(content_files(folder))}, not {hash_}")
    return found


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums_of(folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of each content file by name, as the hash that the folder is called by says; raises
    DamagedError."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedError(folder, f"{SUMS} cannot be read") from error
    sums = {name: sum_ for sum_, _, name in (line.partition("  ") for line in lines)}
    if hash_of(ContentFile(name, sum_, 0) for name, sum_ in sums.items()) != folder.name:
        raise DamagedError(folder, f"{SUMS} is not what it was")
    return sums


def whole_lines(folder: Path, name: str) -> Iterator[bytes]:
    """The lines of a content file. Raises DamagedError where the last one was read and the file is not what it was:
    what was made of the lines counts only then."""
    sums = sums_of(folder)
    found = hashlib.sha256()
    try:
        with (folder / name).open("rb") as file:
            for line in file:
                found.update(line)
                yield line
    except FileNotFoundError as error:
        raise DamagedError(folder, f"{name} is missing") from error
    if found.hexdigest() != sums.get(name):
        raise DamagedError(folder, f"{name} is not what it was")


def require_whole(folder: Path, names: Iterable[str]) -> None:
    """Raise DamagedError unless these content files are what they were."""
    for name in names:
        for _ in whole_lines(folder, name):
            pass


def read_images(folder: Path, split: str | None = None) -> Iterator[ImageRecord]:
    """The images of a snapshot by id, of one split or of all; raises DamagedError, at the end at the latest."""
    for image in _records(folder, IMAGES, image_of):
        if split is None or image.split == split:
            yield image


def read_persons(folder: Path, split: str, images: Mapping[int, Any]) -> Iterator[PersonRecord]:
    """The persons of a split by id, of those of these images; raises DamagedError, at the end at the latest."""
    for record in _records(folder, persons_file(split), person_of):
        if record.image_id in images:
            yield record


def _records(folder: Path, name: str, parse: Callable[[bytes], _Record]) -> Iterator[_Record]:
    for number, line in enumerate(whole_lines(folder, name), 1):
        try:
            record = parse(line)
        except UNREADABLE as error:
            raise DamagedError(folder, f"{name}, line {number:,}: it is not what it was") from error
        yield record


def image_lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Id and line of all images, by id; raises DamagedError, at the end at the latest."""
    return _lines_by_id(folder, IMAGES)


def person_lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Id and line of all persons of all splits, by id; raises DamagedError, at the end at the latest."""
    return heapq.merge(*(_lines_by_id(folder, persons_file(split)) for split in splits_in(folder)))


def _lines_by_id(folder: Path, name: str) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(whole_lines(folder, name), 1):
        found = _ID.search(line)
        if found is None:
            raise DamagedError(folder, f"{name}, line {number:,}: it is not what it was")
        yield int(found[1]), line


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
