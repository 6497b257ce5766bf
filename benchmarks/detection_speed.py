"""How fast detection is: a table's columns against plain Presidio, and free text. Two processes, kept warm.

The processes are started, make their own data and run once before any clock starts. Each figure is the best of the
repeats; wall and processor time are both told, because other work on the machine disturbs only the first.

Plain Presidio is ``BatchAnalyzerEngine`` over ``Analyzer.presidio``, which has the same recognizers and taggers. It
reads a smaller sample of the same rows; the rate is per cell, and repeating rows would only help it less than us.
"""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import pandas as pd

from benchmarks import detection_values as v
from benchmarks.detection_random import bank_card, digits, mobile, resident_id, seeded
from benchmarks.detection_remarks import remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.classify import Analyzer, Span

PROCESSES: Final = 2
REPEATS: Final = 3
SEED: Final = 20261125
DECLARED: Final = {
    "客户编号": None,
    "客户姓名": "PERSON",
    "身份证号码": "CN_ID_CARD",
    "手机号码": "PHONE_NUMBER",
    "电子邮箱": "EMAIL_ADDRESS",
    "联系地址": "LOCATION",
    "工作单位": "ORGANIZATION",
    "银行卡号": "CREDIT_CARD",
    "出生日期": "DATE_OF_BIRTH",
    "车牌号": "CN_PLATE",
    "登录IP": "IP_ADDRESS",
    "账户余额": None,
}
"""The columns of the customer table, and the entity that a plan would declare for each."""
_state: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Pace:
    """Things done a second."""

    count: int
    wall: float
    cpu: float
    """Seconds of processor time, of all processes."""

    @property
    def per_second(self) -> float:
        """Rate by the wall clock."""
        return self.count / self.wall

    @property
    def per_cpu_second(self) -> float:
        """Rate of one core, by processor time."""
        return self.count / self.cpu

    def as_json(self) -> dict[str, float]:
        """Return the figures for programs."""
        return asdict(self) | {
            "per_second": round(self.per_second, 1),
            "per_cpu_second": round(self.per_cpu_second, 1),
        }


class Compared(NamedTuple):
    """A column of the sample: in how many cells its entity was found."""

    entity: str
    presidio: int
    ours: int
    lost: int
    """Cells by which the column's count stays behind Presidio's, in each process's part apart."""
    differing: int
    """Cells whose spans of the entity, read one by one without the column's name, are not Presidio's."""


@dataclass(frozen=True, slots=True)
class TableSpeed:
    """The customer table, ours and plain Presidio's."""

    ours: Pace
    presidio: Pace
    unique: int
    """Distinct cells among ours."""
    columns: dict[str, Compared]

    @property
    def ratio(self) -> float:
        """How many times as fast by the wall clock."""
        return self.ours.per_second / self.presidio.per_second

    @property
    def lost(self) -> int:
        """Cells of the sample whose declared entity Presidio finds and we don't."""
        return sum(column.lost for column in self.columns.values())

    @property
    def differing(self) -> int:
        """Cells whose spans of the declared entity are not Presidio's."""
        return sum(column.differing for column in self.columns.values())

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {
            "ours": self.ours.as_json(),
            "presidio": self.presidio.as_json(),
            "ratio": round(self.ratio, 1),
            "ratio_of_cpu": round(self.ours.per_cpu_second / self.presidio.per_cpu_second, 1),
            "unique_cells": self.unique,
            "lost": self.lost,
            "differing": self.differing,
            "columns": {name: column._asdict() for name, column in self.columns.items()},
        }


def customers(rows: int, seed: int) -> pd.DataFrame:
    """Return the customer table: twelve columns, nearly all rows unique."""
    rng = seeded(f"{SEED}/customers/{seed}")
    makers: tuple[Callable[[], str], ...] = (
        lambda: "K" + digits(rng, 9),
        lambda: v.zh_name(rng),
        lambda: resident_id(rng),
        lambda: mobile(rng),
        lambda: v.email(rng),
        lambda: v.zh_address(rng),
        lambda: v.zh_company(rng),
        lambda: bank_card(rng),
        lambda: v.birth(rng).isoformat(),
        lambda: v.plate(rng),
        lambda: v.ip(rng),
        lambda: f"{rng.uniform(1, 900_000):.2f}",
    )
    cells = {name: [make() for _ in range(rows)] for name, make in zip(DECLARED, makers, strict=True)}
    return pd.DataFrame(cells, dtype="str")


