"""Our expectations in a Great Expectations project that knows nothing of Tutela: no suite file, no check, no verdict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest

from pipelines.quality import expectations as cn

AT = "2026-03-02T12:00:00+08:00"
CUSTOMERS = pd.DataFrame(
    {
        "name": ["张三", "测试", "王\ufffd", None],
        "id_number": ["11010519491231002X", "110105194912310021", "810000199001010019", None],
        "born": ["1949-12-31", "1949-12-30", "1990-01-01", None],
        "age": ["76", "40", "36", None],
        "sex": ["女", "男", "男", None],
        "uscc": ["91350100M000100Y43", "91350100M000100Y44", "91990100M000100Y43", None],
        "address": ["福州市鼓楼区", "上海市黄浦区", "某路一号", None],
        "city": ["福州", "亚特兰蒂斯", "上海市", None],
        "mobile": ["13800000000", "1380000000", "15400000000", None],
        "phone": ["0591-80000000", "80000000", "400-600-0000", None],
        "email": ["a@example.com", "a@b", "a..b@example.com", None],
        "ip": ["192.0.2.17", "2001:db8::17", "300.1.1.1", None],
        "card": ["6210000000000000009", "6210000000000000008", "x", None],
        "income": ["1,200.5", "-1", "many", None],
        "opened": ["2026-02-01", "2024-02-01", "2027-02-01", None],
        "closed": ["2026-02-01T08:00:00+08:00", "2024-01-31", "2027-03-01", None],
        "seen": [0, 1, 0, 1],
    }
)
CASES = [
    (cn.ExpectColumnValuesNotToBeFiller(column="name"), 1),
    (cn.ExpectColumnValuesToBeReadable(column="name"), 1),
    (cn.ExpectColumnValuesToBeCnResidentIds(column="id_number"), 1),
    (cn.ExpectColumnValuesToHoldCnAreas(column="uscc", first=3), 1),
    (cn.ExpectColumnValuesToBeCnUsccs(column="uscc"), 2),
    (cn.ExpectColumnValuesToBeCnCities(column="city"), 1),
    (cn.ExpectColumnValuesToBeCnMobiles(column="mobile", issued=True), 2),
    (cn.ExpectColumnValuesToBeCnPhones(column="phone"), 1),
    (cn.ExpectColumnValuesToBeEmails(column="email"), 2),
    (cn.ExpectColumnValuesToBeIpAddresses(column="ip"), 1),
    (cn.ExpectColumnValuesToPassLuhn(column="card"), 2),
    (cn.ExpectColumnValuesToBeAmounts(column="income", min_value=0), 2),
    (cn.ExpectColumnValuesToBeCalendarDates(column="opened", at=AT), 1),
    (cn.ExpectColumnValuesToBeRecent(column="opened", at=AT, days=31), 2),
    (cn.ExpectColumnValuesToBeEnteredInTime(column="opened", at=AT, received="2026-02-01T00:00:00+08:00", hours=24), 3),
    (cn.ExpectColumnValuesToBeOfAge(column="born", at=AT, min_value=40), 1),
    (cn.ExpectAgeToAgreeWithBirth(column_A="age", column_B="id_number", at=AT), 1),
    (cn.ExpectBirthDateToAgreeWithResidentId(column_A="born", column_B="id_number"), 1),
    (cn.ExpectSexToAgreeWithResidentId(column_A="sex", column_B="id_number"), 1),
    (cn.ExpectPlaceToAgreeWithAreaCode(column_A="address", column_B="uscc", number="uscc"), 1),
    (cn.ExpectMomentNotToBeBefore(column_A="closed", column_B="opened"), 1),
    (cn.ExpectColumnValuesToBeUnmarked(column_A="name", column_B="seen"), 1),
]


@pytest.fixture(scope="module")
def batch() -> Any:
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("plain").add_dataframe_asset("customers")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": CUSTOMERS})


def test_every_expectation_of_the_package_is_tried() -> None:
    assert {type(expectation).__name__ for expectation, _ in CASES} == set(cn.__all__)


@pytest.mark.parametrize(("expectation", "failing"), CASES, ids=[type(each).__name__ for each, _ in CASES])
def test_a_plain_project_may_use_it(batch: Any, expectation: Any, failing: int) -> None:
    result = batch.validate(expectation)
    assert not result.exception_info.get("raised_exception")
    assert result.result["unexpected_count"] == failing
    assert result.success == (failing == 0)


def test_mostly_works_as_everywhere(batch: Any) -> None:
    lenient = cn.ExpectColumnValuesToBeCnCities(column="city", mostly=0.6)
    assert batch.validate(lenient).success


def test_importing_the_package_imports_nothing_else_of_tutela() -> None:
    program = (
        "import sys, pipelines.quality.expectations\n"
        "print([m for m in sys.modules if m.startswith('pipelines.') and not m.startswith('pipelines.quality')]"
        " + [m for m in sys.modules if m.startswith('pipelines.quality.') and 'expectations' not in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "[]"
