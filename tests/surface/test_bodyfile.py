"""Whatever a file that calls itself a body holds, it is read, or refused in one line that names it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from surface import bodyfile
from surface.body import Body

fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(read: Callable[[], Body]) -> Body | str:
    """The body, or why there is none."""
    try:
        return read()
    except ValueError as error:
        return str(error)


def archive(path: Path, **entries: bytes) -> Path:
    """A zip of these bytes, packed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return path


def header(shape: tuple[int, ...], content: bytes = b"") -> bytes:
    """An array that claims a shape."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return out.getvalue() + content


@fuzz
@given(st.data())
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, tiny: Body, data: st.DataObject) -> None:
    whole, path = tmp_path / "whole.npz", tmp_path / "damaged.npz"
    if not whole.exists():
        tiny.save(whole)
    content = bytearray(whole.read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    cut = data.draw(st.sampled_from([len(content), 1, 9, 300]))
    content[start : start + cut] = data.draw(st.binary(max_size=20))
    path.write_bytes(content)
    found = outcome(lambda: Body.load(path))
    if isinstance(found, Body):
        assert found.hash == tiny.hash, "a checksum watches over every array"
    else:
        assert found.startswith(str(path))
        assert len(found.splitlines()) == 1


@fuzz
@given(
    st.data(),
    hnp.arrays(
        st.sampled_from(["f8", "i8", "u1", "?", "c16", "U3", "S2", "M8[s]", "f2"]),
        hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
    ),
)
def test_a_strange_array_is_refused_by_key(tiny: Body, data: st.DataObject, strange: np.ndarray) -> None:
    arrays: dict[str, Any] = tiny.arrays()
    key = data.draw(st.sampled_from(sorted(arrays)))
    arrays[key] = strange
    found = outcome(lambda: Body.from_arrays(arrays, "strange.npz"))
    assert isinstance(found, Body) or found.startswith("strange.npz: ")


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = archive(tmp_path / "bomb.npz", vertices=header((10**6,), bytes(8 * 10**6)))
    assert bomb.stat().st_size < 20_000
    monkeypatch.setattr(bodyfile, "MOST_BYTES", 10**6)
    monkeypatch.setattr(np, "load", lambda *_args, **_options: pytest.fail("it was unpacked"))
    with pytest.raises(
        ValueError, match=r"bomb.npz: not a body file \(it unpacks to 8,000,128 bytes; at most 1,000,000"
    ):
        Body.load(bomb)


@pytest.mark.parametrize("shape", [(10**14, 3), (2**62, 3), (-5, 3)])
def test_an_array_that_claims_to_be_huge_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"claims.npz: not a body file"):
        Body.load(archive(tmp_path / "claims.npz", vertices=header(shape, bytes(24))))


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "pickle.npz", vertices=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        Body.load(tmp_path / "pickle.npz")


@pytest.mark.parametrize("count", [0, 256])
def test_a_body_has_1_to_255_parts_and_charts(tiny_arrays: dict[str, Any], count: int) -> None:
    names = np.array([f"part {n}" for n in range(count)], dtype=np.str_)
    for key in ("part_names", "chart_names"):
        with pytest.raises(ValueError, match=rf"{key} holds {count} names; expected 1..255"):
            Body.from_arrays(tiny_arrays | {key: names}, "many.npz")


def test_a_file_that_is_not_there_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Body.load(tmp_path / "nothing.npz")


def test_where_charts_come_from_is_kept_and_bodies_without_it_keep_their_hash(
    tiny_arrays: dict[str, Any], tmp_path: Path
) -> None:
    own = Body.from_arrays(tiny_arrays)
    assert "charts_from" not in own.arrays()
    brought = Body.from_arrays(tiny_arrays | {"charts_from": np.array("file")})
    brought.save(tmp_path / "body.npz")
    assert Body.load(tmp_path / "body.npz").charts_from == "file"
    assert brought.hash != own.hash
    with pytest.raises(ValueError, match="charts_from must be 'file'"):
        Body.from_arrays(tiny_arrays | {"charts_from": np.array(["file"])})
