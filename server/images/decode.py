"""From an uploaded file to an upright 8-bit photo, or to a clear reason why not."""

import io
import threading
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from server.images import metadata

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
READABLE = "JPEG, PNG, WebP, TIFF, BMP and GIF"

# Pillow refuses at twice its own limit and warns at once; `upright` checks the size itself, before decoding.
Image.MAX_IMAGE_PIXELS = None

_ORIENTATION = 0x0112
_JPEG_QUALITY = 95
_STRIP = 1 << 20  # pixels of 16 bits that are scaled together
_AT_ONCE = threading.BoundedSemaphore(2)  # photos decoded at a time: each takes several bytes a pixel


class NotAPhotoError(Exception):
    """The file cannot be taken; the text says why."""


@dataclass(frozen=True)
class Photo:
    """An upright 8-bit RGB or grey photo as it will be kept, without place or other personal metadata."""

    content: bytes
    media_type: str
    width: int
    height: int


def upright(file: BinaryIO, max_bytes: int, max_pixels: int) -> Photo:
    """Read a photo; raises NotAPhotoError.

    What browsers show as it is (8-bit RGB or grey JPEG, PNG or WebP that is upright) keeps its pixels bit for bit. All
    else is converted: turned by its EXIF orientation, 16 bits scaled to 8, palettes and CMYK to RGB, transparency laid
    over white.
    """
    with _AT_ONCE:
        return _upright(file, max_bytes, max_pixels)


def _upright(file: BinaryIO, max_bytes: int, max_pixels: int) -> Photo:
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise NotAPhotoError("the file is empty")
    if size > max_bytes:
        raise NotAPhotoError(f"the file has {size / 2**20:.0f} MiB, more than the limit of {max_bytes / 2**20:.0f} MiB")
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise NotAPhotoError(f"this is not an image this server reads ({READABLE})") from error
    except Exception as error:
        raise NotAPhotoError(f"the image is damaged ({_reason(error)})") from error
    if image.width * image.height > max_pixels:
        limit = f"{max_pixels / 1e6:.0f} million"
        raise NotAPhotoError(f"the image has {image.width} x {image.height} pixels, more than the limit of {limit}")
    try:
        image.load()
        file.seek(0)
        return _as_is(image, file.read()) or _converted(image)
    except NotAPhotoError:
        raise
    except Exception as error:  # Pillow's decoders raise anything on damaged files
        raise NotAPhotoError(f"the image is damaged ({_reason(error)})") from error
    finally:
        image.close()


def _as_is(image: Image.Image, content: bytes) -> Photo | None:
    """The file's own bytes less its metadata, if they are a photo that needs no conversion."""
    frames = getattr(image, "is_animated", False) and image.format != "MPO"  # an MPO's first frame is a plain JPEG
    if image.mode not in {"RGB", "L"} or _orientation(image) != 1 or frames:
        return None
    if "transparency" in image.info or not metadata.is_8_bit(image.format, content):
        return None
    stripped = metadata.strip(image.format, content)
    if stripped is None:
        return None
    kind = "JPEG" if image.format == "MPO" else image.format
    return Photo(stripped, Image.MIME[str(kind)], image.width, image.height)


def _converted(image: Image.Image) -> Photo:
    """A rotated, 8-bit RGB or grey copy: JPEG if it was one, else PNG."""
    lossy = image.format in {"JPEG", "MPO"}
    profile = image.info.get("icc_profile") if image.mode in {"RGB", "RGBA", "P", "PA"} else None
    photo = _to_8_bit(ImageOps.exif_transpose(image))
    out = io.BytesIO()
    options = {"quality": _JPEG_QUALITY, "subsampling": 0} if lossy else {"compress_level": 4}
    photo.save(out, "JPEG" if lossy else "PNG", icc_profile=profile, exif=b"", **options)
    return Photo(out.getvalue(), "image/jpeg" if lossy else "image/png", photo.width, photo.height)


def _to_8_bit(image: Image.Image) -> Image.Image:
    if image.mode in {"L", "RGB"} and "transparency" not in image.info:
        return _bare(image)
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode == "F":
        raise NotAPhotoError("its pixels are floating-point numbers, whose black and white nobody knows; convert it")
    if image.mode == "CMYK":
        return _from_cmyk(image)
    if image.mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _bare(image: Image.Image) -> Image.Image:
    """A copy of the pixels alone."""
    copy = image.copy()
    copy.info = {}
    return copy


def _from_16_bit(image: Image.Image) -> Image.Image:
    """0..65535 to 0..255. Converting by Pillow would cut everything above 255 to white."""
    scaled = np.empty((image.height, image.width), np.uint8)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
        if values.min() < 0 or values.max() > 65535:
            raise NotAPhotoError("its pixels have more than 16 bits, whose black and white nobody knows; convert it")
        scaled[top : top + rows] = (values.astype(np.uint32) * 255 + 32767) // 65535
    return Image.fromarray(scaled)


def _from_cmyk(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return _bare(converted) if converted else _bare(image.convert("RGB"))
        except ImageCms.PyCMSError:  # a broken profile: do without
            pass
    return _bare(image.convert("RGB"))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken EXIF block says nothing
        return 1


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
