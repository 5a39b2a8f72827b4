"""The student's benchmark: what student and network on points share, and how the figures are put together."""

import json

import pytest

import surface
from benchmarks.distillation import student, table, teacher_recipe
from benchmarks.networks.runs import Budget
from model.recipe_text import read


def test_the_teacher_sees_each_person_alone_and_nothing_around_it():
    recipe = teacher_recipe(Budget(steps=7, size=64, batch=3))
    assert recipe.data.crops
    assert recipe.data.blank
    assert (recipe.schedule.steps, recipe.schedule.batch) == (7, 6)
    assert recipe.network == read("teacher_tiny").network


def test_figures_stand_beside_the_papers():
    found = {name: {"AUC10": value, "AUC30": value} for name, value in (("points", 0.25), ("student", 0.5))}
    told = table(found)
    assert told["student: AUC10, the paper's"] == 0.381
    assert told["AUC30, student less points"] == 0.25


def test_figures_of_another_budget_are_not_taken(tmp_path):
    body, budget = surface.load("anny"), Budget(steps=3)
    (tmp_path / "student.json").write_text(json.dumps({"AUC10": 0.5, "budget": vars(budget)}))
    assert student(tmp_path, budget, body, print) == {"AUC10": 0.5}
    with pytest.raises(ValueError, match=r"student\.json was made with another budget"):
        student(tmp_path, Budget(steps=4), body, print)
