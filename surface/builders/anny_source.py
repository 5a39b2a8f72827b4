"""What the body is made of: Anny's mesh, skinning and a population of its rest shapes, as NumPy arrays.

The only module that imports torch and anny. Anny: https://github.com/naver/anny (code Apache-2.0, assets CC0 from
MakeHuman/MPFB2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surface.topology import mirror_vertices, triangulate_symmetric

# Anny is z up and faces -y; a body is y up and faces +z. The person's left is +x in both.
AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
FLIP = np.array([-1.0, 1.0, 1.0])

KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Anny's skin (the main component) and N of its adult rest shapes, symmetric, metres, y up, facing +z.

    Attributes:
        faces: (F,3) triangles over the V vertices; the left half first, then its mirror image.
        mirror: (V,) the vertex at x -> -x.
        shapes: (N,V,3) rest shapes of a population of adults.
        bone_names: B names.
        bone_parents: (B,) parent of each bone, -1 for the root.
        bone_heads: (N,B,3) where each bone begins in each shape.
        skin: (V,B) skinning weights, dense; rows sum to one.
        keypoints: (N,17,3) COCO's keypoints of each shape, by Anny's own regressor.
    """

    faces: NDArray[np.int64]
    mirror: NDArray[np.int64]
    shapes: NDArray[np.float64]
    bone_names: tuple[str, ...]
    bone_parents: NDArray[np.int64]
    bone_heads: NDArray[np.float64]
    skin: NDArray[np.float64]
    keypoints: NDArray[np.float64]


def adult_phenotypes(power: int, labels: list[str]) -> NDArray[np.float64]:
    """A fixed population of `2**power` adults, `(2**power, len(labels))`, from a Sobol sequence.

    Age and height follow Anny's own calibration to WHO data (`data/shape_calibration`): .72 to .90 is about 17 to 80
    years, heights of adult men and women are Beta(16.5, 25.7) and Beta(13.7, 25.7). Sex is Beta(.5, .5), mostly near
    one end; everything else spreads about the middle as Beta(2, 2).
    """
    from scipy.stats import beta, qmc  # half a second, and others take only tables from here

    quantile = dict(zip(labels, qmc.Sobol(len(labels), scramble=False).random_base2(power).T, strict=True))
    values = {label: beta.ppf(q, 2.0, 2.0) for label, q in quantile.items()}
    values["age"] = 0.72 + 0.18 * quantile["age"]
    values["gender"] = beta.ppf(quantile["gender"], 0.5, 0.5)
    # The first point of the sequence is the corner of the cube; the middle stands in for it.
    height = np.where(quantile["height"] == 0.0, 0.5, quantile["height"])
    values["height"] = beta.ppf(height, np.where(values["gender"] < 0.5, 16.496, 13.684), 25.7)
    return np.stack([values[label] for label in labels], axis=1)


def load(power: int = 9) -> Source:
    """Evaluates Anny on `2**power` adults.

    Raises:
        ModuleNotFoundError: without the packages `torch` and `anny` (`pip install densemark[model]`).
        ValueError: if Anny's mesh is not the symmetric quad mesh this builder knows.
    """
    import anny
    import torch
    from anny.keypoints import KeypointsRegressor

    model = anny.Anny(
        rig="makehuman",
        topology="anny-quads",
        phenotypes="all",
        phenotype_blendshapes="original",
        skinning_method="lbs",
    )
    values = torch.as_tensor(adult_phenotypes(power, list(model.phenotype_labels)), dtype=model.dtype)
    rest = model.get_rest_model(
        model.get_phenotype_blendshape_coefficients(**dict(zip(model.phenotype_labels, values.T, strict=True)))
    )
    keypoints = KeypointsRegressor.coco(model, list(KEYPOINTS))({"vertices": rest["rest_vertices"]}).numpy()
    skin = np.zeros((len(model.template_vertices), len(model.bone_labels)))
    np.add.at(
        skin,
        (np.arange(len(skin))[:, None], model.vertex_bone_indices.numpy()),
        model.vertex_bone_weights.numpy(),
    )

    quads = model.faces.numpy()
    template = model.template_vertices.numpy()
    main, quads = _largest_component(quads, len(template))
    template = template[main] @ AXES.T
    mirror = mirror_vertices(template)
    shapes = rest["rest_vertices"].numpy()[:, main] @ AXES.T
    heads = rest["rest_bone_heads"].numpy() @ AXES.T
    keypoints = keypoints @ AXES.T
    names = list(model.bone_labels)
    bone_mirror, keypoint_mirror = other_side(tuple(names)), other_side(KEYPOINTS)
    skin = skin[main]
    skin = 0.5 * (skin + skin[mirror][:, bone_mirror])
    return Source(
        faces=triangulate_symmetric(template, quads, mirror),
        mirror=mirror,
        shapes=0.5 * (shapes + shapes[:, mirror] * FLIP),
        bone_names=tuple(names),
        bone_parents=np.array(model.bone_parents),
        bone_heads=0.5 * (heads + heads[:, bone_mirror] * FLIP),
        skin=skin / skin.sum(axis=1, keepdims=True),
        keypoints=0.5 * (keypoints + keypoints[:, keypoint_mirror] * FLIP),
    )


def other_side(names: tuple[str, ...]) -> NDArray[np.int64]:
    """For each bone, joint or keypoint the index of the one on the other side; its own when it lies in the middle."""

    def swapped(name: str) -> str:
        for a, b in ((".L", ".R"), (".R", ".L")):
            if name.endswith(a):
                return name[: -len(a)] + b
        for a, b in (("left_", "right_"), ("right_", "left_")):
            if name.startswith(a):
                return b + name[len(a) :]
        return name

    return np.array([names.index(swapped(name)) for name in names])


def _largest_component(quads: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertices of the largest connected component and its quads over them; eyes and tongue are other components."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ring = np.roll(quads, -1, axis=1)
    graph = coo_matrix((np.ones(quads.size), (quads.ravel(), ring.ravel())), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    keep = label == np.bincount(label).argmax()
    index = np.cumsum(keep) - 1
    return np.flatnonzero(keep), index[quads[keep[quads[:, 0]]]]
