"""What is looked at before the first step, so that nothing that was there to be seen ends a training after days."""

from __future__ import annotations

from collections.abc import Iterator

from export.read import Dataset
from model.data.records import Images
from model.recipe import Network, Recipe


def check(recipe: Recipe, train_images: Images, test_images: Images | None) -> list[str]:
    """Look at what is trained and measured on. Files are looked for and not opened.

    :return: branches that cannot learn from it, while others can, in words.
    :raises ValueError: naming the dataset's file: there is no image to learn from or to be measured on, a photo is
        missing, or nothing that the network shall learn is known of any person.
    """
    if not len(train_images):
        raise ValueError(
            f"{train_images.name}: holds no image to train on, or none with the points that this network learns from"
        )
    if test_images is not None and not len(test_images):
        raise ValueError(
            f"{test_images.name}: holds no image to be measured on, or none with the points that this network is "
            "measured by: hold out another file or split, or none (--test)"
        )
    for images in (train_images, test_images, train_images.generated):
        if images is not None:
            _check_photos(images)
    wanted = _wanted(recipe.network, train_images)
    unknown = {branch: what for branch, (what, known) in wanted.items() if not known}
    if wanted and len(unknown) == len(wanted):
        raise ValueError(
            f"{train_images.name}: no person has {' or '.join(unknown.values())}: nothing is to be learned"
        )
    return [f"{train_images.name}: no person has {what}: {branch} learns nothing" for branch, what in unknown.items()]


def _check_photos(images: Images) -> None:
    """Raise ValueError where photos are missing."""
    folder = images.persons.folder
    if folder is None:
        return
    names = (str(images.persons.images[id_].file_name) for id_ in images.ids)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ValueError(
            f"{images.name}: {len(missing):,} of {len(images):,} photos are missing: {folder / missing[0]}"
        )


def _wanted(network: Network, images: Images) -> dict[str, tuple[str, bool]]:
    """What each branch learns from, in words, and whether it is known of any person."""
    points = "a point", any(known.annotated(row) for known, row in _people(images))
    joints = "a keypoint", any(known.jointed(row) for known, row in _people(images))
    outlines = "an outline", any(known.outlined(row) for known, row in _people(images))
    if network.kind != "rcnn":
        return {"the network": points if network.kind == "fcn" else joints}
    given = {"densepose": points, "masks": outlines, "keypoints": joints}
    return {f"network.{name}": of for name, of in given.items() if getattr(network, name) is not None}


def _people(images: Images) -> Iterator[tuple[Dataset, int]]:
    """The persons of all images, of generated ones, too."""
    for each in (images, images.generated):
        if each is not None:
            yield from ((each.persons, row) for id_ in each.ids for row in each.rows[id_])
