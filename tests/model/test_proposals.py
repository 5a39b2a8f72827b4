"""Which boxes networks learn from."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.networks.proposals import BACKGROUND, IGNORED, balanced, drawn, generators, matched, rois, taught
from tests.model.truths import targets

PERSON = [0.0, 0, 100, 100]


@given(st.lists(st.booleans(), max_size=50), st.integers(0, 60), st.integers(0, 2**40))
def test_what_is_drawn_follows_from_the_seed(flags, most, seed):
    candidates = torch.tensor(flags, dtype=torch.bool)
    first, second = (drawn(candidates, most, generators(torch.tensor([seed]))[0]) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert len(first) == len(set(first.tolist())) == min(most, sum(flags))
    assert candidates[first].all()


def test_every_candidate_is_as_probable():
    counts = torch.zeros(10)
    for seed in range(2000):
        counts[drawn(torch.ones(10, dtype=torch.bool), 3, torch.Generator().manual_seed(seed))] += 1
    assert counts.sum() == 6000
    assert (counts - 600).abs().max() < 5 * 600**0.5


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 30))
def test_background_fills_what_persons_leave(persons, background, count):
    match = torch.tensor([0] * persons + [BACKGROUND] * background + [IGNORED] * 5)
    rows = balanced(match, count, 0.5, torch.Generator().manual_seed(0))
    chosen = match[rows]
    assert (chosen >= 0).sum() == min(persons, count // 2)
    assert (chosen == BACKGROUND).sum() == min(background, count - min(persons, count // 2))


def test_boxes_match_by_overlap():
    truth = targets([PERSON, [200.0, 0, 300, 100]])
    boxes = torch.tensor([[0.0, 0, 100, 80], [0, 0, 100, 50], [0, 0, 100, 20], [200, 0, 300, 70]])
    assert matched(boxes, truth, 0.7, 0.3).tolist() == [0, IGNORED, BACKGROUND, 1]


def test_a_persons_best_boxes_match_however_little_they_overlap():
    truth = targets([PERSON, [500.0, 0, 600, 100]])
    boxes = torch.tensor([[0.0, 0, 100, 20], [0, 0, 100, 20], [0, 0, 100, 10]])
    assert matched(boxes, truth, 0.7, 0.3, best=True).tolist() == [0, 0, BACKGROUND]


def test_in_crowds_there_is_neither_person_nor_background():
    truth = targets([PERSON, [200.0, 0, 300, 100]], crowd=[False, True])
    boxes = torch.tensor([PERSON, [210.0, 10, 220, 20], [150, 0, 240, 100], [150, 0, 260, 100]])
    assert matched(boxes, truth, 0.5, 0.5).tolist() == [0, IGNORED, BACKGROUND, IGNORED]


@pytest.mark.parametrize("boxes", [[], [PERSON]])
def test_without_persons_all_is_background(boxes):
    found = matched(torch.tensor(boxes).reshape(-1, 4), targets([]), 0.5, 0.5, best=True)
    assert found.tolist() == [BACKGROUND] * len(boxes)
    assert matched(torch.zeros(0, 4), targets([PERSON]), 0.5, 0.5, best=True).shape == (0,)


def test_branches_learn_from_persons_of_whom_something_is_known():
    truth = targets([PERSON, [200.0, 0, 300, 100], [400.0, 0, 500, 100]], [[250, 50]], person=[1])
    assert taught(truth).tolist() == [False, True, False]
    proposals = truth.boxes.repeat(3, 1)
    found = rois([proposals], [truth], 0.7, 2, generators(torch.tensor([3])))
    assert found.rows[0].tolist() == [1, 1]
    assert found.boxes[0].tolist() == [[200, 0, 300, 100]] * 2
    assert len(found) == 2
