"""Styles of clothes: what may be worn together, in which colours."""

from __future__ import annotations

from dataclasses import dataclass

from synthesis import materials as m
from synthesis.outfits import (
    BAREFOOT,
    BEANIE,
    BLAZER,
    BOOT,
    CAP,
    CARDIGAN,
    CARGO,
    CHINOS,
    HOOD,
    JEANS,
    JOGGERS,
    LEGGINGS,
    NOTHING,
    OPEN,
    OXFORD,
    PARKA,
    POLO,
    ROUND,
    RUNNER,
    SHIRT,
    SHORTS,
    SKIRT,
    SNEAKER,
    TANK,
    TURTLE,
    VEE,
    VEST,
    ZIPPED,
)


@dataclass(frozen=True)
class Style:
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
STYLES: dict[str, Style] = {
    "casual": Style(
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
    "office": Style(
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
    "sport": Style(
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
    "street": Style(
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
    "summer": Style(
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
    "winter": Style(
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
    "work": Style(
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
