"""Photos that look alike are found, always; splits keep them, and everything of a photo, together."""

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from export.near import groups, phash
from export.splits import checked, side_of, sides

HASHES = st.lists(
    st.one_of(
        st.none(),
        st.integers(0, 2**64 - 1),
        st.lists(st.integers(0, 63), max_size=9).map(lambda bits: sum({1 << bit for bit in bits})),
    ),
    max_size=25,
)


def _text(values):
    return [None if value is None else f"{value:016x}" for value in values]


@given(HASHES, st.integers(0, 10))
def test_groups_are_exactly_the_chains_of_close_pairs(values, distance):
    found = groups(_text(values), distance)
    label = list(range(len(values)))
    for a, first in enumerate(values):
        for b, second in enumerate(values[:a]):
            if first is not None and second is not None and (first ^ second).bit_count() <= distance:
                label = [label[b] if own == label[a] else own for own in label]
    for a in range(len(values)):
        assert found[a] == min(b for b in range(len(values)) if label[b] == label[a])


def test_a_distance_that_cannot_be_promised_is_refused():
    with pytest.raises(ValueError, match=r"outside of 0\.\.10"):
        groups([], 11)


def _photo(seed):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    return small.resize((480, 360), Image.Resampling.BICUBIC)


def test_the_hash_outlives_scaling_compression_and_light():
    hashes, of = [], []
    for seed in range(8):
        photo = _photo(seed)
        jpeg = io.BytesIO()
        photo.save(jpeg, "JPEG", quality=40)
        brighter = photo.point([min(255, int(1.08 * value) + 4) for value in range(256)] * 3)
        for changed in (photo, Image.open(jpeg), photo.resize((300, 225)), brighter):
            hashes.append(phash(changed))
            of.append(4 * seed)
    assert groups(hashes).tolist() == of
    assert all(len(text) == 16 for text in hashes)


PHOTOS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 5)), min_size=1, max_size=30, unique_by=lambda p: p[0]
)


@given(PHOTOS, st.integers(0, 29))
def test_a_photo_stays_on_its_side_when_others_come(photos, count):
    split = {"train": 0.6, "val": 0.3, "test": 0.1}
    sha = [hashlib.sha256(str(key).encode()).hexdigest() for key, _ in photos]
    look = [f"{n * 0x0F0F0F0F0F0F0F:016x}" for _, n in photos]  # five looks, far apart
    group = groups(look)
    now = sides(sha, group, split)
    assert len({(look[n], now[n]) for n in range(len(photos))}) == len(set(look))  # what looks alike is on one side
    first = sides(sha[: count + 1], groups(look[: count + 1]), split)
    assert first == now[: count + 1]
    assert all(now[n] == side_of(sha[n], split) for n in range(len(photos)) if group[n] == n)


@pytest.mark.parametrize(
    "shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a b": 1.0}, {"": 1.0}, {"a": float("nan")}]
)
def test_bad_shares_are_refused(shares):
    with pytest.raises(ValueError, match="split"):
        checked(shares)
