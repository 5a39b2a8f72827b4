"""Splits of a dataset by photo: the same photo, and all that look like it, on the same side forever."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray


def parse_split(text: str) -> dict[str, float]:
    """Names and shares of ``a=.8,b=.2``.

    Raises ValueError unless the names are plain and the shares positive and add up to 1.
    """
    shares: dict[str, float] = {}
    for item in text.split(","):
        name, _, share = item.strip().partition("=")
        if name in shares:
            raise ValueError(f"split {text!r}: {name!r} is there twice")
        try:
            shares[name] = float(share)
        except ValueError:
            raise ValueError(f"split {text!r}: {share!r} is not a number") from None
    return checked(shares)


def checked(shares: Mapping[str, float]) -> dict[str, float]:
    """The shares as they are.

    Raises ValueError unless there are any, the names are plain and none "all", and the shares positive and add up to 1.
    """
    for name, share in shares.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}", name):
            raise ValueError(f"split {name!r}: a name is 1 to 50 letters, digits, - and _")
        if name.casefold() == "all":
            raise ValueError(f"split {name!r}: this name means all photos; choose another one")
        if not share > 0:
            raise ValueError(f"split {name}: its share {share:g} is not positive")
    if not abs(sum(shares.values()) - 1) <= 1e-6:
        raise ValueError(f"split: the shares add up to {sum(shares.values()):g}, not 1")
    return dict(shares)


def side_of(sha256: str, split: Mapping[str, float]) -> str:
    """The part of a split that an image falls in, by the hash of its bytes: the same photo on the same side forever, in
    whatever order the shares are named."""
    position = int(sha256[:12], 16) / 16**12
    for name, share in sorted(split.items()):
        position -= share
        if position < 0:
            return name
    return name


def sides(sha256: Sequence[str], group: NDArray[Any], split: Mapping[str, float]) -> list[str]:
    """The part of a split for each of N images in the order they came: that of the first of its group.

    :param sha256: N hashes of bytes.
    :param group: (N,) for each image the position of the first one of its group (see `export.near.groups`).
    """
    by_first = {first: side_of(sha256[first], split) for first in {int(first) for first in group}}
    return [by_first[int(first)] for first in group]
