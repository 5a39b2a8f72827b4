"""Embeddings of vertices: their loss against closed forms, and bodies that are no humans."""

import numpy as np
import pytest
import torch
import trimesh
from torch import nn
from torch.autograd import gradcheck

from model import recipe, vertices
from model.losses import embedding
from model.losses.embedding import Near
from model.networks import build
from model.networks.cse import VertexEmbedding
from model.prediction import decode
from model.structures import SQUARE, Batch, Targets
from surface import geodesic_build
from surface.builders import mesh as builder
from tests.surface.meshes import saved
from tests.surface.shapes import animal


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(tensor):
    return tensor / tensor.norm(dim=1, keepdim=True)


@pytest.fixture(scope="module")
def beast(tmp_path_factory):
    """An animal of some hundred vertices, none of whose charts is a human's."""
    v, f = animal(0.09)
    return builder.build(saved(tmp_path_factory.mktemp("beast"), trimesh.Trimesh(v, f, process=False)))


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return builder.build(saved(tmp_path_factory.mktemp("ring"), trimesh.creation.torus(0.3, 0.1, 24, 16)), name="ring")


@pytest.fixture(scope="module")
def table(ring, tmp_path_factory):
    """A folder with the ring's geodesic distances."""
    folder = tmp_path_factory.mktemp("table")
    geodesic_build.build(ring.hash, ring.vertices, ring.faces, folder, processes=1)
    return folder


@pytest.fixture
def measured(ring, table, monkeypatch):
    """The ring with the table in its place."""
    monkeypatch.setenv("DENSEMARK_CACHE", str(table))
    return ring


# ---------------------------------------------------------------- the loss


@pytest.mark.parametrize("rows", [3, 2048])
def test_cross_entropy_is_the_soft_max_of_squared_distances(rows, monkeypatch):
    monkeypatch.setattr(embedding, "ROWS", rows)
    pixels, table = drawn(7, 5), unit(drawn(11, 5, seed=1))
    truth, weight = torch.arange(7), torch.linspace(0, 2, 7)
    squared = (unit(pixels)[:, None] - table[None]).square().sum(dim=2)
    likely = (-squared / 0.3).exp()
    expected = -(likely[torch.arange(7), truth] / likely.sum(dim=1)).log() @ weight
    found = embedding.cross_entropy(pixels, table, truth, weight, temperature=0.3)
    torch.testing.assert_close(found.total, expected)
    assert found.number == weight.sum()


def test_shares_of_the_true_vertex_alone_change_nothing():
    pixels, table, truth = drawn(7, 5), unit(drawn(11, 5, seed=1)), torch.arange(7)
    alone = Near(torch.arange(11, dtype=torch.int32)[:, None].expand(11, 3), torch.eye(3)[0].expand(11, 3))
    found = embedding.cross_entropy(pixels, table, truth, torch.ones(7), alone)
    torch.testing.assert_close(found, embedding.cross_entropy(pixels, table, truth, torch.ones(7)))


def test_shares_mix_the_cross_entropies():
    pixels, table, truth = drawn(7, 5), unit(drawn(11, 5, seed=1)), torch.arange(7)
    other = (torch.arange(11) + 4) % 11
    near = Near(torch.stack([torch.arange(11), other], dim=1).int(), torch.tensor([[0.7, 0.3]]).expand(11, 2))
    one, two = (embedding.cross_entropy(pixels, table, t, torch.ones(7)).total for t in (truth, other[truth]))
    found = embedding.cross_entropy(pixels, table, truth, torch.ones(7), near).total
    torch.testing.assert_close(found, 0.7 * one + 0.3 * two)


def test_gradients_are_those_of_finite_differences(monkeypatch):
    monkeypatch.setattr(embedding, "ROWS", 2)  # so that several blocks are put together
    pixels, table = drawn(5, 3).double().requires_grad_(), unit(drawn(9, 3, seed=1)).double().requires_grad_()
    near = Near(torch.randint(9, (9, 4), generator=torch.Generator().manual_seed(0)).int(), torch.full((9, 4), 0.25))
    for shares in (None, near):
        assert gradcheck(
            lambda p, t, shares=shares: embedding.cross_entropy(
                p, t, torch.arange(5), torch.ones(5), shares, 0.5
            ).total,
            (pixels, table), eps=1e-2, atol=1e-2,
        )  # fmt: skip


