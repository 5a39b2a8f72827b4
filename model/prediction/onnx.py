"""A network as an ONNX file, for onnxruntime and others, checked against torch.

An ONNX network sees one image of one size: photos are resized into its upper left corner, and the rest is filled with
the mean colour (``fitted_into``). It has torchvision's RoIAlign and suppression in it, so that boxes go in nowhere and
come out; networks without a detector take the box of one person as well.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from model.data.batches import STRIDE
from model.data.transforms import MEAN, fitted
from model.networks.rcnn import RCNN
from model.prediction.load import Loaded
from model.prediction.photos import at_most, resized
from model.structures import Batch, Detections

OPSET = 18
CHECKED = 4
"""Photos on which a network is compared."""
BOX_PIXELS, SCORE, MAPS = 0.05, 1e-3, 1e-2
"""How far boxes and keypoints (pixels of the image), scores (also of keypoints and masks) and maps (logits, U, V,
embeddings) may be from torch's, as the largest difference of all."""

_OUTPUTS = tuple(field.name for field in fields(Detections))


@dataclass(frozen=True)
class Exported:
    """What was written.

    :param size: height and width of the image that it takes.
    :param outputs: names, those of ``structures.Detections``.
    :param differences: the largest of each output to torch's, over the photos of the check.
    :param persons: how many the check compared.
    """

    path: Path
    size: tuple[int, int]
    outputs: tuple[str, ...]
    differences: Mapping[str, float]
    persons: int


def export(loaded: Loaded, path: str | Path, photos: Sequence[NDArray[np.uint8]], size: tuple[int, int]) -> Exported:
    """Write a network and check it; nothing is left behind where it differs.

    Inputs: ``image`` (1, 3, H, W) u1 sRGB; of networks without a detector also ``box`` (1, 4) f4. Outputs: those of
    ``structures.Detections`` that the network gives, D persons each. The metadata say which body, charts and step.

    :param photos: (h, w, 3) u1 each, on which ONNX and torch are compared.
    :param size: height and width of the image; 32 divides both.
    :raises ValueError: the size does not suit, or what onnxruntime computes differs from torch by more than is allowed.
    """
    if min(size) < STRIDE or any(side % STRIDE for side in size):
        raise ValueError(f"the image of an ONNX network has sides that {STRIDE} divides, not {size[0]} x {size[1]}")
    path = Path(path)
    network = loaded.network
    images = [fitted_into(photo, size) for photo in photos] or [torch.zeros(1, 3, *size, dtype=torch.uint8)]
    box = (
        None
        if isinstance(network, RCNN)
        else torch.tensor([[size[1] * 0.1, size[0] * 0.1, size[1] * 0.6, size[0] * 0.9]])
    )
    staged = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        outputs = _names(network, images[0], box)
        with _never_empty(network):
            traced = _Traced(network).eval()
            _trace(traced, staged, images[0], box, outputs)
        _describe(staged, loaded, size)
        differences, persons = compare(loaded.network, staged, images, box, outputs)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    return Exported(path, size, outputs, differences, persons)


def fitted_into(photo: NDArray[np.uint8], size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) u1: a photo (h, w, 3) as large as it fits, at the upper left of an image filled with the mean."""
    height, width = photo.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = resized(photo, (min(max(round(height * scale), 1), size[0]), min(max(round(width * scale), 1), size[1])))
    out = torch.tensor(MEAN, dtype=torch.uint8)[None, :, None, None].repeat(1, 1, *size)
    out[0, :, : inner.shape[1], : inner.shape[2]] = inner
    return out


def size_for(photo: tuple[int, int], tested: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the image in which a photo of a height and width is as large as ``predict`` has it."""
    height, width = fitted(photo, *tested)
    return -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE


