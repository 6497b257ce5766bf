"""When a run counts as unlike the runs before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.quality.drift import LEAST, OTHER, Drift, Measure, RunShape, Sign, drifts
from pipelines.quality.drift_words import sentence
from pipelines.quality.shape import FieldShape

RANK = {Sign.UNKNOWN: -1, Sign.STEADY: 0, Sign.INFO: 1, Sign.WARNING: 2}
COUNTS = st.lists(st.integers(0, 10_000), min_size=LEAST, max_size=40)


def run(arrived: int = 1000, missing: int = 0, words: dict[str, int] | None = None, rows: int = 1000) -> RunShape:
    return RunShape("r", arrived, {"sex": FieldShape("sex", rows, missing, words)})


def one(measure: Measure, now: RunShape, earlier: list[RunShape]) -> Drift:
    return next(found for found in drifts(now, earlier) if found.measure is measure)


VOLUME = [
    # arrived, earlier runs, what follows
    (1000, [1000] * 4, Sign.UNKNOWN, "four earlier runs tell nothing"),
    (1000, [1000] * 5, Sign.STEADY, "the same as always"),
    (1001, [1000] * 30, Sign.STEADY, "a row more is no news, however even the plan was"),
    (1124, [1000] * 30, Sign.STEADY, "within two and a half deviations of five in a hundred"),
    (1126, [1000] * 30, Sign.INFO, "just beyond"),
    (1176, [1000] * 30, Sign.WARNING, "beyond three and a half"),
    (0, [1000] * 30, Sign.WARNING, "nothing came"),
    (4, [3] * 30, Sign.STEADY, "small numbers jump by chance"),
    (400, [100, 900] * 15, Sign.STEADY, "a plan that always jumped may jump"),
    (2000, [1000] * 29 + [900_000], Sign.WARNING, "one odd run does not make the next one usual"),
]


@pytest.mark.parametrize(("arrived", "earlier", "sign", "why"), VOLUME, ids=[case[3] for case in VOLUME])
def test_volume(arrived: int, earlier: list[int], sign: Sign, why: str) -> None:
    assert one(Measure.VOLUME, run(arrived), [run(each) for each in earlier]).sign is sign


MISSING = [
    (0, [0] * 4, Sign.UNKNOWN),
    (0, [0] * 5, Sign.STEADY),
    (12, [0] * 30, Sign.STEADY),  # 1.2 % where half a per cent is the slack
    (14, [0] * 30, Sign.INFO),
    (18, [0] * 30, Sign.WARNING),
    (1000, [1000] * 30, Sign.STEADY),  # an empty column was empty before
    (0, [1000] * 30, Sign.WARNING),  # a column that was always empty is filled
    (320, [300] * 30, Sign.STEADY),
    (400, [300] * 30, Sign.WARNING),
]


@pytest.mark.parametrize(("missing", "earlier", "sign"), MISSING)
def test_missing(missing: int, earlier: list[int], sign: Sign) -> None:
    assert one(Measure.MISSING, run(missing=missing), [run(missing=each) for each in earlier]).sign is sign


HALVES = {"男": 500, "女": 500}
WORDS = [
    ({"男": 500, "女": 500}, [HALVES] * 4, Sign.UNKNOWN, None),
    ({"男": 500, "女": 500}, [HALVES] * 5, Sign.STEADY, None),
    ({"男": 600, "女": 400}, [HALVES] * 30, Sign.STEADY, None),
    ({"男": 680, "女": 320}, [HALVES] * 30, Sign.INFO, None),
    ({"男": 900, "女": 100}, [HALVES] * 30, Sign.WARNING, "女"),
    ({"M": 500, "F": 500}, [HALVES] * 30, Sign.WARNING, None),
    ({"男": 250, "女": 250}, [HALVES] * 30, Sign.WARNING, OTHER),  # half of the cells hold what no rule names
]


@pytest.mark.parametrize(("words", "earlier", "sign", "most"), WORDS)
def test_shares_of_words(words: dict[str, int], earlier: list[dict[str, int]], sign: Sign, most: str | None) -> None:
    found = one(Measure.WORDS, run(words=words), [run(words=each) for each in earlier])
    assert found.sign is sign
    assert most in (None, found.word)


def test_ten_rows_may_fall_as_chance_has_it() -> None:
    earlier = [run(words=HALVES)] * 30
    assert one(Measure.WORDS, run(words={"男": 8, "女": 2}, rows=10), earlier).sign is Sign.STEADY


def test_a_field_without_a_closed_set_is_not_compared_word_by_word() -> None:
    assert {found.measure for found in drifts(run(), [run()] * 5)} == {Measure.VOLUME, Measure.MISSING}


def test_a_field_that_earlier_runs_did_not_have_is_unknown() -> None:
    earlier = [RunShape("r", 1000, {})] * 30
    assert one(Measure.MISSING, run(), earlier).sign is Sign.UNKNOWN


@given(COUNTS, st.integers(0, 20_000), st.integers(0, 20_000))
def test_farther_from_the_usual_is_never_judged_milder(earlier: list[int], near: int, more: int) -> None:
    known = [run(each) for each in earlier]
    low = one(Measure.VOLUME, run(0), known).low or 0
    high = one(Measure.VOLUME, run(0), known).high or 0
    middle = int((low + high) / 2)
    signs = [one(Measure.VOLUME, run(middle + 1 + off), known).sign for off in (near, near + more)]
    assert RANK[signs[0]] <= RANK[signs[1]]


@given(st.permutations([3, 10, 17, 900, 12, 11, 40]), st.integers(0, 1000))
def test_the_order_of_earlier_runs_says_nothing(earlier: list[int], arrived: int) -> None:
    expected = one(Measure.VOLUME, run(arrived), [run(each) for each in sorted(earlier)])
    assert one(Measure.VOLUME, run(arrived), [run(each) for each in earlier]) == expected


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 500), min_size=2), st.integers(5, 12))
def test_a_run_like_all_others_is_steady_and_the_index_is_never_negative(words: dict[str, int], times: int) -> None:
    same = run(words=words, rows=sum(words.values()) + 10)
    found = one(Measure.WORDS, same, [same] * times)
    assert found.sign is Sign.STEADY
    assert 0 <= found.value < 0.1


@given(COUNTS, st.integers(0, 10_000))
def test_the_usual_range_holds_exactly_what_is_steady(earlier: list[int], arrived: int) -> None:
    found = one(Measure.VOLUME, run(arrived), [run(each) for each in earlier])
    assert found.low is not None
    assert found.high is not None
    assert (found.low <= arrived <= found.high) == (found.sign is Sign.STEADY)


SENTENCES = [
    (one(Measure.VOLUME, run(10), [run(1000)] * 30), "到达 10 行，最近 30 次通常为 875 至 1,125 行",
     "10 rows arrived; 875 to 1,125 were usual in the last 30 runs"),
    (one(Measure.MISSING, run(missing=120), [run()] * 9), "性别缺失 12.0%，最近 9 次通常为 0.0% 至 1.2%",
     "sex is missing in 12.0%; 0.0% to 1.2% were usual in the last 9 runs"),
    (one(Measure.WORDS, run(words={"男": 900, "女": 100}), [run(words=HALVES)] * 8),
     "性别中“女”占 10.0%，此前占 50.0%（稳定性指数 0.88，通常不超过 0.10）",
     "“女” make up 10.0% of sex, 50.0% before (stability index 0.88, usually up to 0.10)"),
    (one(Measure.WORDS, run(words={"男": 250, "女": 250}), [run(words=HALVES)] * 8),
     "性别中其他取值占 50.0%，此前占 0.0%（稳定性指数 4.84，通常不超过 0.10）",
     "other values make up 50.0% of sex, 0.0% before (stability index 4.84, usually up to 0.10)"),
    (one(Measure.VOLUME, run(10), []), "到达行数还无从比较：此前只有 0 次，至少要 5 次",
     "Too early to compare the rows: 0 earlier runs, 5 are needed"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "chinese", "english"), SENTENCES)
def test_each_comparison_is_said_in_both_languages(found: Drift, chinese: str, english: str) -> None:
    assert sentence(found, "zh", "性别") == chinese
    assert sentence(found, "en", "sex") == english
