"""Pickles are read without being run: what they hold comes out, what they want to do is refused, damage is named."""

from __future__ import annotations

import itertools
import os
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse

from surface.builders.pickle_arrays import KNOWN, NoArrayError, array
from surface.builders.pickle_reader import Made, UnreadablePickleError, read

DTYPES = st.sampled_from(["<f8", ">f8", "<f4", "<i4", ">u2", "u1", "?", "<U3"])
COMMAND = "echo ran > {marker}"


def plain(value):
    return value.toarray() if sparse.issparse(value) else value


@given(
    DTYPES.flatmap(lambda d: arrays(d, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))), st.integers(0, 5)
)
@settings(max_examples=150, deadline=None)
def test_arrays_come_out_as_they_went_in(values, protocol):
    for written in (values, np.asfortranarray(values)):
        (found,) = read(pickle.dumps([written], protocol), KNOWN)
        assert np.array_equal(array(found), written, equal_nan=values.dtype.kind == "f")
        assert array(found).dtype == values.dtype


@given(
    arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(-2, 2)), st.integers(0, 5)
)
@settings(max_examples=60, deadline=None)
def test_sparse_matrices_come_out_as_they_went_in(dense, protocol):
    for kind in (sparse.csc_matrix, sparse.csr_matrix, sparse.coo_matrix, sparse.csc_array, sparse.coo_array):
        found = array(read(pickle.dumps(kind(dense), protocol), KNOWN))
        assert sparse.issparse(found)
        assert np.array_equal(found.toarray(), dense)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_of_every_protocol(protocol):
    value = {
        "numbers": [0, 1, 255, 65536, -1, 2**31, -(2**63), 2**70, 1.5, -0.0],
        "text": ["", "plain", "é \n \\ '", "\U0001f600"],
        "bytes": [b"", b"\x00\xff"],
        "nested": ({"a": (1, (2, (3, 4)))}, [], (), (5,), None, True, False),
        7: "seven",
    }
    found = read(pickle.dumps(value, protocol), KNOWN)
    assert found["numbers"] == value["numbers"]
    assert found["text"] == value["text"]
    assert found["nested"] == value["nested"]
    assert found[7] == "seven"
    shared = [1, 2]
    twice = read(pickle.dumps([shared, shared], protocol), KNOWN)
    assert twice[0] is twice[1]
    assert isinstance(read(pickle.dumps(OrderedDict(a=1), protocol), KNOWN), Made)


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def through(wrap):
    """An attack that hides the call of `os.system` inside something harmless."""
    return lambda command: wrap(b"cos\nsystem\n(" + text(command) + b"tR")


def chumpy(x: bytes) -> bytes:
    return b"\x80\x02cchumpy.ch\nCh\n)\x81}" + text("x") + x + b"sb."


