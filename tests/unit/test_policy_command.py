"""`tutela plan`: list, check, new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.plan import app
from pipelines.errors import PolicyError

POLICY = Path(__file__).parents[2] / "policy"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(POLICY, tmp_path / "policy")
    monkeypatch.setenv("TUTELA_POLICY", str(tmp_path / "policy"))
    return tmp_path / "policy"


def run(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.mark.usefixtures("folder")
def test_list_names_every_plan():
    names = [row["plan"] for row in json.loads(run("list", "--json").stdout)["plans"]]
    assert names == ["counter_customers", "partner_enterprises", "web_registrations"]
    assert "counter_customers" in run("list").stdout


@pytest.mark.usefixtures("folder")
def test_check_passes_what_is_in_order():
    assert json.loads(run("check", "--json").stdout) == {"plans": 3, "problems": []}
    assert run("check").exit_code == 0


def test_check_tells_file_line_and_remedy_and_exits_10(folder):
    path = folder / "plans" / "counter_customers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("item: mobile", "item: mobil"), encoding="utf-8")
    done = run("check", str(path), "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert done.exit_code == 10
    assert (problem["file"], problem["hint"]) == ("counter_customers.yaml", "did you mean `mobile`?")
    assert f"counter_customers.yaml:{problem['line']}" in run("check", str(path)).stdout


@pytest.mark.usefixtures("folder")
def test_a_missing_plan_is_a_problem():
    done = run("check", "none.yaml")
    assert done.exit_code == 10
    assert "no such file" in done.stdout


def test_new_writes_a_skeleton_that_says_what_to_fill_in(folder):
    assert run("new", "club_members", "--channel", "web").exit_code == 0
    path = folder / "plans" / "club_members.yaml"
    text = path.read_text(encoding="utf-8")
    assert "N-WEB-2" in text
    assert "N-COUNTER-2" not in text
    problems = json.loads(run("check", str(path), "--json").stdout)["problems"]
    assert problems
    assert all("blank" in problem["message"] or "empty" in problem["message"] for problem in problems)


def test_new_never_overwrites_and_never_leaves_the_folder(folder):
    before = (folder / "plans" / "counter_customers.yaml").read_bytes()
    for name in ("counter_customers", "../x", "Upper", ""):
        done = run("new", name)
        assert isinstance(done.exception, PolicyError)
    assert (folder / "plans" / "counter_customers.yaml").read_bytes() == before
