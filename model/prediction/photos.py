"""A network on photos: read, resized, in batches, and what it finds in the photos' own pixels."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields
from math import ceil, floor
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor, nn

from model.data.batches import STRIDE
from model.data.transforms import MEAN, fitted
from model.networks.rcnn import RCNN
from model.prediction import decode
from model.recipe import Data
from model.structures import Batch, Detections

T = TypeVar("T")
R = TypeVar("R")

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Of the files that a folder of photos is searched for."""

_READERS = 4  # threads; Pillow lets others run while it decodes and resizes


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo to look at.

    :param image_id: of the results.
    :param name: what messages call it.
    :param pixels: (H, W, 3) u1 sRGB, upright.
    :param boxes: (P, 4) f8 x0, y0, x1, y1 of persons that are not to be searched for; None where they are.
    """

    image_id: int
    name: str
    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float64] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]


def listed(paths: Iterable[Path]) -> list[Path]:
    """Files as they are given, and the photos of folders and of the folders in them, by name.

    :raises ValueError: a path is not there, or a folder holds no photo.
    """
    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
            if not found:
                raise ValueError(f"{path} holds no photo ({', '.join(SUFFIXES)})")
            out += found
        elif path.is_file():
            out.append(path)
        else:
            raise ValueError(f"{path} is not there")
    return out


def read(path: Path) -> NDArray[np.uint8]:
    """Pixels (H, W, 3) of a photo, upright.

    :raises ValueError: it cannot be read; the message names the file.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: cannot be read as a photo ({error})") from error


def ahead(items: Iterable[T], work: Callable[[T], R], waiting: int = 2 * _READERS) -> Iterator[R | ValueError]:
    """What ``work`` makes of the items, in their order, a few of them ahead in threads; ValueErrors are given back."""

    def tried(item: T) -> R | ValueError:
        try:
            return work(item)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(_READERS) as pool:
        begun: deque[Future[R | ValueError]] = deque()
        try:
            for item in items:
                begun.append(pool.submit(tried, item))
                if len(begun) >= waiting:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()


@dataclass
class _Place(Generic[T, R]):
    """An item's place in the order, and what was made of it."""

    item: T
    key: Hashable | None
    done: bool
    made: R | None = None


def in_groups(
    items: Iterable[T], key: Callable[[T], Hashable | None], work: Callable[[list[T]], Sequence[R]], most: int
) -> Iterator[tuple[T, R | None]]:
    """The items in their order, each with what ``work`` makes of it and of others with the same key.

    A group is the foremost item and those like it among the next ``2 * most``, so that no more wait than these.

    :param key: None for items of which nothing is made.
    :param most: items in a group.
    """
    window: deque[_Place[T, R]] = deque()

    def turn() -> None:
        group = [place for place in window if not place.done and place.key == window[0].key][:most]
        for place, made in zip(group, work([place.item for place in group]), strict=True):
            place.done, place.made = True, made

    def ready() -> Iterator[tuple[T, R | None]]:
        while window and window[0].done:
            place = window.popleft()
            yield place.item, place.made

    for item in items:
        own = key(item)
        window.append(_Place(item, own, own is None))
        yield from ready()
        if len(window) == 2 * most:
            turn()
            yield from ready()
    while window:
        turn()
        yield from ready()