ATTACKS = {
    "reduce": lambda c: pickle.dumps({"v_template": Calls(os.system, c)}),
    "eval": lambda c: pickle.dumps(Calls(eval, f"__import__('os').system({c!r})")),
    "exec, protocol 0": lambda c: pickle.dumps(Calls(exec, f"import os; os.system({c!r})"), 0),
    "subprocess": lambda c: pickle.dumps(Calls(subprocess.getoutput, c)),
    "getattr": lambda c: b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(" + text("os") + b"tR" + text("system") + b"tR("
    + text(c) + b"tR.",
    "dotted name": lambda c: b"\x80\x04" + text("os") + text("path.os.system") + b"\x93(" + text(c) + b"tR.",
    "inside a dtype": through(lambda call: b"cnumpy\ndtype\n(" + call + b"tR."),
    "as an array's class": through(lambda call: b"cnumpy.core.multiarray\n_reconstruct\n(" + call + b"tR."),
    "inside chumpy": through(chumpy),
    "inside a dictionary's key": through(lambda call: b"}" + call + b"Ns."),
    "thrown away": through(lambda call: call + b"0N."),
    "memo": lambda c: b"cos\nsystem\nq\x010h\x01(" + text(c) + b"tR.",
    "inst": lambda c: b"(" + text(c) + b"ios\nsystem\n.",
    "obj": lambda c: b"(cos\nsystem\n" + text(c) + b"o.",
    "popen": lambda c: b"csubprocess\nPopen\n((" + text("sh") + text("-c") + text(c) + b"ltR.",
    "setstate": lambda c: b"cfunctools\npartial\n(cbuiltins\nprint\ntR(cos\nsystem\n(" + text(c) + b"t}}tb)R.",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_a_pickle_that_tries_to_run_code_is_refused_and_nothing_runs(tmp_path, name):
    marker = tmp_path / "ran"
    data = ATTACKS[name](COMMAND.format(marker=marker))
    with pytest.raises(UnreadablePickleError, match=r"this file wants .*; refused, and nothing of it was run"):
        read(data, KNOWN)
    assert not marker.exists()
    # The same bytes do run in Python's own reader, in a process of its own: the attack is a real one.
    script = (
        "import pickle, sys, types\nsys.modules |= {n: types.ModuleType(n) for n in ('chumpy', 'chumpy.ch')}\n"
        "sys.modules['chumpy.ch'].Ch = type('Ch', (), {})\n"
        "try: pickle.loads(sys.stdin.buffer.read())\nexcept Exception: pass"
    )
    subprocess.run([sys.executable, "-c", script], input=data, timeout=60, check=True)
    for _ in range(100):
        if marker.exists():
            break
        subprocess.run(["sleep", "0.02"], check=True)  # Popen does not wait for its child
    assert marker.exists()


@pytest.mark.parametrize(
    ("data", "operation"),
    [(b"\x82\x01.", "EXT1"), (b"\x83\x01\x01.", "EXT2"), (b"\x84\x01\x01\x01\x01.", "EXT4"), (b"Pname\n.", "PERSID"),
     (b"Nq\x00Q.", "BINPERSID"), (b"\x97.", "NEXT_BUFFER"), (b"C\x01a\x98.", "READONLY_BUFFER")],
)  # fmt: skip
def test_operations_that_reach_outside_the_file_are_refused(data, operation):
    with pytest.raises(UnreadablePickleError, match=f"the pickle operation {operation}, which no such file needs"):
        read(data, KNOWN)


def test_a_named_module_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnreadablePickleError, match=r"this file wants evil_module\.anything"):
        read(b"cevil_module\nanything\n.", KNOWN)
    assert "evil_module" not in sys.modules
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"(N(NtR.",  # calls None
        b"N(tR.",
        b"(lNb.",  # fills a list
        b"cnumpy\nndarray\n}" + text("__setstate__") + b"Nsb.",  # fills a class
        b"cnumpy\nndarray\n(N}" + text("__new__") + b"Nstb.",
        b"\x80\x02csubprocess\nPopen\n((" + text("sh") + text("-c") + text("true") + b"lt\x81.",
        b"\x80\x04csubprocess\nPopen\n((" + text("sh") + text("-c") + text("true") + b"lt}\x92.",
        b"cnumpy\nndarray\n(tR(tR.",  # calls what was made
        b"\x80\x04cnumpy\nndarray\n)}" + text("x") + b"Ns\x92.",  # calls by keywords
    ],
)
def test_only_names_are_called_and_only_objects_filled(data):
    with pytest.raises(UnreadablePickleError):
        read(data, KNOWN)


SAMPLE = pickle.dumps(
    {"a": np.arange(6.0).reshape(2, 3), "s": sparse.csc_matrix(np.eye(3)), "t": ("x", 1.5, [None, True])}, 2
)


