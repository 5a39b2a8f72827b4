"""Files in SMPL's formats, written from the default body, so that nothing of SMPL is needed to try what reads them.

`python -m tests.surface.smpl_files OUTDIR` writes one of each kind for trying the commands.
"""

from __future__ import annotations

import codecs
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import igl
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.io import savemat
from scipy.sparse import coo_array, csc_array, csr_array

import surface
from surface.body import Body, barycentric, vertex_normals
from surface.builders.mesh_symmetry import cut_at_plane, doubled
from surface.rig import shape

Model = dict[str, NDArray[Any]]

ROOT = 2**32 - 1  # what SMPL's unsigned kintree_table holds for "no parent"
BODY_JOINTS = 22  # what SMPL, SMPL-H and SMPL-X have in common, in this order


def model(body: Body, joints: int = 52, posedirs: bool = True) -> Model:
    """The arrays of a SMPL (24 joints), SMPL-H (52) or SMPL-X (55) model on the mesh of a body rigged like SMPL-H."""
    assert body.rig is not None
    rig = body.rig
    weights, regressor = rig.weights.toarray(), rig.J_regressor.toarray()
    parents = np.array(rig.parents)
    if joints == 24:
        left, right = (np.arange(first, first + 15) for first in (BODY_JOINTS, BODY_JOINTS + 15))
        weights = np.column_stack(
            [weights[:, :BODY_JOINTS], weights[:, left].sum(axis=1), weights[:, right].sum(axis=1)]
        )
        middle = [rig.joint_names.index(f"{side}_middle1") for side in ("left", "right")]
        regressor = np.concatenate([regressor[:BODY_JOINTS], regressor[middle]])
        parents = np.concatenate([parents[:BODY_JOINTS], [20, 21]])
    elif joints == 55:
        point = dict(zip(body.keypoint_names, body.keypoint_regressor.toarray(), strict=True))
        face = np.stack([0.5 * (point["left_ear"] + point["right_ear"]), point["left_eye"], point["right_eye"]])
        jaw = np.zeros((len(weights), 3))
        head = 15
        at = body.vertices - point["nose"] @ body.vertices
        chin = (at[:, 1] < -0.03) & (at[:, 2] > -0.06)
        jaw[chin, 0], weights[chin, head] = 0.5 * weights[chin, head], 0.5 * weights[chin, head]
        weights = np.column_stack([weights[:, :BODY_JOINTS], jaw, weights[:, BODY_JOINTS:]])
        regressor = np.concatenate([regressor[:BODY_JOINTS], face, regressor[BODY_JOINTS:]])
        later = parents[BODY_JOINTS:]
        later = np.where(later >= BODY_JOINTS, later + 3, later)
        parents = np.concatenate([parents[:BODY_JOINTS], [head] * 3, later])
    elif joints != 52:
        raise ValueError(f"no model of SMPL's family has {joints} joints")
    tree = np.stack([np.where(parents < 0, ROOT, parents), np.arange(joints)]).astype(np.uint32)
    out = {
        "v_template": np.array(rig.v_template),
        "f": body.faces.astype(np.uint32),
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": tree,
        "shapedirs": np.array(rig.shapedirs, dtype=np.float64),
    }
    if posedirs:
        out["posedirs"] = _posedirs(body.vertices, body.faces, weights)
    return out


