"""Several looks at a photo, averaged."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import surface
from model.prediction import average
from model.prediction.average import Symmetry
from model.prediction.decode import Vertices, nearest
from model.prediction.photos import Photo
from model.recipe import Data
from model.structures import Detections
from tests.model import seen

BODY = surface.load("anny")
SYMMETRY = Symmetry.of(BODY, torch.device("cpu"))
CHARTS, PARTS, KEYPOINTS = len(BODY.chart_names), len(BODY.part_names), len(BODY.keypoint_names)
MAPS = ("coarse", "fine", "u", "v", "spread", "mask", "boxes", "scores", "keypoints")
DATA = Data(tested=(120, 160))


def drawn(seed, count=2):
    """Detections whose U and V are places of their charts, as a trained network's are."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    face = rng.integers(0, len(BODY.faces), (count, CHARTS + 1, 6, 5))
    for chart in range(1, CHARTS + 1):
        own = np.flatnonzero(BODY.face_chart == chart)
        face[:, chart] = own[rng.integers(0, len(own), face[:, chart].shape)]
    bary = rng.dirichlet([1, 1, 1], face.size)
    _, u, v = BODY.to_iuv(face.ravel().astype(np.int32), bary)
    u, v = (torch.from_numpy(each.reshape(face.shape)).float() for each in (u, v))
    corner = torch.rand(count, 2) * 50
    return Detections(
        boxes=torch.cat([corner, corner + 10 + torch.rand(count, 2) * 50], dim=1),
        scores=torch.rand(count),
        coarse=torch.randn(count, PARTS + 1, 6, 5),
        fine=torch.randn(count, CHARTS + 1, 6, 5),
        u=u,
        v=v,
        spread=torch.rand(count, CHARTS + 1, 6, 5),
        mask=torch.rand(count, 6, 5),
        keypoints=torch.rand(count, KEYPOINTS, 3),
    )


@given(st.integers(0, 1000), st.floats(60, 500))
@settings(max_examples=20)
def test_the_mirror_of_the_mirror_is_what_was_there(seed, width):
    found = drawn(seed)
    twice = SYMMETRY.back(SYMMETRY.back(found, width), width)
    for name in MAPS:
        a, b = getattr(found, name), getattr(twice, name)
        if name in ("u", "v"):  # a table of 256 cells twice: where the surface folds in U,V it rounds
            off = (a[:, 1:] - b[:, 1:]).abs()
            assert off.median() < 1e-3
            assert off.quantile(0.95) < 0.02
        else:
            assert torch.allclose(a, b, atol=1e-3), name


def test_maps_in_the_mirror_are_the_body_s_mirror():
    """At each pixel, the chart of its mirror image has the U and V of the mirrored point."""
    found = drawn(3, 1)
    back = SYMMETRY.back(found, 100)
    for chart in (1, 3, 8, 15, 24):
        other = int(BODY.chart_mirror[chart])
        u, v = (each[0, chart].flip(-1).numpy().ravel().astype(np.float64) for each in (found.u, found.v))
        expected = BODY.to_iuv(*BODY.mirror(*BODY.from_iuv(np.full(len(u), chart), u, v)))
        assert (expected[0] == other).all()
        assert torch.equal(back.fine[0, other], found.fine[0, chart].flip(-1))
        for mine, theirs in ((back.u, expected[1]), (back.v, expected[2])):
            assert np.quantile(np.abs(mine[0, other].numpy().ravel() - theirs), 0.9) < 0.02
    left, right = (BODY.keypoint_names.index(f"{side}_wrist") for side in ("left", "right"))
    assert back.keypoints[0, left].tolist() == pytest.approx(
        [100 - float(found.keypoints[0, right, 0]), *found.keypoints[0, right, 1:].tolist()]
    )
    assert torch.equal(back.coarse[0, 2], found.coarse[0, 3].flip(-1))  # the right hand was the left


class Largest(TorchDispatchMode):
    """Notes how many numbers the largest tensor has that is computed within it."""

    def __init__(self):
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor):
            self.numbers = max(self.numbers, out.numel())
        return out


def test_a_map_is_compared_with_many_vertices_in_bands():
    torch.manual_seed(0)
    vertices = 12_000
    table, cells = torch.randn(vertices, 4), torch.randint(vertices, (60, 112))
    with Largest() as largest:
        found = nearest(table[cells].permute(2, 0, 1), table)
    assert torch.equal(found, cells)
    assert largest.numbers <= 2**24 < cells.numel() * vertices


