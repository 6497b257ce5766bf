"""Running suites: complete verdicts, no values, no pass without an evaluation."""

from __future__ import annotations

import gc
import json
import logging
import multiprocessing
import pickle
import subprocess
import sys
import warnings
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from pipelines.errors import PolicyError
from pipelines.quality import vocabulary
from pipelines.quality.check import check
from pipelines.quality.docs import build_docs
from pipelines.quality.document import merge_documents
from pipelines.quality.scorecard import scorecard
from pipelines.quality.suite import Suite, load_suite
from pipelines.quality.verdict import Dimension, Score, Severity, merge

AT = datetime(2026, 3, 2, tzinfo=UTC)
CANARY = "CANARY-7f3a-张三丰-110999199001010014"
SUITE = """\
- {id: name.present, column: name, expect: present, dimension: completeness, severity: critical, zh: 必填, en: Needed}
- {id: name.letters, column: name, expect: matches, dimension: conformity, severity: critical, zh: 字母, en: Letters,
   with: {regex: "^[^0-9]+$"}}
- {id: number.checksum, column: number, expect: luhn, dimension: accuracy, severity: warning, zh: 校验, en: Check}
- {id: number.unique, column: number, expect: unique, dimension: uniqueness, severity: info, zh: 唯一, en: Once}
- {id: born.agrees, column: born, expect: birth_date_of, dimension: consistency, severity: warning, zh: 一致, en: Same,
   with: {id: id_number}}
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    path = tmp_path_factory.mktemp("suites") / "members.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return load_suite(path)


def rows(first: int = 1, **columns: Sequence[str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(columns, dtype="str")
    frame.index = pd.Index(np.arange(first, first + len(frame), dtype=np.int64), name="row")
    return frame


def some_rows(first: int = 1) -> pd.DataFrame:
    return rows(
        first,
        name=["张三", None, "李4", "王五", CANARY],
        number=["4111111111111111", "4111111111111112", None, "4111111111111111", CANARY],
        born=["1990-01-01", "1990-01-02", "1990-01-02", None, CANARY],
        id_number=["110999199001010014", "110999199001010014", None, "110999199001010014", CANARY],
    )


def test_every_failed_row_is_named_and_nothing_else(suite: Suite) -> None:
    verdict = check(some_rows(first=101), suite, at=AT)
    assert {name: found.tolist() for name, found in verdict.failed.items()} == {
        "name.present": [102],
        "name.letters": [103, 105],
        "number.checksum": [102, 105],
        "number.unique": [101, 104],
        "born.agrees": [102],
    }
    assert all(found.dtype == np.int64 for found in verdict.failed.values())


def test_missing_values_are_not_counted_as_evaluated(suite: Suite) -> None:
    scores = {score.id: (score.evaluated, score.failed) for score in check(some_rows(), suite, at=AT).scores}
    assert scores == {
        "name.present": (5, 1),
        "name.letters": (4, 2),
        "number.checksum": (4, 2),
        "number.unique": (4, 2),
        "born.agrees": (3, 1),
    }


def test_only_critical_failures_stop_a_row_and_all_of_them_are_named_in_suite_order(tmp_path: Path) -> None:
    path = tmp_path / "members.yaml"
    path.write_text(SUITE.replace("severity: warning, zh: 校验", "severity: critical, zh: 校验"), encoding="utf-8")
    verdict = check(some_rows(), load_suite(path), at=AT)
    assert verdict.critical_rows() == {
        2: ("name.present", "number.checksum"),
        3: ("name.letters",),
        5: ("name.letters", "number.checksum"),
    }


@pytest.mark.parametrize("bad", [1, 199, 200, 201, 5_000])
def test_the_list_of_failed_rows_is_never_cut_short(suite: Suite, bad: int) -> None:
    frame = rows(
        name=["no1"] * bad + ["好"] * 10,
        number=[None] * (bad + 10),
        born=[None] * (bad + 10),
        id_number=[None] * (bad + 10),
    )
    assert check(frame, suite, at=AT).failed["name.letters"].tolist() == list(range(1, bad + 1))


def test_rows_are_named_by_their_number_whatever_their_order(suite: Suite) -> None:
    frame = some_rows().iloc[[4, 2, 0]]
    assert check(frame, suite, at=AT).failed["name.letters"].tolist() == [3, 5]


def test_no_rows_give_a_verdict_on_nothing(suite: Suite) -> None:
    verdict = check(some_rows().iloc[:0], suite, at=AT)
    assert all(score.evaluated == 0 and score.pass_rate is None for score in verdict.scores)
    assert verdict.critical_rows() == {}


def test_the_frame_is_neither_changed_nor_kept(suite: Suite) -> None:
    frame = some_rows()
    before = frame.copy(deep=True)
    others = {id(found) for found in gc.get_objects() if isinstance(found, pd.DataFrame)} - {id(frame), id(before)}
    check(frame, suite, at=AT)
    pd.testing.assert_frame_equal(frame, before)
    kept = weakref.ref(frame)
    del frame
    gc.collect()
    assert kept() is None
    left = [found for found in gc.get_objects() if isinstance(found, pd.DataFrame) and "id_number" in found.columns]
    assert [id(found) for found in left if id(found) not in others] == [id(before)]


def test_a_column_that_is_not_there_is_never_a_pass(suite: Suite) -> None:
    with pytest.raises(PolicyError, match=r"number\.checksum of the suite members reads number"):
        check(some_rows().drop(columns="number"), suite, at=AT)


class ColumnValuesBroken(ColumnMapMetricProvider):
    """A metric that raises, quoting a value, as buggy libraries do."""

    condition_metric_name = "column_values.broken"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series, **_: object) -> pd.Series:  # noqa: N805 - the decorator makes it one
        message = f"can't handle {column.iloc[-1]}"
        raise ValueError(message)


class ExpectColumnValuesToBeBroken(ColumnMapExpectation):
    """An expectation that can't be evaluated."""

    map_metric = "column_values.broken"