def compare(
    network: nn.Module, path: Path, images: Sequence[Tensor], box: Tensor | None, outputs: Sequence[str]
) -> tuple[dict[str, float], int]:
    """The largest difference of each output between torch and onnxruntime, and how many persons were compared.

    :raises ValueError: they find different numbers of persons, or differ by more than is allowed.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    differences, persons = dict.fromkeys(outputs, 0.0), 0
    for number, image in enumerate(images, start=1):
        given = {"image": image.numpy()} | ({} if box is None else {"box": box.numpy()})
        theirs = dict(zip(outputs, session.run(list(outputs), given), strict=True))
        with torch.inference_mode():
            ours = network(_batch(image, box))[0]
        if len(ours) != len(theirs["boxes"]):
            raise ValueError(
                f"ONNX finds {len(theirs['boxes'])} persons in photo {number}, torch {len(ours)}: it is not written"
            )
        persons += len(ours)
        # Persons of equal score may come in another order.
        boxes = ours.boxes.numpy()[:, None] - theirs["boxes"][None]
        rows, columns = linear_sum_assignment(np.abs(boxes).sum(axis=2))
        for name in outputs:
            off = np.abs(getattr(ours, name).float().numpy()[rows] - theirs[name][columns])
            differences[name] = max(differences[name], float(off.max(initial=0.0)))
            if not _near(name, off):
                raise ValueError(
                    f"ONNX differs from torch by up to {off.max():.3g} in {name} of photo {number}: it is not written"
                )
    return differences, persons


def _near(name: str, off: NDArray[np.floating]) -> bool:
    if name == "keypoints":
        return bool((off[..., :2] <= BOX_PIXELS).all() and (off[..., 2] <= SCORE).all())
    allowed = {"boxes": BOX_PIXELS, "scores": SCORE, "mask": SCORE}.get(name, MAPS)
    return bool((off <= allowed).all())


class _Traced(nn.Module):
    """A network from an image to tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.filled = isinstance(network, RCNN)

    def forward(self, image: Tensor, box: Tensor | None = None) -> tuple[Tensor, ...]:
        found: Detections = self.network(_batch(image, box))[0]
        given = (getattr(found, name) for name in _OUTPUTS)
        return tuple(value[:-1] if self.filled else value for value in given if value is not None)


def _names(network: nn.Module, image: Tensor, box: Tensor | None) -> tuple[str, ...]:
    """Of the outputs. To learn them one person is enough."""
    with torch.inference_mode(), at_most(network, 1):
        found = network(_batch(image, box))[0]
    return tuple(name for name in _OUTPUTS if getattr(found, name) is not None)


class _Filled(nn.Module):
    """A detector that finds one box more, the last, over the whole image: what follows in an ONNX file cannot compute
    with none."""

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        self.detector = detector

    def detect(self, features: list[Tensor], sizes: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """As the detector's."""
        boxes, scores = self.detector.detect(features, sizes)  # type: ignore[operator]
        wide = [torch.cat([sizes.new_zeros(2), size.flip(0)]).float()[None] for size in sizes]
        return (
            [torch.cat(pair) for pair in zip(boxes, wide, strict=True)],
            [torch.cat([score, score.new_zeros(1)]) for score in scores],
        )


@contextmanager
def _never_empty(network: nn.Module) -> Iterator[None]:
    """The network's detector is filled within the block."""
    if not isinstance(network, RCNN):
        yield
        return
    detector = network.detector
    network.detector = _Filled(detector)  # type: ignore[assignment]
    try:
        yield
    finally:
        network.detector = detector


def _batch(image: Tensor, box: Tensor | None) -> Batch:
    sizes = torch.tensor([[int(image.shape[2]), int(image.shape[3])]])
    return Batch(image, sizes, torch.zeros(1, dtype=torch.int64), None, None if box is None else [box])


def _trace(traced: _Traced, path: Path, image: Tensor, box: Tensor | None, outputs: Sequence[str]) -> None:
    inputs, names = ((image,), ["image"]) if box is None else ((image, box), ["image", "box"])
    axes = {name: {0: "persons"} for name in outputs} if box is None else None
    with warnings.catch_warnings(), torch.inference_mode():
        # Of numbers that a trace keeps as they are: the image has one size, and the check has other photos.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            traced, inputs, str(path), dynamo=False, opset_version=OPSET, input_names=names,
            output_names=list(outputs), dynamic_axes=axes,
        )  # fmt: skip


def _describe(path: Path, loaded: Loaded, size: tuple[int, int]) -> None:
    """Metadata: the body and how photos become the image."""
    import onnx

    model = onnx.load(str(path))
    about: dict[str, Any] = {
        "body": loaded.body.name,
        "body_hash": loaded.body.hash,
        "charts": len(loaded.body.chart_names),
        "keypoints": json.dumps(list(loaded.body.keypoint_names)),
        "step": loaded.step,
        "height": size[0],
        "width": size[1],
        "fill": json.dumps(MEAN),
    }
    onnx.helper.set_model_props(model, {f"densemark_{key}": str(value) for key, value in about.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