def measure_table(rows: int, sample: int) -> TableSpeed:
    """Classify a table of ``rows`` in two processes, and ``sample`` of them with plain Presidio."""
    with _Workers(_load_table, rows // PROCESSES) as workers:
        unique = sum(workers.each(_unique))
        ours = workers.best(_classify, rows // PROCESSES * PROCESSES * len(DECLARED))
        part = sample // PROCESSES
        presidio = workers.once(_analyze, part * PROCESSES * len(DECLARED), part)
        columns: list[dict[str, Compared]] = workers.each(_compare)
    joined = {name: _joined([part[name] for part in columns]) for name in columns[0]}
    return TableSpeed(ours, presidio, unique, joined)


def measure_texts(texts: int) -> Pace:
    """Find identifiers and names in unique remarks of 20 to 40 characters in two processes."""
    with _Workers(_load_texts, texts // PROCESSES) as workers:
        return workers.best(_read_texts, texts // PROCESSES * PROCESSES)


class _Workers:
    """Processes that stay, each with its own part of the data."""

    def __init__(self, load: Callable[[int, int], None], size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, mp_context=context) for _ in range(PROCESSES)]
        for job in [pool.submit(load, number, size) for number, pool in enumerate(self._pools)]:
            job.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def each(self, task: Callable[..., Any], *arguments: Any) -> list[Any]:
        return [job.result() for job in [pool.submit(task, *arguments) for pool in self._pools]]

    def once(self, task: Callable[..., float], count: int, *arguments: Any) -> Pace:
        started = time.perf_counter()
        cpu = sum(self.each(task, *arguments))
        return Pace(count, time.perf_counter() - started, cpu)

    def best(self, task: Callable[..., float], count: int) -> Pace:
        self.each(task)
        paces = [self.once(task, count) for _ in range(REPEATS)]
        return Pace(count, min(pace.wall for pace in paces), min(pace.cpu for pace in paces))


def _analyzer() -> Analyzer:
    from benchmarks.detection_parts import analyzer  # noqa: PLC0415 (the workers' import, seconds)

    return analyzer()


def _load_table(number: int, rows: int) -> None:
    _state.update(analyzer=_analyzer(), frame=customers(rows, number), found=None)


def _load_texts(number: int, count: int) -> None:
    _state.update(analyzer=_analyzer(), texts=pd.Series(remarks(count, f"{SEED}/remarks/{number}"), dtype="str"))


def _unique() -> int:
    return int(_state["frame"].nunique().sum())


def _classify() -> float:
    started = time.process_time()
    _state["analyzer"].columns(_state["frame"], hints=DECLARED)
    return time.process_time() - started


def _read_texts() -> float:
    started = time.process_time()
    _state["analyzer"].free_text(_state["texts"])
    return time.process_time() - started


def _analyze(rows: int) -> float:
    from presidio_analyzer import BatchAnalyzerEngine  # noqa: PLC0415 (the workers' import, seconds)

    engine = BatchAnalyzerEngine(_state["analyzer"].presidio)
    sample = _state["frame"].iloc[:rows]
    list(engine.analyze_dict(sample.iloc[:5].to_dict("list"), language="zh"))
    started = time.process_time()
    found = list(engine.analyze_dict(sample.to_dict("list"), language="zh"))
    _state["found"] = {column.key: column.recognizer_results for column in found}
    _state["sample"] = sample
    return time.process_time() - started


def _compare() -> dict[str, Compared]:
    """Compare in how many cells of the sample each column's entity was found."""
    sample, analyzer = _state["sample"], _state["analyzer"]
    profiles = {each.name: each for each in analyzer.columns(sample, hints=DECLARED)}
    compared = {}
    for name, entity in DECLARED.items():
        if entity is None:
            continue
        theirs = [_spans_of(cell, entity) for cell in _state["found"][name]]
        count = sum(map(bool, theirs))
        own = profiles[name].found if profiles[name].entity == entity else 0
        differing = 0
        if entity != "DATE_OF_BIRTH":  # which is known by the column's name alone
            cells = analyzer.spans(sample[name].tolist(), language="zh")
            differing = sum(_spans_of_ours(cell, entity) != other for cell, other in zip(cells, theirs, strict=True))
        compared[name] = Compared(entity, count, own, max(0, count - own), differing)
    return compared


def _joined(parts: list[Compared]) -> Compared:
    numbers = [sum(each) for each in zip(*((p.presidio, p.ours, p.lost, p.differing) for p in parts), strict=True)]
    return Compared(parts[0].entity, *numbers)


def _spans_of(results: Iterable[Any], entity: str) -> set[tuple[int, int]]:
    return {(each.start, each.end) for each in results if each.entity_type == entity}


def _spans_of_ours(results: Iterable[Span], entity: str) -> set[tuple[int, int]]:
    return {(each.start, each.end) for each in results if each.label == entity}