def test_an_exception_inside_an_expectation_is_never_a_pass_and_quotes_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    words = {**vocabulary.WORDS, "broken": vocabulary.Word(ExpectColumnValuesToBeBroken)}
    monkeypatch.setattr("pipelines.quality.suite.WORDS", words)
    path = tmp_path / "members.yaml"
    path.write_text(SUITE.replace("expect: luhn", "expect: broken"), encoding="utf-8")
    with caplog.at_level(logging.DEBUG), pytest.raises(PolicyError) as caught:
        check(some_rows(), load_suite(path), at=AT)
    assert "number.checksum" in str(caught.value)
    shown = [str(caught.value), repr(caught.value.__cause__), caplog.text, *capfd.readouterr()]
    assert not any("CANARY" in each for each in shown)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_caller_who_hands_in_the_wrong_thing_is_told(suite: Suite) -> None:
    with pytest.raises(RuntimeError, match="row number"):
        check(some_rows().reset_index(drop=True), suite, at=AT)
    with pytest.raises(RuntimeError, match="zone"):
        check(some_rows(), suite, at=AT.replace(tzinfo=None))


def test_the_document_holds_counts_and_no_value(suite: Suite) -> None:
    frame = some_rows()
    document = check(frame, suite, at=AT).document
    text = json.dumps(document, ensure_ascii=False)
    cells = {str(cell) for column in frame for cell in frame[column].dropna()}
    assert not [cell for cell in cells if cell in text]
    for part in document["results"]:
        assert set(part["result"]) <= {
            "element_count",
            "unexpected_count",
            "unexpected_percent",
            "missing_count",
            "missing_percent",
            "unexpected_percent_total",
            "unexpected_percent_nonmissing",
        }
    assert document["meta"]["rows"] == 5
    assert document["success"] is False


def test_the_percentages_are_those_of_great_expectations(suite: Suite) -> None:
    from pipelines.quality.check import _results, _run

    frame = some_rows()
    theirs = _results(_run(frame, suite, {"at": AT, "received": AT}), suite)
    for part in check(frame, suite, at=AT).document["results"]:
        found = theirs[part["expectation_config"]["meta"]["id"]]
        assert part["success"] == found.success
        assert part["result"] == {key: found.result[key] for key in part["result"]}
        assert set(found.result) - set(part["result"]) <= {"unexpected_index_list", "unexpected_index_column_names"}


def test_a_verdict_can_be_handed_to_another_process(suite: Suite) -> None:
    verdict = check(some_rows(), suite, at=AT)
    assert pickle.loads(pickle.dumps(verdict)).scores == verdict.scores


def _failures(found: multiprocessing.Queue[list[int]], suite: Suite) -> None:
    found.put(check(some_rows(), suite, at=AT).failed["name.letters"].tolist())


def test_a_forked_process_goes_on_with_the_context_of_its_parent(suite: Suite) -> None:
    check(some_rows(), suite, at=AT)
    forking = multiprocessing.get_context("fork")
    found = forking.Queue()
    child = forking.Process(target=_failures, args=(found, suite))
    child.start()
    assert found.get(timeout=30) == [3, 5]
    child.join(timeout=30)


