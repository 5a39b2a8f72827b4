"""Names of uploaded files, made harmless."""

import re
import unicodedata

_LONGEST = 300  # characters of a whole path
_LONGEST_PART = 200  # bytes of a folder's or a file's name; file systems take 255
_LONGEST_EXTENSION = 20
_LITTER = {"__macosx", "thumbs.db", "desktop.ini"}


def clean(name: str) -> str:
    """A relative path without steps out of its folder; `file` when nothing is left.

    Folders are kept: they tell equal names apart, and COCO files may name them.
    """
    text = unicodedata.normalize("NFC", name).replace("\\", "/")
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    parts = [part.strip() for part in re.sub(r"^[A-Za-z]:", "", text).split("/")]
    kept = "/".join(_shorten(part) for part in parts if part not in {"", ".", ".."})
    return kept[-_LONGEST:].lstrip("/ ") or "file"


def _shorten(part: str) -> str:
    """A part of a path that any file system takes; the extension stays."""
    if len(part.encode()) <= _LONGEST_PART:
        return part
    stem, dot, extension = part.rpartition(".")
    if not stem or len(extension.encode()) > _LONGEST_EXTENSION:
        stem, dot, extension = part, "", ""
    room = _LONGEST_PART - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").strip() + dot + extension


def is_litter(name: str) -> bool:
    """Whether a file was put there by an operating system and not by a person."""
    parts = name.replace("\\", "/").split("/")
    return any(part.lower() in _LITTER or (part.startswith(".") and part not in {".", ".."}) for part in parts)


def leaves_folder(name: str) -> bool:
    """Whether a path in a zip points outside the folder it would be unpacked in."""
    text = name.replace("\\", "/")
    return text.startswith("/") or bool(re.match(r"[A-Za-z]:", text)) or ".." in text.split("/") or "\0" in name


def with_suffix(name: str, suffix: str) -> str:
    """`a/b.jpg` and `-1` give `a/b-1.jpg`."""
    folder, slash, last = name.rpartition("/")
    stem, dot, extension = last.rpartition(".")
    return f"{folder}{slash}{stem}{suffix}{dot}{extension}" if stem else f"{name}{suffix}"
