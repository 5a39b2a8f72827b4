"""What a person can wear and look like, as the numbers that kernels read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Rows of the table of cloths.
TOP, OUTER, BOTTOM, SHOE, HAT, SOCK = range(6)
# Necklines.
ROUND, VEE, POLO, SHIRT, TURTLE, TANK, HOOD = range(7)
# What is worn over the top.
NOTHING, OPEN, ZIPPED, BLAZER, CARDIGAN, VEST, PARKA = range(7)
JEANS, CHINOS, JOGGERS, LEGGINGS, SHORTS, SKIRT, CARGO = range(7)
BAREFOOT, SNEAKER, OXFORD, BOOT, RUNNER = range(5)
BEANIE, CAP, HELMET = 1, 2, 3
BALD, BUZZ, SHORT, QUIFF, CURLY, AFRO, BOB, LONG, PONYTAIL, BUN, BALDING = range(11)
SHAVEN, STUBBLE, MOUSTACHE, GOATEE, BEARD = range(5)


class Look(NamedTuple):
    """An outfit as numbers, as the kernels read it.

    Lengths in metres; sleeves and legs in limb segments: 0.5 ends half-way down the upper arm or leg, 1.9 above the
    wrist. Heights are above the joints of the hips.
    """

    cloths: Floats
    """(6,COLUMNS) the cloth of top, outer, bottom, shoes, hat and socks; see ``materials``."""
    skin: Floats
    hair: Floats
    iris: Floats
    lips: Floats
    sole: Floats
    belt_colour: Floats
    seed: int
    neckline: int
    neck_depth: float
    top_hem: float
    top_sleeve: float
    tucked: bool
    flare: float
    """Of a skirt or dress: how much wider it gets per metre; 0 for none."""
    outer: int
    outer_hem: float
    outer_sleeve: float
    outer_open: float
    bottom: int
    waist: float
    leg: float
    shoe: int
    sock: float
    belt: bool
    watch: bool
    gloves: bool
    glasses: int
    hat: int
    hairstyle: int
    hair_volume: float
    hair_length: float
    parting: float
    beard: int
    brows: float
    freckles: float
    print_: int
    wear: float


@dataclass(frozen=True, eq=False)
class Outfit:
    """What one person wears.

    Attributes:
        style: the name of the style it was put together in.
        look: what is worn.
        pictures: (K,N,N,3) linear RGB, tiles of the user's fabrics; one black texel when there are none.
    """

    style: str
    look: Look
    pictures: NDArray[np.float32]