def resized(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Tensor:
    """(3, h, w) u1 of pixels (H, W, 3), brought to a height and width."""
    if pixels.shape[:2] != size:
        pixels = np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def padded(size: Iterable[int]) -> tuple[int, ...]:
    """Height and width of the batch in which an image of a height and width is."""
    return tuple(-(-side // STRIDE) * STRIDE for side in size)


def shape(photo: Photo, data: Data) -> tuple[int, ...]:
    """What photos have in common that a network looks at together: the padded size, where it looks at whole photos."""
    return () if data.crops else padded(fitted(photo.size, *data.tested))


def batched(images: Sequence[Tensor], boxes: Sequence[Tensor] | None = None) -> Batch:
    """A batch of images (3, h, w) u1, padded at the right and at the bottom; boxes (P, 4) f4 in their pixels."""
    sizes = [(image.shape[1], image.shape[2]) for image in images]
    height, width = padded(max(sides) for sides in zip(*sizes, strict=True))
    out = torch.tensor(MEAN, dtype=torch.uint8)[None, :, None, None].repeat(len(images), 1, height, width)
    for row, image in enumerate(images):
        out[row, :, : image.shape[1], : image.shape[2]] = image
    seeds = torch.zeros(len(images), dtype=torch.int64)
    return Batch(out, torch.tensor(sizes, dtype=torch.int64), seeds, None, None if boxes is None else list(boxes))


def run(network: nn.Module, batch: Batch, precision: str = "fp32") -> list[Detections]:
    """What a network finds in a batch that is on its device, in the batch's pixels and on the same device.

    :param precision: "bf16" computes in bfloat16 on a GPU; on a processor it would only be slower.
    """
    was = network.training
    network.eval()
    device = batch.images.device.type
    cast = torch.autocast(device, torch.bfloat16) if precision == "bf16" and device == "cuda" else nullcontext()
    try:
        with torch.inference_mode(), cast:
            return network(batch)
    finally:
        network.train(was)


@contextmanager
def at_most(network: nn.Module, most: int) -> Iterator[None]:
    """The network's detector keeps no more persons of an image within the block, so that its branches, which cost the
    most time and memory, look at no others."""
    if not isinstance(network, RCNN):
        yield
        return
    kept = network.detector.most
    network.detector.most = min(kept, most)
    try:
        yield
    finally:
        network.detector.most = kept


def device_of(network: nn.Module) -> torch.device:
    """Where a network's parameters are."""
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


def look(network: nn.Module, photos: Sequence[Photo], data: Data, precision: str = "fp32") -> list[Detections]:
    """What a network finds in photos; boxes and keypoints in the photos' pixels. The others are nothing to a photo.

    :param photos: all of them with boxes, or none.
    :param data: of the recipe: how images are resized, and whether each person is cut out by its box.
    :raises ValueError: the network takes boxes, and a photo has none.
    """
    if not data.crops:
        return find(network, photos, data.tested, precision)
    cuts = [_cuts(photo, data.margin) for photo in photos]
    found = iter(find(network, [cut for each in cuts for cut, _ in each], data.tested, precision))
    out = []
    for each in cuts:
        people = [decode.scaled(next(found), (1.0, 1.0), corner) for _, corner in each]
        out.append(joined(people) if people else Detections(torch.zeros(0, 4), torch.zeros(0)))
    return out


def joined(parts: Sequence[Detections]) -> Detections:
    """Detections of the same network, in a row."""
    given = {field.name: [getattr(part, field.name) for part in parts] for field in fields(Detections)}
    return Detections(**{name: torch.cat(values) for name, values in given.items() if values[0] is not None})


def _cuts(photo: Photo, margin: float) -> list[tuple[Photo, tuple[float, float]]]:
    """Each person of a photo alone, with its corner: the box, its sides enlarged by a share on either end."""
    if photo.boxes is None:
        raise ValueError(f"{photo.name}: the network looks at persons one by one, and has no boxes of them here")
    height, width = photo.size
    out = []
    for x0, y0, x1, y1 in photo.boxes.tolist():
        x, y = margin * (x1 - x0), margin * (y1 - y0)
        left, top = (min(max(floor(at), 0), side - 1) for at, side in ((x0 - x, width), (y0 - y, height)))
        right, bottom = max(min(ceil(x1 + x), width), left + 1), max(min(ceil(y1 + y), height), top + 1)
        box = np.array([[x0 - left, y0 - top, x1 - left, y1 - top]])
        pixels = np.ascontiguousarray(photo.pixels[top:bottom, left:right])
        out.append((Photo(photo.image_id, photo.name, pixels, box), (float(left), float(top))))
    return out


def find(
    network: nn.Module, photos: Sequence[Photo], tested: tuple[int, int], precision: str = "fp32"
) -> list[Detections]:
    """What a network finds in whole photos; boxes and keypoints in the photos' pixels.

    Photos of the same padded size are a batch. Larger ones would add padding, which group normalisation and
    convolutions at the border see, so that what is found in a photo would depend on the others.

    :param photos: all of them with boxes, or none.
    :param tested: the shortest side of the images, and the greatest length of the longest.
    :raises ValueError: the network has no detector and the photos have no boxes; some have boxes and some not.
    """
    if not photos:
        return []
    sizes = [fitted(photo.size, *tested) for photo in photos]
    scales = [(size[1] / photo.size[1], size[0] / photo.size[0]) for photo, size in zip(photos, sizes, strict=True)]
    images = [resized(photo.pixels, size) for photo, size in zip(photos, sizes, strict=True)]
    boxes = _boxes(photos, scales)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, size in enumerate(sizes):
        alike[padded(size)].append(row)
    out: dict[int, Detections] = {}
    for rows in alike.values():
        batch = batched([images[row] for row in rows], None if boxes is None else [boxes[row] for row in rows])
        found = run(network, batch.to(device_of(network)), precision)
        out |= {row: decode.scaled(each, scales[row]) for row, each in zip(rows, found, strict=True)}
    return [out[row] for row in range(len(photos))]


def _boxes(photos: Sequence[Photo], scales: Sequence[tuple[float, float]]) -> list[Tensor] | None:
    """Boxes in the pixels of the images."""
    given = [photo.boxes for photo in photos if photo.boxes is not None]
    if not given:
        return None
    if len(given) < len(photos):
        lacking = next(photo.name for photo in photos if photo.boxes is None)
        raise ValueError(f"{lacking}: the other photos have boxes, and it has none")
    return [torch.from_numpy(boxes * [*scale, *scale]).float() for boxes, scale in zip(given, scales, strict=True)]