def test_no_points_still_reach_every_parameter():
    table, pixels = VertexEmbedding(11, 5), torch.zeros(0, 5, requires_grad=True)
    found = table.loss(pixels, torch.zeros(0, dtype=torch.int64), torch.zeros(0))
    found.total.backward()
    assert found.total == 0
    assert found.number == 0
    assert table.weight.grad is not None
    assert pixels.grad is not None


# ---------------------------------------------------------------- on a body


def test_vertices_become_charts_and_back(beast):
    own = np.arange(len(beast.vertices))
    assert np.array_equal(vertices.of_points(beast, *beast.from_iuv(*vertices.to_iuv(beast))), own)
    assert np.allclose(beast.position(*vertices.points(beast)), beast.vertices)


def test_points_become_the_nearest_corner(beast):
    rng = np.random.default_rng(0)
    face, bary = rng.integers(len(beast.faces), size=300), rng.dirichlet(np.ones(3), 300)
    found = vertices.of_points(beast, *beast.from_iuv(*beast.to_iuv(face, bary)))
    assert np.array_equal(found, vertices.of_points(beast, face, bary))
    assert (beast.faces[face] == found[:, None]).any(axis=1).all()


def test_shares_fall_with_geodesic_distance(measured):
    near = vertices.near(measured, 0.03)
    face, bary = vertices.points(measured)
    for vertex in (0, 100):
        far = measured.geodesic((face[[vertex] * len(face)], bary[[vertex] * len(face)]), (face, bary), method="exact")
        expected = np.where(far <= 0.12, np.exp(-far / 0.03), 0)
        found = np.zeros(len(face))
        np.add.at(found, near.vertex[vertex].numpy(), near.share[vertex].numpy())
        assert found == pytest.approx(expected / expected.sum(), rel=2e-2, abs=1e-4)
        assert found.argmax() == vertex


def test_without_a_geodesic_table_it_is_said_how_to_build_one(ring, tmp_path, monkeypatch):
    monkeypatch.setenv("DENSEMARK_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="densemark body geodesics"):
        VertexEmbedding(len(ring.vertices), 8, spread=0.01, body=ring)


def test_smooth_functions_of_a_sphere_have_the_spectrum_of_a_sphere(tmp_path):
    ball = builder.build(saved(tmp_path, trimesh.creation.icosphere(3, 0.5)))
    found = vertices.smooth_functions(ball, 9)
    area = np.bincount(ball.faces.reshape(-1), np.repeat(ball.face_area, 3) / 3)
    assert (found * area[:, None]).T @ found / area.sum() == pytest.approx(np.eye(9), abs=2e-2)
    # Of degree 0: 1; of degree 1: x, y, z; of degree 2: products of them.
    x, y, z = (ball.vertices - ball.vertices.mean(axis=0)).T
    harmonics = [np.ones_like(x), x, y, z, x * y, y * z, z * x, x * x - y * y, 2 * z * z - x * x - y * y]
    for first, last in ((0, 1), (1, 4), (4, 9)):
        wanted, space = np.stack(harmonics[first:last], axis=1), found[:, first:last]
        rest = wanted - space @ np.linalg.lstsq(space, wanted, rcond=None)[0]
        assert np.linalg.norm(rest) < 0.05 * np.linalg.norm(wanted)


def test_too_many_smooth_functions_are_refused(ring):
    with pytest.raises(ValueError, match="ring"):
        vertices.smooth_functions(ring, len(ring.vertices))


def test_body_and_network_must_agree(ring):
    with pytest.raises(ValueError, match="ring"):
        VertexEmbedding(3, 8, body=ring)


def test_weights_carry_the_smooth_functions(ring):
    made = VertexEmbedding(len(ring.vertices), 8, smooth=20, body=ring)
    read = VertexEmbedding(len(ring.vertices), 8, smooth=20)
    read.load_state_dict(made.state_dict())
    torch.testing.assert_close(read(), made())


def test_learning_with_distances_needs_the_body():
    with pytest.raises(ValueError, match="body"):
        VertexEmbedding(9, 4, spread=0.01).loss(drawn(2, 4), torch.arange(2), torch.ones(2))


def learned(body, smooth, known):
    """Error in metres at the vertices of which nothing was learned, when places in space are to tell vertices."""
    torch.manual_seed(0)
    table = VertexEmbedding(len(body.vertices), 8, smooth, body=body)
    net = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 8))
    places = torch.tensor(body.vertices, dtype=torch.float32)
    fit = torch.optim.Adam([*net.parameters(), *table.parameters()], 1e-2)
    for _ in range(150):
        total, number = table.loss(net(places[known]), known, torch.ones(len(known)))
        fit.zero_grad()
        (total / number).backward()
        fit.step()
    with torch.no_grad():
        found = embedding.scores(net(places), table()).argmax(dim=1)
    rest = torch.ones(len(places), dtype=torch.bool).scatter(0, known, value=False)
    return (places[found] - places).norm(dim=1)[rest].mean().item()


