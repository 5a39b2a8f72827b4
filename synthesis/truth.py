"""The truth of a rendered person: the exact surface point of every pixel that shows it, as one file.

Only pixels that show the person are kept, in the order of the image's rows. A file is an uncompressed ``.npz`` without
pickled objects, so that one array can be read without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from surface.body import Body

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

FORM = 1


@dataclass(frozen=True, eq=False)
class Truth:
    """What N pixels show of one person.

    Attributes:
        body: the hash of the body.
        width, height: pixels of the whole image.
        pixel: (N,) u32 ascending, row * width + column.
        face: (N,) i32, the face at the pixel's centre.
        bary: (N,3) f32, its barycentrics; they sum to one.
        depth: (N,) f32 metres along the viewing direction.
        chart: (N,) u8, I.
        uv: (N,2) f32, U and V.
        part: (N,) u8, the coarse part.
        facing: (N,) f32, cosine between the surface's normal and the direction to the camera, in [0,1].
        seen: (F,) bool, the faces of the body of which any pixel shows something.
        cosines: (faces seen,) u8, 255 times the mean of ``facing`` over each such face's pixels, in the faces' order.
    """

    body: str
    width: int
    height: int
    pixel: NDArray[np.uint32]
    face: Ints
    bary: NDArray[np.float32]
    depth: NDArray[np.float32]
    chart: NDArray[np.uint8]
    uv: NDArray[np.float32]
    part: NDArray[np.uint8]
    facing: NDArray[np.float32]
    seen: NDArray[np.bool_]
    cosines: NDArray[np.uint8]

    @classmethod
    def of(
        cls, body: Body, face: ArrayLike, bary: ArrayLike, depth: ArrayLike, facing: ArrayLike | None = None
    ) -> Truth:
        """The truth of a person by its maps: face (H,W), -1 where it is not seen; bary (H,W,3); depth, facing (H,W)."""
        from synthesis.fragments import blend  # here: who reads truth needs no renderer

        faces = np.asarray(face, np.int32)
        height, width = faces.shape
        pixel = np.flatnonzero(faces >= 0)
        own = faces.ravel()[pixel]
        weights = np.asarray(bary, np.float32).reshape(-1, 3).take(pixel, axis=0)
        corners = np.arange(3 * len(body.faces), dtype=np.int32).reshape(-1, 3)
        uv = blend(own, weights, corners, np.asarray(body.face_uv, np.float32).reshape(-1, 2))
        towards = np.ones(len(own)) if facing is None else np.asarray(facing).ravel()[pixel]
        cosine = towards.astype(np.float32)
        seen, mean = shown(own, cosine, len(body.faces))
        return cls(
            body=body.hash,
            width=width,
            height=height,
            pixel=pixel.astype(np.uint32),
            face=own,
            bary=weights,
            depth=np.asarray(depth).ravel()[pixel].astype(np.float32),
            chart=body.face_chart[own].astype(np.uint8),
            uv=np.clip(uv, 0, 1, out=uv),
            part=body.face_part[own].astype(np.uint8),
            facing=cosine,
            seen=seen,
            cosines=mean,
        )

    def face_map(self) -> Ints:
        """(H,W), the face at each pixel's centre, -1 where the person is not seen."""
        out = np.full(self.width * self.height, -1, np.int32)
        out[self.pixel] = self.face
        return out.reshape(self.height, self.width)

    def part_map(self) -> NDArray[np.uint8]:
        """(H,W), the coarse part, 0 where the person is not seen."""
        out = np.zeros(self.width * self.height, np.uint8)
        out[self.pixel] = self.part
        return out.reshape(self.height, self.width)

    def rows(self, xy: ArrayLike) -> NDArray[np.int64]:
        """The rows (K,) of the arrays that hold what is seen at image positions (K,2), -1 where it is not the person.

        Raises:
            ValueError: a position is not finite.
        """
        at = np.asarray(xy, np.float64).reshape(-1, 2)
        if not np.isfinite(at).all():
            raise ValueError(f"position {int(np.argmin(np.isfinite(at).all(axis=1)))} is not finite")
        column, row = np.floor(at).T
        inside = (column >= 0) & (row >= 0) & (column < self.width) & (row < self.height)
        wanted = np.where(inside, row * self.width + column, -1).astype(np.int64)
        place = np.searchsorted(self.pixel, wanted).clip(0, max(len(self.pixel) - 1, 0))
        if not len(self.pixel):
            return np.full(len(at), -1, np.int64)
        return np.where(inside & (self.pixel[place] == wanted), place, -1)


