"""Whole outfits by style: what is worn together, in colours that go together, and what the person looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthesis import materials as m
from synthesis.fabrics import read_fabric
from synthesis.materials import linear

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


@dataclass(frozen=True)
class _Style:
    """What may be worn together. Colours are sRGB; one palette is drawn, and from it all that is worn."""

    palettes: tuple[tuple[str, str, str], ...]  # tops (+accent), bottoms, shoes: words of hexadecimal colours
    tops: tuple[tuple[int, float, float], ...]  # neckline, sleeve, looseness
    fabrics: tuple[int, ...]
    outers: tuple[int, ...]
    bottoms: tuple[int, ...]
    shoes: tuple[int, ...]
    hats: tuple[int, ...]
    tucked: float = 0.2


_NEUTRAL = "f1efe9 23252b 8f939a 2d3a55"
STYLES: dict[str, _Style] = {
    "casual": _Style(
        (
            ("f1efe9 27405f b8c2cc 7f2a33", "2f4360 4a6285 23262d", "f1efe9 9a9da3 3b4a6b"),
            ("5b6b4f e6dfd0 a5673f 2b2d30", "6b5a45 2b3140 8a7a62", "6b4a32 efe9df"),
            ("c9a24a 2b3b4f efe6d2 7b3b2c", "2d3c57 3a3b3f", "ffffff 7b3b2c"),
            ("e7b8b5 f6f1ea 54607a 8b9bb4", "5d7ba3 f0ece4 3c4d6b", "ffffff d9c7b8"),
            (_NEUTRAL, "2b3445 1d1e22 55585e", "f3f1ec 23252b"),
        ),
        ((ROUND, 0.6, 0.45), (ROUND, 0.55, 0.75), (VEE, 0.55, 0.4), (ROUND, 1.9, 0.4), (POLO, 0.6, 0.45),
         (HOOD, 1.93, 0.7), (SHIRT, 1.9, 0.5), (TANK, -1.0, 0.35)),
        (m.PLAIN, m.PLAIN, m.PLAIN, m.MELANGE, m.BRETON, m.STRIPES, m.GINGHAM, m.FLORAL, m.DOTS, m.PANEL, m.TARTAN),
        (NOTHING, NOTHING, NOTHING, OPEN, ZIPPED, CARDIGAN),
        (JEANS, JEANS, CHINOS, SHORTS, SKIRT, LEGGINGS),
        (SNEAKER, SNEAKER, RUNNER, BOOT),
        (0, 0, 0, 0, 0, CAP),
    ),
    "office": _Style(
        (
            ("f4f4f2 b9c7dc dfe3e8 31415e", "2a3040 3b3f47 1f2126", "2a1c14 17181b"),
            ("f6efe6 c7b59b 5c4a3c 7a2733", "3c352f 55483b 23252b", "4a2f1f 2a1c14"),
            ("e9edf2 8ea4c0 2b3c5a 45313b", "20283a 4b5058", "1a1a1c 5a3a24"),
        ),
        ((SHIRT, 1.93, 0.3), (SHIRT, 1.93, 0.4), (SHIRT, 1.0, 0.4), (POLO, 0.6, 0.35), (TURTLE, 1.93, 0.25),
         (VEE, 1.9, 0.25), (ROUND, 0.9, 0.3)),
        (m.PLAIN, m.PLAIN, m.PINSTRIPES, m.GINGHAM, m.MELANGE),
        (NOTHING, BLAZER, BLAZER, CARDIGAN),
        (CHINOS, CHINOS, CHINOS, SKIRT),
        (OXFORD, OXFORD, BOOT),
        (0,),
        0.75,
    ),
    "sport": _Style(
        (
            ("e23b3b 1b1d22 f5f5f5 ffb400", "17181b 2a2d35 20324f", "f5f5f5 ff5a36 2b2d33"),
            ("1f6fd1 f4f6f8 0e1a2b 8fd14f", "11151c 1a2c4a", "d7f03a 1b1d22"),
            ("3a3d45 c8ff3d e7e9ec 7a7f88", "1c1d21 3a3d45", "f1f1f1 c8ff3d"),
            ("d24d8a 2a2238 f2eef4 6f5aa8", "241d31 3b3550", "ffffff d24d8a"),
        ),
        ((ROUND, 0.5, 0.35), (TANK, -1.0, 0.25), (ROUND, 1.93, 0.2), (HOOD, 1.95, 0.6), (VEE, 0.5, 0.5)),
        (m.PLAIN, m.PLAIN, m.PANEL, m.GRADIENT, m.MELANGE, m.STRIPES, m.ZIGZAG),
        (NOTHING, NOTHING, NOTHING, ZIPPED),
        (JOGGERS, SHORTS, SHORTS, LEGGINGS, LEGGINGS),
        (RUNNER, RUNNER, SNEAKER),
        (0, 0, 0, CAP),
    ),
    "street": _Style(
        (
            ("1c1c1f e8e4da b8322a 6d6f73", "1f2023 4b4b3c 2f3a4d", "f4f2ee 1c1c1f b8322a"),
            ("d98a2b 20242c efe8dc 3f5a4a", "2b2e33 5a5440", "efe8dc 8b4a2b"),
            ("7b6fb0 f0eef5 2a2833 c6c1dc", "3c3f4a 1f2026", "ffffff 7b6fb0"),
            ("5c6652 d8d2c0 23251f a08a5b", "4a4f3c 2a2b27", "d8d2c0 23251f"),
        ),
        ((HOOD, 1.95, 0.85), (ROUND, 0.75, 0.95), (ROUND, 1.93, 0.8), (SHIRT, 0.7, 0.9)),
        (m.PLAIN, m.PLAIN, m.CAMOUFLAGE, m.TARTAN, m.GRADIENT, m.STRIPES, m.PANEL),
        (NOTHING, NOTHING, ZIPPED, OPEN, VEST),
        (JEANS, CARGO, JOGGERS, JOGGERS),
        (SNEAKER, SNEAKER, BOOT),
        (0, 0, BEANIE, CAP, CAP),
    ),
    "summer": _Style(
        (
            ("fdf6ea f2c14e 3fa7a3 e76f51", "e9dcc3 7ea3c4 f5f2ea", "f5f2ea c79a6b"),
            ("cfe5f2 ff9a8b fefefe 5b8fb9", "fefefe b8a88a 5b7fa6", "ffffff b48a60"),
            ("8ecf9a fff4d6 f28f79 2f6f62", "d8c9a6 2f4a5c", "efe6d2 8a5a3c"),
        ),
        ((TANK, -1.0, 0.3), (ROUND, 0.5, 0.5), (SHIRT, 0.6, 0.75), (VEE, 0.4, 0.4)),
        (m.PLAIN, m.FLORAL, m.FLORAL, m.STRIPES, m.BRETON, m.DOTS, m.GINGHAM),
        (NOTHING, NOTHING, NOTHING, OPEN),
        (SHORTS, SHORTS, SKIRT, SKIRT, CHINOS),
        (SNEAKER, SNEAKER, BAREFOOT),
        (0, 0, 0, CAP),
    ),
    "winter": _Style(
        (
            ("6b2b2f e9e2d3 2c3b4a b08a4e", "262b36 3f4756 4a3d33", "3f2a1d 1f1f22"),
            ("2e4a3d d9d2c2 7a3326 a3a79b", "2b2d33 4b4438", "4a3526 23252b"),
            ("3a4f7a e6e9ef 8a2f3c 1f2430", "1f232d 3c4250", "2a2a2e 5a3a24"),
        ),
        ((TURTLE, 1.95, 0.5), (ROUND, 1.95, 0.6), (HOOD, 1.95, 0.7)),
        (m.KNIT, m.KNIT, m.ZIGZAG, m.STRIPES, m.MELANGE, m.PLAIN, m.TARTAN),
        (NOTHING, PARKA, PARKA, ZIPPED, OPEN, VEST),
        (JEANS, JEANS, CHINOS, CARGO),
        (BOOT, BOOT, SNEAKER),
        (0, 0, BEANIE, BEANIE),
    ),
    "work": _Style(
        (
            ("2f5ea8 f0b429 dfe4ea 22344f", "22344f 2d3037", "3a2a1c 1f1f22"),
            ("f26a1b 2b2f38 e6e6e0 4a4f57", "2b2f38 4a4f57", "5a3d24 24221f"),
            ("dfe9a0 3b4a3a 8b9a86 d8e14a", "3b4a3a 55503f", "4a3526 26241f"),
        ),
        ((ROUND, 0.6, 0.6), (SHIRT, 1.9, 0.6), (POLO, 0.65, 0.5), (ROUND, 1.93, 0.6)),
        (m.PLAIN, m.PLAIN, m.PANEL, m.TARTAN),
        (NOTHING, VEST, VEST, ZIPPED),
        (CARGO, CARGO, JEANS),
        (BOOT,),
        (0, CAP, BEANIE),
        0.4,
    ),
}  # fmt: skip

# From light to dark, with the share of red they blush with.
_SKINS = ("f0d5c4", "e9c4aa", "dfb190", "d09a74", "bd8259", "a56c45", "875334", "6b4029", "51301f", "3b2218")
_HAIRS = ("100c0a", "1b120d", "2c1d15", "3f2819", "5a3a22", "7d5530", "b08a55", "d2b47c", "8a3d1f", "8d8d8b", "cfcdc8")
_BRIGHT_HAIRS = ("b64a8a", "3a6fa8", "7a3fa0", "2f8f7a")
_EYES = ("3a2415", "4a2f1b", "2b1a10", "5f4a2a", "3f5a78", "5b7487", "4b5f3c")


def dress(rng: np.random.Generator, textures: Sequence[Path] = (), womanly: float | None = None) -> Outfit:
    """A random outfit and looks; the user's fabrics, if any, are what shirts, dresses and some trousers are made of.

    Args:
        rng: what chooses.
        textures: the user's fabrics.
        womanly: the body's build (``shapes.womanly``), which hair, beard and skirts go by; None if it is not known.

    Raises:
        ValueError: a fabric's file is no image that can be read; the message names it.
    """
    name = str(rng.choice(list(STYLES), p=[0.34, 0.13, 0.15, 0.13, 0.11, 0.09, 0.05]))
    style = STYLES[name]
    pictures = np.zeros((1, 1, 1, 3), np.float32)
    if textures:
        chosen = rng.choice(len(textures), min(2, len(textures)), replace=False)
        pictures = np.stack([read_fabric(textures[k]) for k in chosen])
    tops, bottoms, shoes = (
        [linear(c) for c in words.split()] for words in style.palettes[rng.integers(len(style.palettes))]
    )
    person = _person(rng, 0.5 if womanly is None else min(max(0.5 + 0.75 * womanly, 0.03), 0.97))
    order = rng.permutation(len(tops))
    main, second, third, fourth = (tops[k] for k in order)
    neckline, sleeve, loose = _pick(rng, style.tops)
    outer, bottom, shoe = _pick(rng, style.outers), _pick(rng, style.bottoms), _pick(rng, style.shoes)
    feminine = person["hairstyle"] in (BOB, LONG, PONYTAIL, BUN)
    if bottom == SKIRT and not feminine:
        bottom = _pick(rng, (CHINOS, JEANS, SHORTS))
    one_piece = bottom == SKIRT and rng.random() < 0.5
    fabric = _pick(rng, style.fabrics)
    if neckline == SHIRT and fabric in (m.PANEL, m.GRADIENT, m.BRETON, m.ZIGZAG):
        fabric = m.PLAIN
    cloths = np.zeros((6, m.COLUMNS))
    cloths[TOP] = _cloth(rng, fabric, main, second, third, 0.006 if fabric in (m.KNIT, m.ZIGZAG) else 0.003, loose)
    cloths[OUTER] = _outer_cloth(rng, outer, fourth, second, third, name)
    trousers = bottoms[rng.integers(len(bottoms))]
    cloths[BOTTOM] = _bottom_cloth(rng, bottom, trousers, second)
    cloths[SHOE] = _cloth(rng, m.LEATHER, shoes[rng.integers(len(shoes))], second, main, 0.0, 0.0)
    cloths[HAT] = _cloth(
        rng, m.KNIT if name == "winter" else m.PLAIN, (fourth, second)[rng.integers(2)], main, third, 0.006, 0
    )
    cloths[SOCK] = _cloth(
        rng, m.PLAIN, linear(_pick(rng, ("efefec", "1d1d20", "8f939a", "3b4a6b"))), second, main, 0.002, 0
    )
    if textures:
        for row in (TOP, BOTTOM) if rng.random() < 0.35 and len(pictures) > 1 else (TOP,):
            cloths[row, m.KIND], cloths[row, m.PICTURE] = m.IMAGE, len(pictures) - 1 if row == BOTTOM else 0
            cloths[row, m.PERIOD] = rng.uniform(0.25, 0.5)
    hem = -0.02 - 0.06 * rng.random() - 0.05 * loose
    leg = {SHORTS: rng.uniform(0.42, 0.84), SKIRT: rng.uniform(0.45, 1.35), LEGGINGS: rng.choice([1.5, 1.97, 1.97])}
    tucked = bool(rng.random() < style.tucked) or bottom == SKIRT or outer == BLAZER
    if one_piece:
        cloths[BOTTOM], tucked = cloths[TOP], False
    look = Look(
        cloths=cloths,
        sole=linear(_pick(rng, ("efece6", "efece6", "d9d2c4", "2a2725")) if shoe in (SNEAKER, RUNNER) else "241d18"),
        belt_colour=linear(_pick(rng, ("17140f", "4a2f1c", "6e4a2c"))),
        seed=int(rng.integers(2**20)),
        neckline=neckline,
        neck_depth=float(rng.uniform(0.035, 0.10)),
        top_hem=hem,
        top_sleeve=sleeve + float(rng.uniform(-0.06, 0.03)),
        tucked=tucked,
        flare=float(rng.uniform(0.10, 0.45)) if bottom == SKIRT else 0.0,
        outer=outer,
        outer_hem=float(rng.uniform(-0.28, -0.12)) if outer == PARKA else float(rng.uniform(-0.09, 0.0)),
        outer_sleeve=-0.1 if outer == VEST else 1.96,
        outer_open=float(rng.uniform(0.02, 0.09)) if outer in (OPEN, CARDIGAN) else 0.0,
        bottom=bottom,
        waist=float(rng.uniform(0.06, 0.10)) if bottom != SKIRT else 0.11,
        leg=float(leg.get(bottom, rng.uniform(1.93, 1.99))),
        shoe=shoe,
        sock=float(rng.choice([0.0, 0.03, 0.10, 0.22])) if shoe else 0.0,
        belt=bottom in (JEANS, CHINOS, CARGO) and bool(rng.random() < 0.6),
        watch=bool(rng.random() < 0.3),
        gloves=name in ("winter", "work") and bool(rng.random() < 0.25),
        hat=_pick(rng, style.hats),
        print_=_print(rng, neckline, fabric),
        wear=float(rng.beta(1.3, 4)),
        **person,
    )  # fmt: skip
    return Outfit(name, look, pictures)


def _person(rng: np.random.Generator, women: float) -> dict[str, Any]:
    """Skin, hair and face, of a woman with a chance of ``women``."""
    tone = rng.uniform(0, len(_SKINS) - 1)
    low = int(tone)
    light, dark = linear(_SKINS[low]), linear(_SKINS[min(low + 1, len(_SKINS) - 1)])
    skin = (light + (tone - low) * (dark - light)) * rng.uniform(0.94, 1.06) * rng.uniform(0.97, 1.03, 3)
    shades = _HAIRS[:4] if tone > 5 and rng.random() < 0.9 else _HAIRS
    hair = linear(_pick(rng, shades if rng.random() > 0.03 else _BRIGHT_HAIRS)) * rng.uniform(0.85, 1.2)
    feminine = rng.random() < women
    styles = (
        (BOB, LONG, LONG, PONYTAIL, BUN, CURLY, SHORT)
        if feminine
        else (SHORT, SHORT, QUIFF, BUZZ, CURLY, BALD, BALDING)
    )
    hairstyle = AFRO if tone > 5 and rng.random() < 0.25 else _pick(rng, styles)
    volume = {BUZZ: 0.003, SHORT: 0.013, QUIFF: 0.022, CURLY: 0.028, AFRO: 0.05, BALDING: 0.008, BALD: 0.0}
    beard = SHAVEN if feminine else int(rng.choice(5, p=[0.45, 0.25, 0.06, 0.08, 0.16]))
    lips = skin * [0.88, 0.58, 0.58]
    if feminine and rng.random() < 0.4:
        lips = 0.45 * lips + 0.55 * linear(_pick(rng, ("a8323a", "b5545c", "c47a74", "7a2030")))
    return {
        "skin": np.clip(skin, 0.01, 0.9),
        "hair": hair,
        "iris": linear(_pick(rng, _EYES if tone < 4 else _EYES[:3])),
        "lips": lips,
        "hairstyle": hairstyle,
        "hair_volume": volume.get(hairstyle, 0.016) * float(rng.uniform(0.8, 1.25)),
        "hair_length": float(rng.uniform(0.0, 0.05) if hairstyle == BOB else rng.uniform(0.08, 0.2)),
        "parting": float(rng.choice([-1, 1]) * rng.uniform(0.0, 0.035)),
        "beard": beard,
        "brows": float(rng.uniform(0.7, 1.3)),
        "freckles": float(rng.uniform(0.3, 1)) if tone < 2 and rng.random() < 0.3 else 0.0,
        "glasses": int(rng.choice(4, p=[0.76, 0.09, 0.07, 0.08])),
    }


def _print(rng: np.random.Generator, neckline: int, fabric: int) -> int:
    if neckline not in (ROUND, HOOD) or fabric not in (m.PLAIN, m.MELANGE) or rng.random() < 0.5:
        return 0
    return int(rng.integers(1, 7))


def _pick(rng: np.random.Generator, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def _cloth(rng: np.random.Generator, kind: int, a: Floats, b: Floats, c: Floats, thick: float, loose: float) -> Floats:
    out = np.zeros(m.COLUMNS)
    periods = {
        m.BRETON: (0.028, 0.045), m.STRIPES: (0.05, 0.16), m.PINSTRIPES: (0.018, 0.03), m.GINGHAM: (0.014, 0.04),
        m.TARTAN: (0.06, 0.13), m.DOTS: (0.025, 0.06), m.FLORAL: (0.04, 0.09), m.CAMOUFLAGE: (0.08, 0.14),
        m.KNIT: (0.012, 0.022), m.ZIGZAG: (0.05, 0.09),
    }  # fmt: skip
    low, high = periods.get(kind, (0.05, 0.1))
    if kind == m.PINSTRIPES:
        b = a * 0.4 + 0.6 * (b if abs(b.mean() - a.mean()) > 0.15 else 1 - a)
    if kind in (m.KNIT, m.MELANGE):
        b = a * (0.62 if a.mean() > 0.12 else 1.9)
    out[m.KIND] = kind
    # A dye is never exactly the palette's, and no cloth is quite black or white.
    for column, colour in ((m.A, a), (m.B, b), (m.C, c)):
        dyed = colour * rng.uniform(0.88, 1.12) * rng.uniform(0.96, 1.04, 3)
        out[column : column + 3] = np.clip(dyed, 0.008, 0.82)
    out[m.PERIOD] = rng.uniform(low, high)
    out[m.FOLDS] = rng.uniform(0.7, 1.25) * (0.55 if kind in (m.KNIT, m.ZIGZAG) else 1.0) * (0.5 + 0.8 * loose)
    out[m.GLOSS] = 0.16 if kind == m.LEATHER else rng.uniform(0.015, 0.05)
    out[m.SEED] = rng.integers(2**20)
    out[m.THICK], out[m.LOOSE] = thick, loose * rng.uniform(0.8, 1.15)
    return out


def _outer_cloth(rng: np.random.Generator, outer: int, a: Floats, b: Floats, c: Floats, style: str) -> Floats:
    if outer == BLAZER:
        suit = linear(_pick(rng, ("20283a", "2b2d33", "4b4f57", "3d332b", "17181b", "6b6459")))
        return _cloth(
            rng, _pick(rng, (m.PLAIN, m.PLAIN, m.PINSTRIPES, m.TARTAN)), suit, suit * 1.5, suit * 0.6, 0.008, 0.55
        )
    if outer == CARDIGAN:
        return _cloth(rng, m.KNIT, a, b, c, 0.008, 0.6)
    if outer == OPEN and rng.random() < 0.4:
        blue = linear(_pick(rng, ("5d7ba3", "3c5478", "23262d")))
        return _cloth(rng, m.DENIM, blue, blue * 1.9, c, 0.008, 0.55)
    if outer == VEST and style == "work":
        return _cloth(
            rng, m.PANEL, linear(_pick(rng, ("f26a1b", "d8e14a"))), linear("f0f0ea"), linear("c9ccd0"), 0.008, 0.6
        )
    thick = {PARKA: 0.020, ZIPPED: 0.010, VEST: 0.016}.get(outer, 0.007)
    kind = _pick(rng, (m.PLAIN, m.PLAIN, m.PLAIN, m.PANEL, m.LEATHER, m.CAMOUFLAGE)) if outer != PARKA else m.PLAIN
    return _cloth(rng, kind, a, b, c, thick, 0.75)


def _bottom_cloth(rng: np.random.Generator, bottom: int, colour: Floats, other: Floats) -> Floats:
    if bottom == JEANS:
        blue = linear(_pick(rng, ("3a5274", "27354d", "5b7aa0", "1c1e23", "7f95ad", "2b3038")))
        return _cloth(
            rng, m.DENIM, blue, np.minimum(blue * 2.2 + 0.05, 0.7), other, 0.003, rng.choice([0.2, 0.35, 0.6])
        )
    loose = {LEGGINGS: 0.0, JOGGERS: 0.55, CARGO: 0.7, SHORTS: 0.75, CHINOS: 0.45}.get(bottom, 0.4)
    kind = m.PLAIN
    if (bottom == LEGGINGS and rng.random() < 0.3) or (bottom == SHORTS and rng.random() < 0.25):
        kind = _pick(rng, (m.FLORAL, m.CAMOUFLAGE, m.STRIPES, m.TARTAN))
    elif bottom == SKIRT:
        kind = _pick(rng, (m.PLAIN, m.PLAIN, m.FLORAL, m.TARTAN, m.DOTS))
    elif rng.random() < 0.2:
        kind = _pick(rng, (m.PINSTRIPES, m.MELANGE, m.CAMOUFLAGE if bottom == CARGO else m.MELANGE))
    return _cloth(rng, kind, colour, other, colour * 0.5, 0.001 if bottom == LEGGINGS else 0.003, loose)
