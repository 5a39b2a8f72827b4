"""Pictures of what was found, as files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.files import replacing_bytes
from model.prediction import overlay, photos
from model.prediction.predict import Seen

if TYPE_CHECKING:
    from surface.body import Body

_QUALITY = 92


@dataclass(frozen=True, eq=False)
class Drawing:
    """Pictures of photos in a folder: NAME-parts.jpg, NAME-lines.jpg and NAME-texture.jpg of each, under the photo's
    own folders; those of one name and different endings keep these.

    :param texture: a file with an atlas (``overlay.squares``); None puts on a striped suit.
    :param shown: score from which persons are drawn.
    """

    folder: Path
    body: Body
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
        name = Path(seen.wanted.name)
        inside = Path(*(part for part in name.parts if part not in ("..", name.anchor)))  # never out of the folder
        place = self.folder / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        ending = "" if name.suffix.lower() in (".jpg", ".jpeg") else name.suffix.replace(".", "-")
        for kind, picture in pictures.items():
            with replacing_bytes(place.with_name(f"{name.stem}{ending}-{kind}.jpg")) as file:
                Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY, subsampling=0)
