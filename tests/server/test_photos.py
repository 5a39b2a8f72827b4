"""Any image file becomes an upright 8-bit photo without personal metadata, or is refused with a reason."""

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from server.images import metadata
from server.images.decode import NotAPhotoError, Photo, upright

GPS = 0x8825
ORIENTATION = 0x0112


def read(content: bytes, max_bytes: int = 10**9, max_pixels: int = 200_000_000) -> Photo:
    return upright(io.BytesIO(content), max_bytes, max_pixels)


def pixels(photo: Photo) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(photo.content)))


def gradient(height: int = 40, width: int = 60) -> np.ndarray:
    """Smooth, with four corners of different colours, so that JPEG keeps it and a turn shows."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), np.full_like(x, 60)], axis=-1).astype(np.uint8)


def encode(image: Image.Image, format_: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[0x010F] = "Camera maker"
    tags.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    return tags


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_plain_photos_keep_their_pixels(format_: str, mode: str) -> None:
    if (format_, mode) == ("WEBP", "L"):
        mode = "RGB"  # WebP has no grey
    content = encode(Image.fromarray(gradient()).convert(mode), format_)
    photo = read(content)
    assert photo.content == content or format_ == "JPEG"
    assert photo.media_type == f"image/{format_.lower()}"
    assert (photo.width, photo.height) == (60, 40)
    assert (pixels(photo) == np.asarray(Image.open(io.BytesIO(content)))).all()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_where_and_with_what_a_photo_was_taken_is_taken_out(format_: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    extra = {"comment": b"Camera maker"} if format_ == "JPEG" else {}
    content = encode(Image.fromarray(gradient()), format_, exif=exif(), icc_profile=profile, **extra)
    assert b"Camera maker" in content
    photo = read(content)
    kept = Image.open(io.BytesIO(photo.content))
    assert b"Camera maker" not in photo.content
    assert len(kept.getexif()) == 0
    assert kept.info["icc_profile"] == profile
    assert (pixels(photo) == np.asarray(Image.open(io.BytesIO(content)))).all()


def test_frames_behind_the_first_one_go_too() -> None:
    frames = [Image.fromarray(gradient()), Image.fromarray(gradient()[::-1])]
    content = encode(frames[0], "MPO", save_all=True, append_images=frames[1:], exif=exif())
    photo = read(content + b"Camera maker: a depth map")
    assert photo.media_type == "image/jpeg"
    assert photo.content.count(b"\xff\xd8\xff") == 1
    assert b"Camera maker" not in photo.content
    assert photo.content.endswith(b"\xff\xd9")


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_turned_photos_are_stored_upright(orientation: int, format_: str) -> None:
    options: dict[str, Any] = {"lossless": True} if format_ == "WEBP" else {}
    content = encode(Image.fromarray(gradient()), format_, exif=exif(orientation), **options)
    photo = read(content)
    expected = TURNS[orientation](gradient())
    assert (photo.height, photo.width) == expected.shape[:2]
    assert np.abs(pixels(photo).astype(int) - expected).max() <= (12 if format_ == "JPEG" else 0)
    assert b"Camera maker" not in photo.content
    assert Image.open(io.BytesIO(photo.content)).getexif().get(ORIENTATION, 1) == 1


def test_grey_of_16_bits_is_scaled_and_not_cut() -> None:
    values = np.linspace(0, 65535, 2400).reshape(40, 60).astype(np.uint16)
    for format_ in ("PNG", "TIFF"):
        shown = pixels(read(encode(Image.fromarray(values), format_)))
        assert np.abs(shown.astype(float) - values / 257).max() <= 0.5


def test_16_bits_take_a_few_bytes_a_pixel() -> None:
    content = encode(Image.fromarray(np.full((2000, 4000), 4000, np.uint16)), "PNG")
    tracemalloc.start()
    try:
        photo = read(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (pixels(photo) == 16).all()
    assert peak < 4 * 2000 * 4000


def test_photos_are_decoded_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    third = Barrier(3, timeout=1)
    met: list[bool] = []

    def meet(image: Image.Image, _: bytes) -> Photo:
        try:
            third.wait()
            met.append(True)
        except BrokenBarrierError:
            met.append(False)
        return Photo(b"", "image/png", image.width, image.height)

    monkeypatch.setattr("server.images.decode._as_is", meet)
    content = encode(Image.fromarray(gradient()), "PNG")
    with ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(read, [content] * 3))) == 3
    assert met == [False] * 3


def test_colour_of_16_bits_becomes_8() -> None:
    import struct
    import zlib

    deep = (gradient().astype(np.uint16) * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    header = struct.pack(">IIBBBBB", 60, 40, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    photo = read(content)
    assert photo.content[24] == 8
    assert (pixels(photo) == gradient()).all()


def test_palettes_become_colours() -> None:
    source = Image.fromarray(gradient()).quantize(64)
    for format_ in ("PNG", "GIF", "BMP"):
        assert (pixels(read(encode(source, format_))) == np.asarray(source.convert("RGB"))).all()


def test_transparency_is_laid_over_white() -> None:
    rgba = np.dstack([gradient(), np.linspace(0, 255, 60).astype(np.uint8)[None].repeat(40, 0)])
    shown = pixels(read(encode(Image.fromarray(rgba), "PNG"))).astype(float)
    alpha = rgba[..., 3:] / 255
    assert np.abs(shown - (gradient() * alpha + 255 * (1 - alpha))).max() <= 1.5
    assert (shown[:, 0] == 255).all()
    keyed = Image.fromarray(np.zeros((4, 4), np.uint8))
    assert (pixels(read(encode(keyed, "PNG", transparency=0))) == 255).all()


def test_print_colours_become_screen_colours() -> None:
    source = Image.fromarray(gradient()).convert("CMYK")
    shown = pixels(read(encode(source, "JPEG", quality=95))).astype(int)
    assert shown.shape == (40, 60, 3)
    assert np.abs(shown - gradient()).mean() < 6


def test_black_and_white_becomes_grey() -> None:
    source = Image.fromarray(gradient()).convert("1")
    assert set(np.unique(pixels(read(encode(source, "PNG"))))) == {0, 255}


def test_a_long_panorama_is_taken() -> None:
    photo = read(encode(Image.fromarray(np.zeros((300, 12_000, 3), np.uint8)), "JPEG"))
    assert (photo.width, photo.height) == (12_000, 300)


def test_a_decompression_bomb_is_refused_before_it_goes_off() -> None:
    content = encode(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(content) < 100_000
    with pytest.raises(NotAPhotoError, match="20000 x 20000 pixels"):
        read(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "not an image"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "not an image|damaged"),
        (encode(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"), "floating-point"),
        (encode(Image.fromarray(np.full((4, 4), 10**6, np.int32)), "TIFF"), "more than 16 bits"),
    ],
)
def test_other_files_are_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(NotAPhotoError, match=reason):
        read(content)


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(NotAPhotoError, match="2 MiB, more than the limit of 1 MiB"):
        read(b"\xff\xd8" + b"x" * 2**21, max_bytes=2**20)


def _noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8))


WHOLE = {
    format_: encode(_noise(), format_, **options)
    for format_, options in [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("TIFF", {}), ("BMP", {}), ("GIF", {})]
} | {"progressive": encode(_noise(), "JPEG", progressive=True)}


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(WHOLE)), share=st.floats(0.0, 0.97))
def test_cut_off_files_are_refused(name: str, share: float) -> None:
    content = WHOLE[name]
    with pytest.raises(NotAPhotoError):
        read(content[: int(len(content) * share)])


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(WHOLE)), data=st.data())
def test_damaged_files_never_crash_and_never_lie(name: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = read(bytes(content))
    except NotAPhotoError:
        return
    kept = Image.open(io.BytesIO(photo.content))
    kept.load()
    assert kept.size == (photo.width, photo.height)
    assert kept.mode in {"RGB", "L"}


@settings(max_examples=100, deadline=None)
@given(format_=st.sampled_from(["JPEG", "MPO", "PNG", "WEBP"]), content=st.binary(max_size=200))
def test_stripping_anything_never_crashes(format_: str, content: bytes) -> None:
    stripped = metadata.strip(format_, content)
    assert stripped is None or len(stripped) <= len(content)