def test_an_embedding_in_the_mirror_is_that_of_the_mirrored_vertex():
    generator = torch.Generator().manual_seed(0)
    table = torch.nn.functional.normalize(torch.randn(len(BODY.vertices), 16, generator=generator), dim=1)
    vertices = Vertices(table, torch.zeros(len(table), 3))
    symmetry = Symmetry.of(BODY, torch.device("cpu"), vertices)
    vertex = torch.randint(0, len(table), (1, 4, 4), generator=generator)
    found = Detections(torch.zeros(1, 4), torch.ones(1), embedding=2 * table[vertex].permute(0, 3, 1, 2))
    back = symmetry.back(found, 10)
    expected = table[symmetry.vertex[vertex.flip(-1)]].permute(0, 3, 1, 2)
    assert torch.allclose(back.embedding, 2 * expected, atol=1e-5)
    mirrored = BODY.vertices[symmetry.vertex.numpy()] * [-1, 1, 1]
    assert np.median(np.linalg.norm(mirrored - BODY.vertices, axis=1)) < 1e-3


class Equivariant(seen.Reader):
    """What it says of a mirrored photo is the mirror of what it says of the photo: half of each."""

    def read(self, image, boxes):
        width = image.shape[2]
        flipped = boxes[:, [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1]) + torch.tensor([width, 0, width, 0])
        plain, mirrored = self.parts(image, boxes), SYMMETRY.back(self.parts(image.flip(-1), flipped), width)
        return average.averaged([plain, mirrored])

    def parts(self, image, boxes):
        """The picture's red as every chart, green and blue as U and V; keypoints where it is reddest."""
        found = super().read(image, boxes)
        wide = {name: getattr(found, name)[:, 1:].repeat(1, CHARTS + 1, 1, 1) for name in ("fine", "u", "v")}
        wide["fine"] = wide["fine"] * torch.linspace(0, 3, CHARTS + 1)[:, None, None]
        return dataclasses.replace(found, **wide)


def test_looking_in_the_mirror_changes_nothing_for_an_equivariant_network():
    rng = np.random.default_rng(0)
    pixels = seen.photo([(20, 30, 60, 80), (100, 10, 40, 90)])
    pixels[..., 1:] = (pixels[..., 1:] * rng.uniform(0.8, 1, (seen.HEIGHT, seen.WIDTH, 1))).astype(np.uint8)
    photo = Photo(1, "one", pixels)
    (once,) = average.look(Equivariant(14), [photo], DATA, [120])
    (both,) = average.look(Equivariant(14), [photo], DATA, [120], SYMMETRY)
    assert torch.allclose(once.boxes, both.boxes, atol=1e-3)
    assert torch.allclose(once.scores, both.scores, atol=1e-4)
    assert torch.allclose(once.keypoints, both.keypoints, atol=1e-2)
    assert torch.equal(once.fine.argmax(dim=1), both.fine.argmax(dim=1))
    for name in ("u", "v"):
        off = (getattr(once, name) - getattr(both, name))[:, 1:].abs()
        assert off.median() < 5e-3


def test_one_look_is_the_network_s_own():
    photo = Photo(1, "one", seen.photo([(20, 30, 60, 80), (100, 10, 40, 90)]))
    network = seen.Reader()
    (plain,) = average.single.look(network, [photo], DATA)
    (once,) = average.look(network, [photo], DATA, [120])
    for name in ("boxes", "scores", "fine", "u", "v", "keypoints"):
        assert torch.allclose(getattr(plain, name), getattr(once, name), atol=1e-4), name


def test_looks_at_several_sizes_agree_on_the_boxes():
    box = (20, 30, 60, 80)
    (found,) = average.look(seen.Reader(), [Photo(1, "one", seen.photo([box]))], DATA, [96, 120, 300])
    assert len(found) == 1
    assert np.allclose(found.boxes[0], [20, 30, 80, 110], atol=1)
    assert found.coarse.argmax(dim=1).float().mean() > 0.9


def test_what_one_look_of_two_sees_is_half_as_sure():
    boxes = torch.tensor([[0.0, 0, 10, 10], [50, 50, 70, 70]])
    first = Detections(boxes, torch.tensor([0.9, 0.8]))
    second = Detections(boxes[:1] + 1, torch.tensor([0.3]))
    merged, scores = average.merged([first, second])
    assert scores.tolist() == pytest.approx([0.6, 0.4])
    assert merged[0].tolist() == pytest.approx([0.25, 0.25, 10.25, 10.25])
    assert merged[1].tolist() == boxes[1].tolist()


def test_a_body_without_a_mirror_image_is_refused():
    with pytest.raises(ValueError, match="not symmetric"):
        Symmetry.of(seen.body(), torch.device("cpu"))
