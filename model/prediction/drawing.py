"""Pictures of what was found, as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.files import replacing_bytes
from model.prediction import overlay, photos
from model.prediction.predict import Seen, Wanted

if TYPE_CHECKING:
    from surface.body import Body

_QUALITY = 92


def places(photos: Iterable[Wanted]) -> dict[int, Path]:
    """NAME of each photo's pictures within their folder, by image id: under the photo's own folders, without its ending
    where that is a JPEG's and no other photo has the name. No two are the same, nor differ in upper and lower case
    alone."""
    out: dict[int, Path] = {}
    taken: set[str] = set()
    for each in photos:
        name = Path(each.name)
        inside = Path(*(part for part in name.parts if part not in ("..", name.anchor)))  # never out of the folder
        ending = name.suffix.replace(".", "-")
        bare = [""] if name.suffix.lower() in (".jpg", ".jpeg") else []
        endings = chain(bare, [ending], (f"{ending}-{number}" for number in count(each.image_id)))
        choices = (inside.with_name(name.stem + end) for end in endings)
        out[each.image_id] = next(place for place in choices if str(place).casefold() not in taken)
        taken.add(str(out[each.image_id]).casefold())
    return out


@dataclass(frozen=True, eq=False)
class Drawing:
    """Pictures of photos in a folder: NAME-parts.jpg, NAME-lines.jpg and NAME-texture.jpg of each.

    :param places: of ``places``, by image id.
    :param texture: a file with an atlas (``overlay.squares``); None puts on a striped suit.
    :param shown: score from which persons are drawn.
    """

    folder: Path
    body: Body
    places: Mapping[int, Path]
    texture: Path | None = None
    shown: float = 0.5

    @cached_property
    def atlas(self) -> NDArray[np.uint8]:
        """The texture.

        :raises ValueError: the file cannot be read, or is no atlas of the body's charts.
        """
        if self.texture is None:
            return overlay.suit(self.body)
        atlas = photos.read(self.texture)
        try:
            overlay.squares(atlas, len(self.body.chart_names))
        except ValueError as error:
            raise ValueError(f"{self.texture}: {error}") from error
        return atlas

    def draw(self, seen: Seen) -> None:
        """Write the pictures of a photo.

        :raises OSError: they cannot be written.
        """
        persons = [person for person in seen.persons if person.score >= self.shown and person.chart is not None]
        pixels = seen.photo.pixels
        pictures = {
            "parts": overlay.parts(pixels, persons, self.body),
            "lines": overlay.lines(pixels, persons, self.body),
            "texture": overlay.texture(pixels, persons, self.atlas, len(self.body.chart_names)),
        }
        place = self.folder / self.places[seen.wanted.image_id]
        place.parent.mkdir(parents=True, exist_ok=True)
        for kind, picture in pictures.items():
            with replacing_bytes(place.with_name(f"{place.name}-{kind}.jpg")) as file:
                Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY, subsampling=0)
