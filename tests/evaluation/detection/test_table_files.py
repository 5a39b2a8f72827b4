"""Tables of distances in all the forms in which users have them: read where they lie, and never run."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.evaluation import write_python2_pickle
from evaluation.detection import table_files
from evaluation.detection.distances import open_surface
from tests.evaluation.detection import made

TABLE = np.random.default_rng(0).random((30 * 29 // 2, 1)).astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("DENSEMARK_CACHE", str(folder))
    return folder


def python2(path, values):
    with path.open("wb") as file:
        write_python2_pickle(file, len(values), [values])


def mapped(values):
    """Whether the array lies in a file."""
    while values.base is not None and not isinstance(values, np.memmap):
        values = values.base
    return isinstance(values, np.memmap) or type(values).__name__ == "mmap"


def test_a_pickle_of_python_2_is_mapped_where_it_lies(tmp_path, cache):
    python2(tmp_path / "Pdist_matrix.pkl", TABLE)
    data = (tmp_path / "Pdist_matrix.pkl").read_bytes()
    assert np.array_equal(pickle.loads(data, encoding="latin1")["Pdist_matrix"], TABLE)
    _, found = table_files.find(tmp_path)
    assert np.array_equal(found, TABLE.ravel())
    assert found.dtype == np.float32
    assert mapped(found)
    assert not cache.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4"])
@pytest.mark.parametrize("shape", [(-1, 1), (1, -1), (-1,)])
def test_pickles_of_python_3(tmp_path, cache, protocol, dtype, shape):
    path = tmp_path / "Pdist_matrix.pkl"
    values = TABLE.astype(dtype).reshape(shape)
    path.write_bytes(pickle.dumps({"other": [1, "x"], "Pdist_matrix": values}, protocol))
    for _ in range(2):
        _, found = table_files.find(tmp_path)
        assert np.array_equal(found, TABLE.ravel())
        assert mapped(found)
    # Protocol 2 has no bytes: they stand there as text, and are written once as they were.
    assert [p.suffix for p in cache.iterdir()] == [".distances"] if protocol == 2 else not cache.exists()


def test_a_changed_file_is_decoded_again(tmp_path, cache):
    path = tmp_path / "Pdist_matrix.pkl"
    for k, values in enumerate((TABLE, TABLE * 2)):
        path.write_bytes(pickle.dumps({"Pdist_matrix": values}, 2))
        os.utime(path, ns=(k, k))
        assert np.array_equal(table_files.find(tmp_path)[1], values.ravel())


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_text_is_decoded_across_the_borders_of_pieces(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("pieces")
    values = np.frombuffer(data.draw(st.binary(min_size=400, max_size=400)), "<f4")
    (folder / "Pdist_matrix.pkl").write_bytes(pickle.dumps({"Pdist_matrix": values}, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DENSEMARK_CACHE", str(folder / "cache"))
        patch.setattr(table_files, "_PIECE", data.draw(st.integers(1, 50)))
        _, found = table_files.find(folder)
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize("ending", ["mat", "h5"])
@pytest.mark.parametrize("userblock", [0, 512])
@pytest.mark.parametrize(
    "form", [{}, {"chunks": (100, 1)}, {"chunks": (100, 1), "compression": "gzip", "shuffle": True}]
)
@pytest.mark.parametrize("across", [False, True])
def test_hdf5_twins(tmp_path, cache, ending, userblock, form, across, monkeypatch):
    monkeypatch.setattr(table_files, "_PIECE", 640)
    with h5py.File(tmp_path / f"Pdist_matrix.{ending}", "w", userblock_size=userblock) as file:
        if across and form:
            form = form | {"chunks": form["chunks"][::-1]}
        file.create_dataset("Pdist_matrix", data=TABLE.T if across else TABLE, **form)
    for _ in range(2):
        _, found = table_files.find(tmp_path)
        assert np.array_equal(found, TABLE.ravel())
        assert mapped(found)
    assert cache.exists() == bool(form)


class Runs:
    def __reduce__(self):
        return os.system, ("exit 3",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "an empty file"),
        (b"text", "damaged or cut off"),
        (pickle.dumps([1]), "no dictionary with the key 'Pdist_matrix'"),
        (pickle.dumps({"other": TABLE}), "no dictionary with the key 'Pdist_matrix'"),
        (pickle.dumps({"Pdist_matrix": Runs()}), r"wants posix\.system, .* nothing of it was run"),
        (pickle.dumps({"Pdist_matrix": TABLE, "x": Runs()}, 2), r"wants posix\.system, .* nothing of it was run"),
        (pickle.dumps({"Pdist_matrix": TABLE})[:-200], "cut off"),
        (pickle.dumps({"Pdist_matrix": TABLE}, 2)[:-200], "cut off"),
        (pickle.dumps({"Pdist_matrix": "x" * 1000}), "no array"),
        (pickle.dumps({"Pdist_matrix": TABLE.astype(int)}), "is of int64; expected float32"),
        (pickle.dumps({"Pdist_matrix": TABLE.astype(np.float16)}), "is of float16; expected float32"),
        (pickle.dumps({"Pdist_matrix": TABLE.reshape(15, -1)}), r"has shape \(15, 29\); expected"),
        (pickle.dumps({"Pdist_matrix": TABLE}, 2).replace(b"M\xb3\x01K\x01\x86", b"M\xb4\x01K\x01\x86"), "it holds"),
        (pickle.dumps({"Pdist_matrix": TABLE}, 4).replace(b"M\xb3\x01K\x01\x86", b"M\xb4\x01K\x01\x86"), "not fit"),
        (pickle.dumps({"Pdist_matrix": np.zeros((800_000, 1), np.float32)}, 0), "save it with protocol 2 or newer"),
    ],
)  # fmt: skip
def test_other_pickles_are_refused(tmp_path, cache, data, message):
    (tmp_path / "Pdist_matrix.pkl").write_bytes(data)
    with pytest.raises(ValueError, match=message) as raised:
        table_files.find(tmp_path)
    assert str(tmp_path / "Pdist_matrix.pkl") in str(raised.value)
    assert not cache.exists() or not list(cache.iterdir())


def test_other_hdf5_files_are_refused(tmp_path):
    path = tmp_path / "Pdist_matrix.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file" + bytes(500))
    with pytest.raises(ValueError, match=r"save it with -v7\.3"):
        table_files.find(tmp_path)
    for name, values, message in (
        ("other", TABLE, "no dataset 'Pdist_matrix' of numbers"),
        ("Pdist_matrix", TABLE.astype(int), "no dataset 'Pdist_matrix' of numbers"),
        ("Pdist_matrix", TABLE.reshape(15, -1), r"has shape \(15, 29\)"),
    ):
        with h5py.File(path, "w") as file:
            file[name] = values
        with pytest.raises(ValueError, match=message):
            table_files.find(tmp_path)
    with h5py.File(path, "w") as file:
        file["Pdist_matrix"] = TABLE
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises((ValueError, OSError)):
        table_files.find(tmp_path)


def test_a_folder_without_a_table_says_what_it_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none of Pdist_matrix\.pkl, Pdist_matrix\.mat"):
        table_files.find(tmp_path)


def test_the_files_of_a_surface_must_fit_each_other(tmp_path):
    described = made.surface(np.random.default_rng(0))
    made.write_surface(tmp_path, described)
    assert open_surface(tmp_path).charts == 24
    for change, message in (
        ({"index": described["index"][:-1]}, "index has 191 values, SMPL_subdiv.mat 192 vertices"),
        ({"index": described["index"] + np.uint16(1)}, r"index\[1\] is 31; Pdist_matrix.pkl is of vertices 1\.\.30"),
        ({"index": described["index"] - np.uint16(1)}, r"index\[0\] is 0; "),
        ({"U": described["U"][:-1]}, "differ in length"),
        ({"part": np.where(described["part"] == 7, 8, described["part"])}, "chart 7 has no vertices"),
        ({"table": described["table"][:-1]}, "434 distances are those between no number of vertices"),
    ):
        made.write_surface(tmp_path, described | change)
        with pytest.raises(ValueError, match=message):
            open_surface(tmp_path)
    made.write_surface(tmp_path, described)
    (tmp_path / "SMPL_subdiv.mat").write_bytes(b"MATLAB 5.0 nothing")
    with pytest.raises(ValueError, match=r"SMPL_subdiv\.mat: not the file that its name says"):
        open_surface(tmp_path)


def test_what_is_no_distance_is_named(tmp_path):
    described = made.surface(np.random.default_rng(0))
    described["table"] = described["table"].copy()
    described["table"][5] = np.nan
    surface = open_surface(made.write_surface(tmp_path, described))
    assert surface.between(np.array([4]), np.array([4])) == [0.0]
    with pytest.raises(ValueError, match="row 5 of the table of distances is nan"):
        surface.between(np.array([1, 2, 2]), np.array([0, 0, 3]))


READS = """
import resource, sys
from pathlib import Path
from evaluation.detection import table_files
import h5py
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for folder in sys.argv[1:]:
    _, found = table_files.find(Path(folder))
    assert len(found) == 10_122_750 and found[-1] == 0.5
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_large_tables_take_little_memory(tmp_path):
    values = np.full((4_500 * 4_499 // 2, 1), 0.5, np.float32)  # 40 MB
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        folder.mkdir()
    python2(folders[0] / "Pdist_matrix.pkl", values)
    (folders[1] / "Pdist_matrix.pkl").write_bytes(pickle.dumps({"Pdist_matrix": values}, 2))
    with h5py.File(folders[2] / "Pdist_matrix.mat", "w") as file:
        file.create_dataset("Pdist_matrix", data=values, chunks=(2**16, 1), compression="lzf")
    ended = subprocess.run([sys.executable, "-c", READS, *folders], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 30_000
