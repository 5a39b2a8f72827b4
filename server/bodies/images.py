"""Pictures of views, rendered once and kept on disk."""

import io

from fastapi import Response
from PIL import Image

from server.bodies.registry import LoadedBody
from server.bodies.schemas import Theme
from server.caching import immutable_file, not_modified, write_whole
from server.state import State
from surface import views

_FORM = 5  # raise it when the pictures change, so that old cache files are left alone


def view_image(
    state: State, loaded: LoadedBody, part: int, index: int, size: int, theme: Theme, if_none_match: str | None
) -> Response:
    """The picture of one view as WebP, `size` pixels square; its alpha tells where the part is."""
    etag = f"{loaded.hash[:16]}-{_FORM}-{part}-{index}-{size}-{theme}"
    if unchanged := not_modified(etag, if_none_match):
        return unchanged
    path = state.settings.data / "cache" / "views" / f"{etag}.webp"
    if not path.exists():
        with loaded.drawing:
            pixels = views.clickable(loaded.body, loaded.views(part)[index], size=size, theme=theme)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "WEBP", lossless=True, method=2)
        write_whole(path, encoded.getvalue())
    return immutable_file(path, etag, "image/webp")
