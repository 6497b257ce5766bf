"""Clean rows of the counter's plan, nearly all unique, as fast as they can be made: for benchmarks.

Not for demonstrations: nothing is wrong with these rows.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from examples import identities as who
from examples.rows import Maker

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

Profile = Literal["structured", "text"]
_WHO = who.words("客户来电 客户来访 老客户 新客户 本人 家属 同事 经办人 客户经理 柜员")
_DID = who.words("咨询了 申请了 核对了 更换了 补办了 投诉了 确认了 取消了 预约了 查询了")
_WHAT = who.words("理财产品 电子回单 银行账户 通讯地址 联系方式 对账单据 贷款进度 保险条款 转账限额 网银证书")
_THEN = who.words("""
    并要求回访 并留下材料 希望尽快处理 下周再来办理 对结果表示满意
    还需补充证明 已经当面说明 资料待复核 请电话通知 暂不需要跟进
""")
PHRASES = pa.array(["".join(parts) for parts in itertools.product(*(pool.to_pylist() for pool in (_WHO, _DID, _WHAT)))])
ENDINGS = pa.array([f"，{first}，{second}" for first, second in itertools.permutations(_THEN.to_pylist(), 2)])


def structured(
    rows: int, seed: int, *, as_of: dt.date, profile: Profile = "structured", chunk_rows: int = 50_000
) -> Iterator[pd.DataFrame]:
    """Yield clean rows with the plan's column names; ``text``: every remark is another sentence of its own."""
    for first, table in _tables(rows, seed, as_of, profile, chunk_rows):
        frame = table.to_pandas()
        frame.index = frame.index + first + 1
        frame.index.name = "row"
        yield frame


def write_structured(path: Path, rows: int, seed: int, *, as_of: dt.date, profile: Profile = "structured") -> None:
    """Write the same rows as one CSV file with the plan's column names as headings."""
    with path.open("wb") as file:
        for first, table in _tables(rows, seed, as_of, profile, 100_000):
            pacsv.write_csv(table, file, pacsv.WriteOptions(include_header=not first, quoting_style="needed"))


def _tables(rows: int, seed: int, as_of: dt.date, profile: Profile, size: int) -> Iterator[tuple[int, pa.Table]]:
    maker = Maker(seed, as_of, who.Pools.of(seed))
    for first in range(0, rows, size):
        numbers = np.arange(first, min(first + size, rows), dtype=np.uint64)
        columns = maker.counter(numbers, np.zeros(len(numbers), bool))
        if profile == "text":
            columns["remark"] = sentences(numbers, seed)
        yield first, pa.table(columns)


def sentences(numbers: who.Numbers, seed: int) -> who.Text:
    """Return a sentence for each number; two numbers below 90 million never share one."""
    places = who.spread(numbers, seed + 50, len(PHRASES) ** 2 * len(ENDINGS))
    rest, ending = np.divmod(places, len(ENDINGS))
    first, second = np.divmod(rest, len(PHRASES))
    return who.join(
        PHRASES.take(pa.array(first)),
        pa.array(["；"] * len(numbers)),
        PHRASES.take(pa.array(second)),
        ENDINGS.take(pa.array(ending)),
    )