def test_an_animal_is_learned_from_a_few_of_its_points(beast):
    count = len(beast.vertices)
    known = torch.randperm(count, generator=torch.Generator().manual_seed(0))[: count // 4]
    smooth = learned(beast, 64, known)
    assert smooth < 0.1  # metres, of a beast 1.4 high and 2 long, whose vertices are .09 apart
    assert smooth < 0.5 * learned(beast, 0, known)


# ---------------------------------------------------------------- in the network


def network(body, cascade=False, geodesic=0.0):
    torch.manual_seed(0)
    densepose = recipe.DensePose(
        layers=1, channels=8, pooled=7, coarse="2", surface="embedding", embedding=8, smooth=20, geodesic=geodesic
    )
    wanted = recipe.Network(
        trunk=recipe.Trunk("tiny", channels=16),
        detector=recipe.Detector(width=16, proposals=(20, 20), sampled=16),
        densepose=densepose,
        cascade=cascade,
    )
    return build(wanted, len(body.chart_names), len(body.part_names), 0, len(body.vertices), body)


def batch(body, points):
    """An image of one animal with points, of which the last is of an unknown vertex."""
    draw = torch.Generator().manual_seed(0)
    at = torch.rand(points, 2, generator=draw)
    truth = Targets(
        image_id=torch.tensor(1),
        ids=torch.tensor([1]),
        boxes=torch.tensor([[10.0, 8.0, 74.0, 56.0]]),
        crowd=torch.zeros(1, dtype=torch.bool),
        parts=torch.zeros(1, SQUARE, SQUARE, dtype=torch.uint8),
        has_parts=torch.zeros(1, dtype=torch.bool),
        outline=torch.ones(1, SQUARE, SQUARE, dtype=torch.uint8),
        has_outline=torch.tensor([points > 0]),
        keypoints=torch.zeros(1, 0, 3),
        point_person=torch.zeros(points, dtype=torch.int64),
        point_xy=torch.tensor([10.0, 8.0]) + at * torch.tensor([64.0, 48.0]),
        point_chart=torch.ones(points, dtype=torch.int64),
        point_uv=at,
        point_vertex=torch.randint(len(body.vertices), (points,), generator=draw),
        point_weight=torch.ones(points),
    )
    if points:
        truth.point_vertex[-1] = -1
    image = torch.randint(0, 256, (1, 3, 64, 96), generator=draw, dtype=torch.uint8)
    return Batch(image, torch.tensor([[64, 96]]), torch.tensor([3]), [truth], [truth.boxes])


@pytest.mark.parametrize("points", [0, 9])
def test_gradients_reach_every_parameter(beast, points):
    net = network(beast, cascade=True)
    losses = net(batch(beast, points))
    for name in ("embedding", "embedding_2"):
        # The region that is the person's own box has all known points inside.
        assert (losses[name].number > 0) == (points > 0)
        assert losses[name].number % max(points - 1, 1) == 0
    sum(total for total, _ in losses.values()).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    assert (net.branches["densepose"].table.weight.grad.abs().sum() > 0) == (points > 0)


def test_its_loss_is_single_precision_where_the_rest_is_half(beast):
    net = network(beast)
    with torch.autocast("cpu", torch.bfloat16):
        found = net(batch(beast, 9))["embedding"].total
    assert found.dtype == torch.float32
    # The features are rounded, the soft-max over hundreds of vertices is not.
    torch.testing.assert_close(found, net(batch(beast, 9))["embedding"].total, rtol=0.1, atol=0)


def test_an_animal_is_found_in_its_box_and_decoded_to_its_charts(beast):
    net = network(beast).eval()
    with torch.inference_mode():
        (found,) = net(batch(beast, 9))
    assert found.embedding.shape == (1, 8, 28, 28)
    (person,) = decode.persons(found, decode.vertices_of(net, beast))
    assert person.chart.shape == (48, 64)
    assert person.chart.max() <= len(beast.chart_names)


def test_learning_by_distances_in_the_network(measured):
    near, exact = (network(measured, geodesic=spread)(batch(measured, 9))["embedding"] for spread in (0.03, 0.0))
    assert near.number == exact.number
    assert near.total.isfinite()
    assert not near.total.isclose(exact.total)
