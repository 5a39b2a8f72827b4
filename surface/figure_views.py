"""The six views of each part, two parts to a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from surface.figure_type import DARK, INK, MARGIN, WIDTH, blank, heading, text
from surface.shading import image
from surface.views import views

if TYPE_CHECKING:
    from surface.body import Body

HEAD = 120
GAP = 60  # between the two parts of a row
TITLE, CAPTION = 52, 64
SAMPLES = 2


def sheet(body: Body) -> Image.Image:
    """The picture, as wide as a figure."""
    count = len(body.part_names)
    wide = (WIDTH - 2 * MARGIN - GAP) / 2
    square = int(wide / 6) - 6
    tall = TITLE + square + CAPTION
    out = blank(WIDTH, HEAD + -(-count // 2) * tall + MARGIN)
    heading(out, 0, "Views", "The six views of each part on which points are marked; left and right are the body's own")
    draw = ImageDraw.Draw(out)
    for part in range(1, count + 1):
        x = MARGIN + ((part - 1) % 2) * (wide + GAP)
        y = HEAD + (part - 1) // 2 * tall
        colour = tuple(body.colours[part - 1].tolist())
        draw.rounded_rectangle([x, y + 8, x + 26, y + 34], radius=6, fill=colour, outline=(120, 126, 140))
        text(out, (x + 38, y + 21), f"{part}  {body.part_names[part - 1]}", 28, DARK, "lm", wide - 50)
        for view in views(body, part):
            left = x + view.index * wide / 6
            picture = Image.fromarray(image(body, view, square * SAMPLES)).resize(
                (square, square), Image.Resampling.BOX
            )
            out.paste(picture, (round(left), y + TITLE))
            for row, line in enumerate(two_lines(view.title)):
                text(out, (left + square / 2, y + TITLE + square + 6 + 24 * row), line, 19, INK, "mt", square)
    return out


def two_lines(words: str, longest: int = 18) -> list[str]:
    """The words in one line, or, where they are long, in two as even as can be."""
    if len(words) <= longest:
        return [words]
    gaps = [at for at, letter in enumerate(words) if letter == " "]
    if not gaps:
        return [words]
    at = min(gaps, key=lambda gap: abs(2 * gap - len(words)))
    return [words[:at], words[at + 1 :]]