@pytest.mark.parametrize("cut", range(0, len(SAMPLE), 3))
def test_a_pickle_cut_off_anywhere_is_named_so(cut):
    with pytest.raises(UnreadablePickleError):
        read(SAMPLE[:cut], KNOWN)


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damage_never_raises_anything_else(changes):
    data = bytearray(SAMPLE)
    for at, byte in changes:
        data[at] = byte
    try:
        found = read(bytes(data), KNOWN)
        values = list(found.values()) if isinstance(found, dict) else [found]
    except UnreadablePickleError:
        return
    for value in values:
        with suppress(NoArrayError):
            plain(array(value))


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_noise_never_raises_anything_else(data):
    with suppress(UnreadablePickleError, NoArrayError):
        array(read(data, KNOWN))


def test_bombs_are_small():
    # A value that says it is larger than the file, a memo with room for 2^32 values, keys whose hash takes for ever.
    with pytest.raises(UnreadablePickleError, match="cut off"):
        read(b"\x8e" + struct.pack("<Q", 2**62) + b".", KNOWN)
    assert read(b"Nr\xff\xff\xff\xff.", KNOWN) is None
    assert read(b"})" + b"2\x86" * 200 + b"Ns.", KNOWN) == {}
    # An array whose shape is larger than its bytes, a sparse one that nobody could unpack.
    huge = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1000000\nI1000000\nt"
    huge += b"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS''\ntb."
    with pytest.raises(NoArrayError, match=r"its shape \(1000000, 1000000\) of float64 does not fit its 0 bytes"):
        array(read(huge, KNOWN))
    for shape in ((2**30, 1), (1, 2**30)):
        with pytest.raises(NoArrayError, match="a sparse matrix of shape"):
            array(read(pickle.dumps(sparse.coo_matrix(([1.0], ([0], [0])), shape=shape)), KNOWN))