def shown(face: NDArray[Any], facing: NDArray[Any], faces: int) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """What the pixels of an image show: the faces (F,), and 255 times each such face's mean cosine, in their order.

    Args:
        face: (N,) of each pixel that shows the person.
        facing: (N,) cosines there.
        faces: F, the body's.

    Raises:
        ValueError: a face is out of range.
    """
    pixels = np.bincount(face, minlength=faces)
    if len(pixels) > faces:
        raise ValueError(f"face {len(pixels) - 1} is out of range: the body has {faces}")
    seen = pixels > 0
    mean = np.bincount(face, facing, faces)[seen] / pixels[seen]
    return seen, np.rint(255 * np.clip(mean, 0.0, 1.0)).astype(np.uint8)


def seen_in(found: Mapping[str, Any]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """``seen`` and ``cosines`` of a file's arrays; files of earlier versions have no cosines, but all pixels tell them.

    Raises:
        KeyError, ValueError: an array is missing or of another size.
    """
    faces = int(found["faces"])
    seen = np.unpackbits(found["seen"], count=faces).astype(bool)
    if "cosines" not in found:
        return shown(found["face"], found["facing"], faces)
    cosines = found["cosines"]
    if cosines.dtype != np.uint8 or cosines.shape != (int(np.count_nonzero(seen)),):
        raise ValueError(f"cosines of shape {cosines.shape} for {np.count_nonzero(seen)} faces")
    return seen, cosines


def write(target: str | Path | IO[bytes], truth: Truth) -> None:
    """Write the truth of one person."""
    np.savez(
        target,
        form=np.int32(FORM),
        body=np.array(truth.body),
        size=np.array([truth.width, truth.height], np.int32),
        faces=np.int64(len(truth.seen)),
        seen=np.packbits(truth.seen),
        cosines=truth.cosines,
        pixel=truth.pixel,
        face=truth.face,
        bary=truth.bary,
        depth=truth.depth,
        chart=truth.chart,
        uv=truth.uv,
        part=truth.part,
        facing=truth.facing,
    )


def read(source: str | Path | IO[bytes], body: Body | None = None) -> Truth:
    """Read a file that ``write`` made.

    Raises:
        ValueError: it is no such file, is damaged, or is of another body than the one given.
    """
    name = str(source) if isinstance(source, str | Path) else "the truth"
    try:
        with np.load(source, allow_pickle=False) as file:
            found: dict[str, Any] = {key: file[key] for key in file.files}
        if int(found["form"]) != FORM:
            raise ValueError(f"form {int(found['form'])} is not {FORM}")
        width, height = (int(v) for v in found["size"])
        count = len(found["pixel"])
        for key, shape in (("face", ()), ("bary", (3,)), ("depth", ()), ("chart", ()), ("uv", (2,)), ("part", ()),
                           ("facing", ())):  # fmt: skip
            if found[key].shape != (count, *shape):
                raise ValueError(f"{key} has shape {found[key].shape}, not {(count, *shape)}")
        faces = int(found["faces"])
        if count and (int(found["pixel"].max()) >= width * height or not 0 <= int(found["face"].max()) < faces):
            raise ValueError("a pixel or a face is out of range")
        seen, cosines = seen_in(found)
        truth = Truth(
            body=str(found["body"]), width=width, height=height, seen=seen, cosines=cosines,
            **{key: found[key] for key in ("pixel", "face", "bary", "depth", "chart", "uv", "part", "facing")},
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise ValueError(f"{name} is no truth of a rendered person: {error}") from error
    if body is not None and truth.body != body.hash:
        raise ValueError(f"{name} is of the body {truth.body[:8]}, not of {body.name} ({body.hash[:8]})")
    return truth
