"""A random outfit and looks: clothes of one style in colours that go together, and what the person looks like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthesis import materials as m
from synthesis.fabrics import read_fabric
from synthesis.materials import linear
from synthesis.outfits import (
    AFRO,
    BALD,
    BALDING,
    BLAZER,
    BOB,
    BOTTOM,
    BUN,
    BUZZ,
    CARDIGAN,
    CARGO,
    CHINOS,
    CURLY,
    HAT,
    HOOD,
    JEANS,
    JOGGERS,
    LEGGINGS,
    LONG,
    OPEN,
    OUTER,
    PARKA,
    PONYTAIL,
    QUIFF,
    ROUND,
    RUNNER,
    SHAVEN,
    SHIRT,
    SHOE,
    SHORT,
    SHORTS,
    SKIRT,
    SNEAKER,
    SOCK,
    TOP,
    VEST,
    ZIPPED,
    Look,
    Outfit,
)
from synthesis.styles import STYLES

Floats = NDArray[np.float64]

# From light to dark, with the share of red they blush with.
_SKINS = ("e6bca3", "e0b191", "d9a57f", "d09a74", "bd8259", "a56c45", "875334", "6b4029", "51301f", "3b2218")
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