RECONSTRUCT = b"ccopyreg\n_reconstructor\n"
NUMPY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01("
FLOATS = b"tcnumpy\ndtype\n" + text("f8") + b"K\x00K\x01\x87R\x89C\x00tb"


def long_integer(size: int) -> bytes:
    return b"\x8b" + struct.pack("<i", size) + b"\x7f" * size


def doubled(levels: int) -> bytes:
    """A tuple of two that are one, so many levels deep: 2^levels to hash or print."""
    return b")q\x000" + b"h\x00h\x00\x86q\x000" * levels


BOMBS = {
    "deep tuple as a class": (RECONSTRUCT + b")" + b"\x85" * 1_000_000 + b"\x85R", "whose class is a tuple"),
    "doubled tuple as a class": (doubled(60) + RECONSTRUCT + b"h\x00\x85R", "whose class is a tuple"),
    "object as a class": (
        doubled(60) + RECONSTRUCT + b"cbuiltins\nset\nh\x00R\x85R",
        "whose class is a Made",
    ),
    "deep tuple below an object": (
        RECONSTRUCT + b"cbuiltins\nset\n)" + b"\x85" * 100_000 + b"R\x85R",
        "whose class is a Made",
    ),
    "a row many times": (
        b"](" + b"K\x01" * 20_000 + b"eq\x010](" + b"h\x01" * 20_000 + b"e",
        "lists of 20,000 times 20,000 items",
    ),
    "rows of different lengths": (b"]]K\x01aa]aK\x01a", "lists that differ in length"),
    "an item among rows": (b"]]K\x01aaK\x01a", "lists that differ in length"),
    "long integers": (NUMPY + long_integer(8_000_000) + b"2" * 7 + FLOATS, "a number of 8,000,000 bytes"),
    "a long number as text": (b"I" + b"7" * 4_000 + b"\n", "a number of 4,000 bytes"),
    "a length over all": (NUMPY + long_integer(8) + FLOATS, "its parts do not fit together"),
    "too many lists": (b"]" * 6_000_000, "more than 5,000,000 operations"),
    "marks": (b"(" * 100_000, "nested too deeply"),
}


READS_BOMBS = """
import os, pickle, resource, sys
from surface.builders.pickle_arrays import KNOWN, array
from surface.builders.pickle_reader import read
for data in pickle.load(sys.stdin.buffer):
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        try:
            array(read(data, KNOWN))
        except ValueError as error:
            print(error, flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("killed", flush=True)
"""


def test_bombs_are_refused_in_little_time_and_memory():
    # Each in a process of its own: what is tested would crash it, or use all time and memory.
    ended = subprocess.run(
        [sys.executable, "-c", READS_BOMBS],
        input=pickle.dumps([b"\x80\x02" + data + b"." for data, _ in BOMBS.values()]),
        capture_output=True,
        timeout=150,
        check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    told = ended.stdout.decode().splitlines()
    for name, (_, message), line in zip(BOMBS, BOMBS.values(), told, strict=True):
        assert message in line, name
        assert len(line) < 200, name


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_no_room_is_an_error_of_the_file(monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr("surface.builders.pickle_reader._Machine.run", fails)
    with pytest.raises(UnreadablePickleError, match="nested too deeply, or needs too much memory"):
        read(b"N.", KNOWN)
    monkeypatch.setattr("surface.builders.pickle_arrays._array", fails)
    with pytest.raises(NoArrayError, match="nested too deeply, or needs too much memory"):
        array([1.0])


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("protocol", range(6))
def test_matrices_and_transposed_arrays_come_out_as_they_went_in(protocol):
    block = np.arange(60.0).reshape(3, 4, 5)
    for written in (np.matrix(block[0]), *(block.transpose(axes) for axes in itertools.permutations(range(3)))):
        found = array(read(pickle.dumps(written, protocol), KNOWN))
        assert np.array_equal(found, np.asarray(written))


def test_axes_of_a_transposed_array_are_checked():
    # As NumPy 2.4 writes it, whatever NumPy is installed.
    dtype = b"cnumpy\ndtype\n" + text("u1") + b"K\x00K\x01\x87R"
    made = b"cnumpy._core.numeric\n_frombuffer\n(C\x06abcdef" + dtype + b"K\x02K\x03\x86" + text("K")
    assert array(read(made + b"K\x01K\x00\x86tR.", KNOWN)).tobytes() == b"adbecf"
    for axes in (b"K\x01K\x01\x86", b"K\x01\x85", b"K\x07K\x00\x86", text("ab")):
        with pytest.raises(NoArrayError, match="do not fit together"):
            array(read(made + axes + b"tR.", KNOWN))


def test_chumpy_that_holds_itself_is_refused():
    data = b"\x80\x02cchumpy.ch\nCh\n)\x81q\x01}" + text("x") + b"h\x01sb."
    with pytest.raises(NoArrayError, match="nested too deeply"):
        array(read(data, KNOWN))


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        "text",
        None,
        [1, [2, [3]]],
        ["a"],
        np.array([{}, {}], dtype=object),
        np.zeros(2, dtype="f8,i4"),
    ],
)
def test_what_is_no_array_is_named_so(value):
    with pytest.raises((NoArrayError, UnreadablePickleError)):
        array(read(pickle.dumps(value), KNOWN))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"indices": [0, 5, 2]}, "an entry outside its shape"),
        ({"indptr": [0, 1, 2]}, "whose index does not fit its shape"),
        ({"indptr": [0, 2, 1, 3]}, "whose index does not fit its shape"),
        ({"data": [1.0]}, "whose parts differ in length"),
        ({"_shape": (3,)}, r"a sparse matrix of shape \(3,\)"),
    ],
)
def test_sparse_matrices_are_checked(state, message):
    matrix = sparse.csr_matrix(np.eye(3))
    whole = {"_shape": (3, 3), "data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    made = read(pickle.dumps(matrix), KNOWN)
    made.state = {key: read(pickle.dumps(value), KNOWN) for key, value in (whole | state).items()}
    with pytest.raises(NoArrayError, match=message):
        array(made)
