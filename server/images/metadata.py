"""Take place, camera and other metadata out of image files without touching a pixel.

Kept is what decides how pixels look: colour profiles, gamma, JPEG's own and Adobe's markers.
"""

import struct
from collections.abc import Iterator

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"cICP"}
_WEBP_DROPPED = {b"EXIF", b"XMP "}
_WEBP_FLAGS = 0x08 | 0x04  # EXIF, XMP


def strip(format_: str | None, content: bytes) -> bytes | None:
    """The file without metadata; None for files whose structure this cannot follow."""
    try:
        if format_ in {"JPEG", "MPO"}:
            return b"".join(_jpeg(content))
        if format_ == "PNG":
            return b"".join(_png(content))
        if format_ == "WEBP":
            return _webp(content)
    except (IndexError, struct.error):
        return None
    return None


def is_8_bit(format_: str | None, content: bytes) -> bool:
    """Whether the file has 8 bits per channel; JPEGs with 12 and WebPs with other than 8 do not exist in practice."""
    return content[24] == 8 if format_ == "PNG" else True


def _jpeg(content: bytes) -> Iterator[bytes]:
    """Segments up to the first end of image: what follows it (other frames, depth maps) has metadata of its own."""
    yield content[:2]
    at = 2
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:  # padding
            at += 1
        if content[at] != 0xFF:
            raise IndexError("no marker")
        marker = content[at + 1]
        if marker == 0xD9:
            yield content[at : at + 2]
            return
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        if _keeps(marker, content[at + 4 : at + 16]):
            yield content[at:end]
        at = end


def _keeps(marker: int, begin: bytes) -> bool:
    if marker == 0xFE:  # comment
        return False
    if 0xE0 <= marker <= 0xEF:
        return (
            (marker == 0xE0 and begin.startswith(b"JFIF\0"))
            or (marker == 0xE2 and begin.startswith(b"ICC_PROFILE"))
            or (marker == 0xEE and begin.startswith(b"Adobe"))
        )
    return True


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker stands that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise IndexError("no end of scan")
        if content[at + 1] not in (0x00, 0xFF) and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 1


def _png(content: bytes) -> Iterator[bytes]:
    yield _PNG_SIGNATURE
    at = len(_PNG_SIGNATURE)
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise IndexError("chunk beyond the end")
        if kind in _PNG_KEPT:
            yield content[at:end]
        if kind == b"IEND":
            return
        at = end


def _webp(content: bytes) -> bytes:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise IndexError("no WebP")
    kept = []
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:]
        if kind not in _WEBP_DROPPED:
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
