"""What detection reaches on public data: real registry rows, real texts. Skipped where the data is not here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from stdnum.cn import uscc

from pipelines.classify import Analyzer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer({}, latest=20261123)


@pytest.fixture(scope="module")
def registry(public_data: Path) -> pd.DataFrame:
    files = sorted(public_data.rglob("cn_enterprise_*.csv"))
    if not files:
        pytest.skip("the registry rows are not here")
    options = {"dtype": "str", "on_bad_lines": "skip", "keep_default_na": False, "encoding_errors": "replace"}
    return pd.concat([pd.read_csv(file, **options) for file in files], ignore_index=True)  # type: ignore[call-overload]


def test_every_valid_credit_code_of_the_registry_is_found_and_no_other(
    analyzer: Analyzer, registry: pd.DataFrame
) -> None:
    whole = registry.agg("\x00".join, axis=1)
    candidates = whole.str.findall(r"(?<![0-9A-Za-z])[0-9A-Z]{18}(?![0-9A-Za-z])")
    valid = sum(uscc.is_valid(code) for row in candidates for code in row)
    found = analyzer.free_text(whole.str.replace("\x00", "\n"), names=False)
    assert valid > 1000
    assert (found["entity"] == "CN_USCC").sum() == valid
    glued = analyzer.free_text("代码" + registry["统一社会信用代码"] + "有效", names=False)
    assert (glued["entity"] == "CN_USCC").sum() == registry["统一社会信用代码"].map(uscc.is_valid).sum()


def test_the_columns_of_the_registry_are_told_with_and_without_their_names(
    analyzer: Analyzer, registry: pd.DataFrame
) -> None:
    columns = ["企业名称", "统一社会信用代码", "注册地址"]
    bare = registry[columns].set_axis(["a", "b", "c"], axis=1)
    assert [p.entity for p in analyzer.columns(bare, ner_cells=200)] == ["ORGANIZATION", "CN_USCC", "LOCATION"]


def test_company_cells_are_not_taken_for_persons(analyzer: Analyzer, registry: pd.DataFrame) -> None:
    sample = registry["企业名称"].iloc[:1000].tolist()
    spans = analyzer.spans(sample)
    wrong = sum(
        any(s.label == "PERSON" and s.end - s.start == len(t) for s in each)
        for t, each in zip(sample, spans, strict=True)
    )
    right = sum(any(s.label == "ORGANIZATION" for s in each) for each in spans)
    assert wrong <= 10
    assert right >= 850


def test_names_standing_alone_are_taken_for_persons(analyzer: Analyzer, public_data: Path) -> None:
    files = sorted(public_data.rglob("zh_resume_dev.jsonl"))
    if not files:
        pytest.skip("the résumés are not here")
    lines = [json.loads(line) for line in files[0].read_text("utf-8").splitlines()]
    names = {line["text"][s["start"] : s["end"]] for line in lines for s in line["spans"] if s["label"] == "PERSON"}
    spans = analyzer.spans(sorted(names))
    whole = [
        any(s.label == "PERSON" and s.start == 0 and s.end == len(t) for s in each)
        for t, each in zip(sorted(names), spans, strict=True)
    ]
    assert sum(whole) / len(whole) >= 0.95
