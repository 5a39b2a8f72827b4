"""Streaming a document gives what json.load gives, in pieces; what is no whole document is refused by its byte."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from export.stream import items

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)
writings = st.sampled_from(
    [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": "\t", "ensure_ascii": False}]
)


def put_together(path, chunk):
    """The document of a file from its pieces, each of which stands where it says that it stands."""
    raw = path.read_bytes()
    parts = {}
    for item in items(path, chunk):
        if item.value != [] or item.number >= 0:
            assert repr(json.loads(raw[item.start : item.end])) == repr(item.value)
        if item.number >= 0:
            assert item.number == len(parts[item.key])
            parts[item.key].append(item.value)
        else:
            parts[item.key] = item.value
    return parts.get(None, parts)


def written(folder, raw):
    path = Path(folder) / "d.json"
    path.write_bytes(raw)
    return path


@settings(max_examples=250, deadline=None)
@given(values, writings, st.integers(1, 70), st.booleans())
@example({"a": [1.5e-12, -1, {"b": "ü\ud83d"}]}, {}, 1, False)
@example([1, 2.5e3, float("nan"), float("-inf")], {}, 3, True)
@example({}, {"indent": 2}, 1, True)
def test_streaming_equals_loading_at_any_chunk_size(value, writing, chunk, marked):
    try:
        raw = json.dumps(value, **writing).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8; escaped it has
        raw = json.dumps(value).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, b"\xef\xbb\xbf" * marked + b" \n" + raw + b"\r\n")
        assert repr(put_together(path, chunk)) == repr(json.loads(raw))


@settings(max_examples=250, deadline=None)
@given(st.lists(values, min_size=1) | st.dictionaries(st.text(max_size=4), values, min_size=1), st.data())
def test_what_is_cut_off_is_refused(value, data):
    raw = json.dumps(value, indent=data.draw(st.sampled_from([None, 1]))).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, raw[:cut])
        with pytest.raises(ValueError, match=r"^d\.json: is not JSON at byte \d+: ") as error:
            list(items(path, data.draw(st.integers(1, 50))))
        assert "\n" not in str(error.value)


@settings(max_examples=250, deadline=None)
@given(values, st.data())
def test_a_changed_byte_is_read_or_refused_as_json_does_it(value, data):
    raw = bytearray(json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "replace"))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        expected = repr(json.loads(bytes(raw).decode()))
    except ValueError:
        expected = None
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, bytes(raw))
        chunk = data.draw(st.integers(1, 50))
        if expected is None:
            with pytest.raises(ValueError, match=r"^d\.json: is not JSON at byte"):
                list(items(path, chunk))
        else:
            assert repr(put_together(path, chunk)) == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "byte 0: the file is empty"),
        (b'{"a": [1, 2}', "byte 11: a comma or ] was expected"),
        (b'{"a": [1, {"b" 2}]}', "byte 15: expecting ':' delimiter"),
        ('{"ü": [1, "é", tru]}'.encode(), "byte 17: expecting value"),
        (b'{"a": 1, b: 2}', "byte 9: a key in double quotes was expected"),
        (b'{"a": 1} {"b": 2}', "byte 9: there is more"),
        (b'{"a": "' + b"x" * 50, "byte 6: the file is cut off"),
        (b'{"a": [\xff]}', "byte 7: it is not UTF-8"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"a": [' + b"9" * 5000 + b"]}", "byte 7: Exceeds the limit"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_faults_are_told_by_their_byte(tmp_path, raw, message, chunk):
    if len(raw) > 1000 and chunk < 1000:
        chunk = 1000
    with pytest.raises(ValueError) as error:
        list(items(written(tmp_path, raw), chunk))
    assert message in str(error.value)


def test_an_element_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    path = written(tmp_path, b'{"small": [1], "big": ["' + b"x" * 100_000 + b'"]}')
    with pytest.raises(ValueError, match=r"byte 23: the element that begins here has more than 50,000 characters"):
        list(items(path, chunk=1000, limit=50_000))
    assert len(list(items(path, chunk=1000))) == 4
    with pytest.raises(ValueError, match=r"gone\.json: cannot be read"):
        list(items(tmp_path / "gone.json"))