def _posedirs(vertices: NDArray[Any], faces: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Pose correctives where skin is shared between joints: along the normals, up to 5 mm for each entry of R - I."""
    shared = weights[:, 1:] * (1.0 - weights[:, 1:])
    pattern = np.cos(np.arange(9))
    normals = vertex_normals(vertices, faces)
    return np.einsum("vj,k,vc->vcjk", 0.02 * shared, pattern, normals).reshape(len(vertices), 3, -1)


def shaped(arrays: Model, body: Body, betas: list[float]) -> Model:
    """The model of another person: the template moved along the shape directions (the rest as it was)."""
    assert body.rig is not None
    return arrays | {"v_template": shape(body.rig, betas)}


def remeshed(arrays: Model, vertices: NDArray[Any], faces: NDArray[Any]) -> Model:
    """The same model on other vertices `(N, 3)` and faces `(M, 3)` near its template's surface."""
    old_vertices, old_faces = arrays["v_template"], arrays["f"].astype(np.int64)
    forth = _interpolation(old_vertices, old_faces, vertices)
    back = _interpolation(vertices, faces, old_vertices)

    def carried(key: str) -> NDArray[Any]:
        flat = arrays[key].reshape(len(old_vertices), -1)
        return (forth @ flat).reshape(len(vertices), *arrays[key].shape[1:])

    out = {key: carried(key) for key in ("weights", "shapedirs", "posedirs") if key in arrays}
    regressor = csr_array(arrays["J_regressor"]) @ back
    return arrays | out | {"v_template": vertices, "f": faces.astype(np.uint32), "J_regressor": regressor.toarray()}


def _interpolation(vertices: NDArray[Any], faces: NDArray[Any], points: NDArray[Any]) -> csr_array:
    """`(len(points), len(vertices))`: the barycentrics of the nearest surface points."""
    v, f = np.ascontiguousarray(vertices, dtype=np.float64), np.ascontiguousarray(faces, dtype=np.int64)
    _, face, closest = igl.point_mesh_squared_distance(np.ascontiguousarray(points), v, f)
    weights = barycentric(closest, v[f[face]])
    rows = np.repeat(np.arange(len(points)), 3)
    return csr_array(coo_array((weights.ravel(), (rows, f[face].ravel())), shape=(len(points), len(v))))


def subdivided(arrays: Model) -> Model:
    """The model with every triangle split in four."""
    v, f = igl.upsample(arrays["v_template"], arrays["f"].astype(np.int64), 1)
    return remeshed(arrays, v, f)


def decimated(arrays: Model, triangles: int) -> Model:
    """The model on about so many triangles; closed like the original, its triangles no longer symmetric."""
    v, f, *_ = igl.qslim(
        np.asfortranarray(arrays["v_template"]), np.asfortranarray(arrays["f"].astype(np.int32)), triangles
    )
    return remeshed(arrays, np.ascontiguousarray(v), np.ascontiguousarray(f))


def symmetric(arrays: Model) -> Model:
    """The model on the left half of its triangles, cut at x = 0, and its mirror image; weights mirrored, too."""
    v, f, _ = cut_at_plane(arrays["v_template"], arrays["f"].astype(np.int64), snap=0.001)
    v, f = doubled(v, f, v[f].mean(axis=1)[:, 0] > 0)
    return remeshed(arrays, v, f)


def with_eyeballs(arrays: Model) -> Model:
    """The model with two balls in its head that hang on nothing, as SMPL-X has."""
    ball = trimesh.creation.icosphere(subdivisions=1, radius=0.01)
    head = (arrays["J_regressor"] @ arrays["v_template"])[15]
    out = dict(arrays)
    for side in (1.0, -1.0):
        more = np.asarray(ball.vertices) + head + [side * 0.03, 0.05, 0.05]
        out["f"] = np.concatenate([out["f"], (np.asarray(ball.faces) + len(out["v_template"])).astype(np.uint32)])
        out["v_template"] = np.concatenate([out["v_template"], more])
        rigid = np.zeros((len(more), arrays["weights"].shape[1]))
        rigid[:, 15] = 1.0
        out["weights"] = np.concatenate([out["weights"], rigid])
    extra = 2 * len(ball.vertices)
    for key in ("shapedirs", "posedirs"):
        if key in out:
            out[key] = np.concatenate([out[key], np.zeros((extra, *out[key].shape[1:]))])
    out["J_regressor"] = np.pad(out["J_regressor"], ((0, 0), (0, extra)))
    return out


def write_npz(path: Path, arrays: Mapping[str, Any]) -> Path:
    """An .npz as SMPL-H and SMPL-X are handed out: plain arrays, and one object that only a pickle can hold."""
    extra = {"part2num": np.array({"global": 0}, dtype=object), "gender": np.array("neutral")}
    np.savez_compressed(path, **arrays, **extra)
    return path


def write_pkl(path: Path, arrays: Mapping[str, Any], protocol: int = 2) -> Path:
    """A .pkl as Python 2 wrote SMPL's: byte strings, chumpy's and SciPy's old modules, without chumpy."""
    state = {
        "v_template": Ch(arrays["v_template"]),
        "shapedirs": Select(arrays["shapedirs"]),
        "weights": Ch(arrays["weights"]),
        "f": arrays["f"],
        "kintree_table": arrays["kintree_table"],
        "J_regressor": csc_matrix(arrays["J_regressor"]),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
        "pose_training_info": {"gender": "f"},
        "vert_sym_idxs": np.arange(len(arrays["v_template"])),
    }
    if "posedirs" in arrays:
        state["posedirs"] = Ch(arrays["posedirs"])
    with path.open("wb") as file:
        OldPickler(file, protocol).dump(state)
    return path


class Ch:
    """What chumpy 0.6x left of an array in a pickle."""

    module = "chumpy.ch"

    def __init__(self, x: Any) -> None:
        self.x = x
        self._dirty_vars = {"x"}
        self._itr = None
        self._depends_on_deps: dict[str, Any] = {}
        self._make_dense = self._make_sparse = False


class Select:
    """chumpy's selection of the first directions of a longer list."""

    module = "chumpy.reordering"

    def __init__(self, wanted: NDArray[Any]) -> None:
        more = np.concatenate([wanted, np.full((*wanted.shape[:2], 3), 7.0)], axis=2)
        self.a = Ch(more)
        self.idxs = np.arange(more.size).reshape(more.shape)[:, :, : wanted.shape[2]].ravel()
        self.preferred_shape = wanted.shape


class csc_matrix:  # noqa: N801
    """The state of SciPy's sparse matrix before it moved."""

    module = "scipy.sparse.csc"

    def __init__(self, dense: NDArray[Any]) -> None:
        found = csc_array(dense)
        self._shape = found.shape
        self.maxprint = 50
        self.indices, self.indptr, self.data = found.indices, found.indptr, found.data


class OldPickler(pickle._Pickler):  # type: ignore[misc, name-defined]
    """Writes what Python 2 wrote: str as bytes, sets of the old built-ins, classes by their old modules."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, text: str) -> None:
        self.save_bytes(text.encode("latin-1"))

    def save_bytes(self, data: bytes) -> None:
        """BINSTRING, SHORT_BINSTRING, or STRING in protocol 0: opcodes that Python 3 no longer writes."""
        if self.proto == 0:
            self.write(b"S'" + codecs.escape_encode(data)[0] + b"'\n")  # type: ignore[attr-defined]
        elif len(data) < 256:
            self.write(b"U" + bytes([len(data)]) + data)
        else:
            self.write(b"T" + len(data).to_bytes(4, "little") + data)

    def save_name(self, module: str, name: str) -> None:
        self.write(f"c{module}\n{name}\n".encode("ascii"))

    def reduce_by_name(self, module: str, name: str, args: tuple[Any, ...]) -> None:
        self.save_name(module, name)
        self.save(args)
        self.write(b"R")

    def save_array(self, array: NDArray[Any]) -> None:
        """As NumPy 1 did: `_reconstruct(ndarray, (0,), 'b')` and a state of shape, type and bytes."""
        self.save_name("numpy.core.multiarray", "_reconstruct")
        self.write(b"(")
        self.save_name("numpy", "ndarray")
        self.save((0,))
        self.save(b"b")
        self.write(b"tR")
        self.memoize(array)
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        self.write(b"(")
        for item in (1, array.shape):
            self.save(item)
        self.reduce_by_name("numpy", "dtype", (array.dtype.str[1:].encode(), 0, 1))
        order = b"|" if array.dtype.itemsize == 1 else array.dtype.str[:1].replace("=", "<").encode()
        self.save((3, order, None, None, None, -1, -1, 0))
        self.write(b"b")
        self.save(fortran)
        self.save(array.tobytes("F" if fortran else "C"))
        self.write(b"tb")

    def save_object(self, value: Any) -> None:
        """A new-style object: NEWOBJ in protocol 2, `copy_reg._reconstructor` before."""
        name = type(value).__name__
        if self.proto >= 2:
            self.save_name(value.module, name)
            self.write(b")\x81")
        else:
            self.save_name("copy_reg", "_reconstructor")
            self.write(b"(")
            self.save_name(value.module, name)
            self.save_name("__builtin__", "object")
            self.write(b"NtR")
        self.memoize(value)
        self.save(value.__dict__)
        self.write(b"b")

    def save_old_set(self, items: set[Any]) -> None:
        self.reduce_by_name("__builtin__", "set", (sorted(items),))
        self.memoize(items)

    dispatch |= {str: save_text, bytes: save_bytes, np.ndarray: save_array, set: save_old_set}
    dispatch |= dict.fromkeys((Ch, Select, csc_matrix), save_object)


def write_mat(path: Path, arrays: Mapping[str, Any]) -> Path:
    """A UV_Processed.mat."""
    savemat(path, dict(arrays))
    return path


def uv_processed(body: Body, missing: tuple[int, ...] = ()) -> dict[str, NDArray[Any]]:
    """The arrays of a UV_Processed.mat with the body's own charts.

    Args:
        body: a body whose charts are cut open at their borders: each of these vertices has a row for every U,V it has.
        missing: faces that the file leaves out.
    """
    kept = np.setdiff1d(np.arange(len(body.faces)), missing)
    corners = np.column_stack(
        [
            body.faces[kept].reshape(-1),
            np.repeat(body.face_chart[kept], 3),
            body.face_uv[kept].reshape(-1, 2),
        ]
    )
    split, index = np.unique(corners, axis=0, return_inverse=True)
    # The file has an order of its own: triangles backwards, each turned by one corner more than the one before.
    order = np.arange(len(kept))[::-1]
    turned = (np.arange(3) + np.arange(len(kept))[:, None]) % 3
    triangles = np.take_along_axis(index.reshape(-1, 3)[order], turned, axis=1)
    return {
        "All_vertices": (split[:, 0].astype(np.uint16) + 1)[None],
        "All_Faces": (triangles + 1).astype(np.uint16),
        "All_FaceIndices": body.face_chart[kept[order]][:, None].astype(np.uint8),
        "All_U_norm": split[:, 2:3],
        "All_V_norm": split[:, 3:4],
    }


def toe_faces(body: Body) -> tuple[int, ...]:
    """Two neighbouring triangles inside a chart at the tip of the left foot."""
    foot = np.flatnonzero(body.face_chart == 5)
    order = foot[np.argsort(-body.vertices[body.faces[foot]].mean(axis=1)[:, 2], kind="stable")]
    for first in order.tolist():
        shared = np.isin(body.faces[foot], body.faces[first]).sum(axis=1) == 2
        if shared.sum() == 3:
            return first, int(foot[shared][0])
    raise AssertionError("the foot has no inner triangle")


def main(folder: Path) -> None:
    """One file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    body = surface.load("anny")
    for joints, name in ((24, "smpl"), (52, "smplh"), (55, "smplx")):
        arrays = model(body, joints)
        write_npz(folder / f"{name}.npz", arrays)
        if joints == 52:
            write_npz(folder / "smplh_decimated.npz", decimated(arrays, 8000))
            write_pkl(folder / "smplh.pkl", arrays)
            write_npz(folder / "smplh_other_person.npz", shaped(arrays, body, [1.5, -1.0, 0.5]))
    write_mat(folder / "UV_Processed.mat", uv_processed(body, toe_faces(body)))
    print(f"wrote {folder}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
