"""How good a network is on images whose truth is known, by the project's own evaluator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from evaluation import boxes, keypoints
from evaluation.detection import groundtruth
from evaluation.detection.distances import BodyDistances, SurfaceDistances, of_body
from evaluation.detection.evaluate import MOST_DETECTIONS, evaluate
from evaluation.detection.points import GROUP
from model.data.transforms import blanked
from model.prediction import photos, results, truth
from model.prediction.decode import Person, persons, vertices_of
from model.prediction.photos import Photo
from model.recipe import Recipe
from surface import geodesic_build, geodesic_table

if TYPE_CHECKING:
    from model.data.records import Images
    from surface.body import Body

KAPPA = 0.255
"""Metres at which a point's similarity is exp(-1/2), on bodies whose parts have none of their own."""

COARSE = 1000
"""Vertices of the geodesic table that is made where a body has none: 3 mm off in the mean on the default body."""

Found = tuple[int, Sequence[Person]]
"""An image's id and the persons found in it."""


def measure(
    network: nn.Module,
    images: Images,
    truth_path: str | Path,
    body: Body,
    recipe: Recipe,
    batch: int = 4,
    progress: Callable[[int, int], None] | None = None,
    given: bool = False,
) -> dict[str, Any]:
    """Predict images and evaluate what was found, as ``densemark evaluate`` does it; see ``figures``.

    Networks without a detector are given the true boxes, and ``boxes`` says so: "given" instead of "detected"; there is
    no ``box`` then. All is computed where the network is. ``seconds`` are those of prediction and evaluation.

    :param images: those that are predicted.
    :param truth_path: the dataset file or the snapshot's folder that they are of.
    :param batch: images at a time.
    :param progress: is told how many images of how many are done.
    :param given: give the true boxes to networks that have a detector, too.
    :raises ValueError: a photo or the truth cannot be read; the message names it.
    """
    begin = time.perf_counter()
    document = truth.document(truth_path, body, ids=set(images.ids))
    true = given_boxes(document) if given or recipe.network.kind != "rcnn" else None
    vertices = vertices_of(network, body)
    read = photos.ahead(range(len(images)), lambda index: _photo(images, index, true, recipe.data.blank))
    found: list[Found] = []
    for photo, detections in photos.in_groups(
        map(_sound, read),
        lambda photo: photos.shape(photo, recipe.data),
        lambda group: photos.look(network, group, recipe.data, recipe.running.precision),
        batch,
    ):
        assert detections is not None
        # The surface is evaluated on the best alone; the others count for boxes and keypoints.
        people = persons(detections, vertices, surfaces=MOST_DETECTIONS)
        found.append((photo.image_id, [results.packed(person) for person in people]))
        if progress is not None:
            progress(len(found), len(images.ids))
    said = figures(found, document, surface_of(body))
    if true is not None:
        del said["box"]  # of boxes that were given it would be the truth's own
    return said | {"boxes": "detected" if true is None else "given", "seconds": time.perf_counter() - begin}


def figures(found: Sequence[Found], document: Mapping[str, Any], surface: SurfaceDistances) -> dict[str, Any]:
    """Figures of what was found, in [0, 1] but for counts, -1 where undefined; groups as far as the network gives them.

    - ``gps``, ``gpsm``, ``iou``: the ten of the DensePose challenge. ``auc10``, ``auc30``. ``gps_mean`` over persons
      with points, each in the detection that is best for it.
    - ``box``: COCO's twelve. ``keypoints``: COCO's ten, and ``pdj`` by fraction of the torso's diameter.

    :param document: the truth of these images and no others (``truth.document``).
    :param surface: distances on the body (``surface_of``).
    """
    bare = [results.bare(person, image_id) for image_id, people in found for person in people]
    out: dict[str, Any] = {
        "images": len(document["images"]),
        "persons": sum(not entry.get("iscrowd") for entry in document["annotations"]),
        "detections": len(bare),
        "box": boxes.evaluate(document, bare),
    }
    mapped = [(image_id, [person for person in people if results.mapped(person)]) for image_id, people in found]
    if any(people for _, people in mapped) or not bare:
        out |= _surface(mapped, document, surface)
    joints = keypoints.evaluate(document, bare)
    if joints is not None:
        shares = dict(zip(keypoints.FRACTIONS, joints.pdj_mean.tolist(), strict=True))
        pdj = {str(fraction): share for fraction, share in shares.items() if np.isfinite(share)}
        out["keypoints"] = {**joints.oks, "pdj": pdj}
    return out


def _surface(found: Sequence[Found], document: Mapping[str, Any], surface: SurfaceDistances) -> dict[str, Any]:
    ground = groundtruth.from_coco(document)
    kappa = "per-part" if surface.charts == len(GROUP) else KAPPA
    said = evaluate(ground, results.predictions(found), surface, kappa)  # type: ignore[arg-type]
    annotated = said.pointwise.gps[ground.annotated & ~ground.crowd]
    return {
        **said.stats,
        "auc10": said.auc10,
        "auc30": said.auc30,
        "gps_mean": float(annotated.mean()) if len(annotated) else -1.0,
        "kappa": said.kappa,
        "distances": said.distances,
    }


def surface_of(body: Body) -> SurfaceDistances:
    """Distances on a body through its geodesic table; where it has none, through a coarse one, which is made in seconds
    and kept beside the others. Its name says so.

    :raises ValueError: a table is damaged, or the mesh cannot be measured.
    """
    if geodesic_table.find(body) is not None:
        return of_body(body)
    folder = geodesic_table.cache_folder() / f"coarse-{COARSE}"
    geodesic_build.build(body.hash, body.vertices, body.faces, folder, processes=1, target=COARSE)
    table = geodesic_table.find(body, folder)
    if table is None:
        raise ValueError(f"{folder}: the geodesic table of body {body.name!r} is gone")
    out = BodyDistances(body, table)
    out.name = f"body {body.name}, geodesics of a coarse table ({COARSE:,} vertices)"
    return out


def given_boxes(document: Mapping[str, Any]) -> dict[int, NDArray[np.float64]]:
    """Boxes (P, 4) f8 x0, y0, x1, y1 of the persons of each image, without crowds."""
    out: dict[int, list[list[float]]] = {entry["id"]: [] for entry in document["images"]}
    for entry in truth.persons(document):
        if not entry.get("iscrowd"):
            x, y, w, h = entry["bbox"]
            out[entry["image_id"]].append([x, y, x + w, y + h])
    return {id_: np.array(listed, np.float64).reshape(-1, 4) for id_, listed in out.items()}


def _photo(images: Images, index: int, given: Mapping[int, NDArray[np.float64]] | None, blank: bool) -> Photo:
    image_id = images.ids[index]
    name = images.persons.images[image_id].file_name
    pixels = blanked(images[index]).pixels if blank else images.persons.photo(image_id)
    return Photo(image_id, name, pixels, None if given is None else given[image_id])


def _sound(photo: Photo | ValueError) -> Photo:
    if isinstance(photo, ValueError):
        raise photo
    return photo