def test_nothing_is_logged_printed_or_written_at_home_and_warnings_stay_pythons(tmp_path: Path) -> None:
    program = (
        "import logging, sys, warnings; logging.basicConfig(level=1); before = warnings.showwarning\n"
        "from pathlib import Path; from datetime import datetime, UTC; import pandas as pd\n"
        "from pipelines.quality.check import check; from pipelines.quality.suite import load_suite\n"
        "suite = load_suite(Path(sys.argv[1]))\n"
        "frame = pd.DataFrame({c: ['x1'] for c in suite.columns}, dtype='str', index=pd.Index([1], name='row'))\n"
        "check(frame, suite, at=datetime(2026, 3, 2, tzinfo=UTC)); assert warnings.showwarning is before\n"
    )
    path = tmp_path / "members.yaml"
    path.write_text(SUITE, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={"HOME": str(home), "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "great_expectations" not in done.stderr
    assert "Calculating" not in done.stderr
    assert list(home.iterdir()) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "members.yaml"]


def test_warnings_of_this_process_stay_pythons() -> None:
    assert warnings.showwarning.__module__ != "logging"


def test_chunks_add_up_to_what_one_check_of_all_rows_says(suite: Suite) -> None:
    whole = some_rows()
    chunks = [check(whole.iloc[:2], suite, at=AT), check(whole.iloc[2:], suite, at=AT)]
    at_once = check(whole, suite, at=AT)
    totals = {score.id: (score.evaluated, score.failed) for score in merge(chunks)}
    expected = {score.id: (score.evaluated, score.failed) for score in at_once.scores}
    # A value that stands once in each of two chunks is only seen as a duplicate when both are checked at once.
    assert totals | {"number.unique": (4, 2)} == expected
    added = merge_documents([chunk.document for chunk in chunks])
    assert added["meta"]["rows"] == 5
    assert added["results"][:3] == at_once.document["results"][:3]


def test_chunks_of_different_suites_are_not_added_up(suite: Suite) -> None:
    one = check(some_rows(), suite, at=AT)
    other = Score("name.present", "name", Dimension.COMPLETENESS, Severity.INFO, 1, 0)
    with pytest.raises(PolicyError, match=r"name\.present changed"):
        merge([one, SimpleNamespace(scores=(other,))])  # type: ignore[list-item]
    with pytest.raises(PolicyError, match="only the chunks of one run"):
        merge_documents([])


def test_the_scorecard_says_what_fails_most_and_never_calls_nothing_a_success() -> None:
    card = scorecard(
        [
            Score("a.x", "a", Dimension.ACCURACY, Severity.CRITICAL, 100, 50),
            Score("b.x", "b", Dimension.ACCURACY, Severity.WARNING, 300, 0),
            Score("c.x", "c", Dimension.TIMELINESS, Severity.INFO, 0, 0),
            Score("d.x", "d", Dimension.CONFORMITY, Severity.INFO, 3_000_000, 1),
        ]
    ).as_json()
    assert card["dimensions"]["accuracy"] == {"evaluated": 400, "failed": 50, "pass_rate": 0.875}
    assert card["dimensions"]["timeliness"]["pass_rate"] is None
    assert card["dimensions"]["conformity"]["pass_rate"] < 1
    assert "uniqueness" not in card["dimensions"]
    assert card["worst"] == ["a.x", "d.x"]
    assert card["severities"]["critical"]["failed"] == 50
    assert [each["id"] for each in card["expectations"]] == ["a.x", "b.x", "c.x", "d.x"]
    assert json.loads(json.dumps(card)) == card


def test_no_scores_give_an_empty_scorecard() -> None:
    assert scorecard([]).as_json()["overall"] == {"evaluated": 0, "failed": 0, "pass_rate": None}


@pytest.fixture(scope="module")
def site(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "docs"
    verdict = check(some_rows(), suite, at=AT)
    return build_docs([verdict.document, verdict.document], [suite], folder).parent


def test_data_docs_have_a_page_for_each_result_and_suite(site: Path) -> None:
    assert len(list((site / "validations").rglob("*.html"))) == 2
    assert (site / "expectations" / "members.html").is_file()
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in site.rglob("*/*.html"):
        assert page.relative_to(site).as_posix() in index
    result = next((site / "validations").rglob("*.html")).read_text(encoding="utf-8")
    assert "number.checksum" in result
    assert "校验" in result


def test_data_docs_hold_no_value(site: Path) -> None:
    frame = some_rows()
    cells = {str(cell).encode() for column in frame for cell in frame[column].dropna()}
    files = [path for path in site.rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert not [cell for cell in cells if cell in data and len(cell) > 4], path.name


def test_data_docs_ask_no_other_site_for_anything_and_run_no_script(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8").lower()
        assert "<script" not in text
        assert 'src="http' not in text
        assert '<link rel="stylesheet" href="http' not in text
        assert "content-security-policy" in text


def test_values_in_a_document_from_elsewhere_do_not_reach_a_page(suite: Suite, tmp_path: Path) -> None:
    document = json.loads(json.dumps(check(some_rows(), suite, at=AT).document))
    for part in document["results"]:
        part["result"] |= {"unexpected_list": [CANARY], "partial_unexpected_list": [CANARY], "observed_value": CANARY}
        part["exception_info"] = {"raised_exception": True, "exception_message": CANARY}
    document["meta"]["batch_spec"] = CANARY
    build_docs([document], [suite], tmp_path / "docs")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


def test_building_again_replaces_the_site_and_leaves_other_files_alone(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    document = check(some_rows(), suite, at=AT).document
    build_docs([document, document], [suite], tmp_path)
    build_docs([document], [suite], tmp_path)
    assert len(list((tmp_path / "validations").rglob("*.html"))) == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_damaged_document_is_refused(suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="damaged"):
        build_docs([{"results": []}], [suite], tmp_path / "docs")
    assert not (tmp_path / "docs").exists()


def test_the_site_can_be_built_without_any_result(suite: Suite, tmp_path: Path) -> None:
    assert build_docs([], [suite], tmp_path / "docs").is_file()
