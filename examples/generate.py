"""Write example deliveries with known mistakes: `python -m examples.generate FOLDER`.

Counter: two CSV files (UTF-8 with a mark, GB18030) and a workbook. Partner: a folder with a signed manifest. Web: JSON
lines as the form writes them. The same arguments give the same bytes. Nobody in them exists.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import xlsxwriter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examples.dirt import FATE, Cases
from examples.identities import Pools, pick
from examples.rows import COUNTER_CASES, OVERLAP, PARTNER_CASES, WEB_CASES, Maker
from pipelines.policy import META_HEADINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from examples.dirt import Columns
    from examples.identities import Numbers, Text

PART = 50_000
"""Rows made at once: memory does not grow with the file."""
WORKBOOK_ROWS = 2_000
EXAMPLE_KEY = Ed25519PrivateKey.from_private_bytes(
    hashlib.sha256(b"tutela: signing key of the example partner, for examples only").digest()
)
"""EXAMPLE ONLY: who reads this line can sign as the example partner, whose public half is in policy/partners.yaml."""
COUNTER_HEADINGS = {
    "customer_name": "姓名", "sex": "性别", "birth_date": "出生日期", "id_number": "身份证号", "mobile": "手机号",
    "email": "电子邮箱", "address": "联系地址", "occupation": "职业", "monthly_income": "月收入",
    "bank_card": "银行卡号", "remark": "备注",
}  # fmt: skip
PARTNER_HEADINGS = {
    "company_name": "企业名称", "uscc": "统一社会信用代码", "legal_representative": "法定代表人",
    "registered_address": "注册地址", "industry": "行业", "registered_capital": "注册资本(万元)",
    "annual_revenue": "年营业额(万元)", "contact_name": "联系人", "contact_mobile": "联系电话",
    "contact_email": "联系邮箱", "remark": "备注",
}  # fmt: skip
WEB_FIELDS = ("name", "mobile", "email", "id_number", "sex", "birth_date", "city", "interests", "client_ip", "message")
BELIEFS, PASSWORDS = pa.array(["佛教", "无", "基督教", "伊斯兰教"]), pa.array(["******", "已重置", "初始密码"])


@dataclass(frozen=True, slots=True)
class Planted:
    """What is wrong with one file: counts and row numbers, no values."""

    file: str
    plan: str
    rows: int
    cases: Mapping[str, tuple[int, ...]]
    """Mistake → row numbers."""
    outside: tuple[str, ...]
    """Columns outside the plan."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written, and what the pipeline should find in it."""

    folder: Path
    as_of: dt.date
    files: tuple[Planted, ...]

    def path(self, planted: Planted) -> Path:
        """Return where a file lies."""
        return self.folder / planted.file

    def of_plan(self, plan: str) -> tuple[Planted, ...]:
        """Return the files of one plan."""
        return tuple(planted for planted in self.files if planted.plan == plan)

    def count(self, plan: str, case: str) -> int:
        """Count the rows of a plan that carry a mistake."""
        return sum(len(planted.cases.get(case, ())) for planted in self.of_plan(plan))

    @property
    def delivery(self) -> Path:
        """The partner's delivery folder."""
        return self.folder / "partner"


@dataclass(frozen=True, slots=True)
class _File:
    """One file to be: its rows, where its persons begin, and its mistakes."""

    name: str
    kind: str
    cases: Cases
    sources: np.ndarray
    first: int
    outside: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.cases.of_row)

    def numbers(self, part: slice) -> Numbers:
        rows = self.sources[part].astype(np.uint64)
        if self.kind != "web":
            return rows + np.uint64(self.first)
        # These persons are customers of the counter too.
        shared = (rows % np.uint64(OVERLAP) == 0) & (rows // np.uint64(OVERLAP) < self.first)
        return np.where(shared, rows // np.uint64(OVERLAP), rows + np.uint64(self.first))

    def planted(self, plan: str) -> Planted:
        rows = {kind: tuple(self.cases.rows(kind).tolist()) for kind in self.cases.kinds}
        return Planted(self.name, plan, self.rows, {kind: found for kind, found in rows.items() if found}, self.outside)


def generate(folder: Path, *, seed: int, rows: int | tuple[int, int, int], as_of: dt.date) -> Summary:
    """Write the examples; ``rows`` are those of counter, partner and web (one number: shared out 4 : 3 : 3)."""
    counter, partner, web = rows if isinstance(rows, tuple) else _share(rows)
    rng, maker = np.random.default_rng(seed), Maker(seed, as_of, Pools.of(seed))
    (folder / "partner").mkdir(parents=True, exist_ok=True)
    book = max(1, min(counter // 6, WORKBOOK_ROWS))
    utf8 = (counter - book) // 2
    files = [
        _file("counter_utf8.csv", "counter", utf8, 0, rng, ("宗教信仰",)),
        _file("counter_gbk.csv", "counter", counter - book - utf8, utf8, rng),
        _file("counter_book.xlsx", "counter", book, counter - book, rng, ("密码",)),
        _file("partner/enterprises_weekly.csv", "partner", partner, 0, rng),
        _file("web_registrations.jsonl", "web", web, counter, rng, ("password", "religion")),
    ]
    _write_csv(folder, files[0], maker, COUNTER_HEADINGS, "utf-8-sig")
    _write_csv(folder, files[1], maker, COUNTER_HEADINGS, "gb18030")
    _write_book(folder, files[2], maker)
    _write_csv(folder, files[3], maker, PARTNER_HEADINGS, "gb18030")
    _write_manifest(folder / "partner", files[3], as_of)
    _write_web(folder, files[4], maker)
    plans = {"counter": "counter_customers", "partner": "partner_enterprises", "web": "web_registrations"}
    return Summary(folder, as_of, tuple(file.planted(plans[file.kind]) for file in files))


def _share(rows: int) -> tuple[int, int, int]:
    partner = web = max(1, rows * 3 // 10)
    return max(6, rows - partner - web), partner, web


_CASES = {"counter": COUNTER_CASES, "partner": PARTNER_CASES, "web": WEB_CASES}


def _file(
    name: str, kind: str, rows: int, first: int, rng: np.random.Generator, outside: tuple[str, ...] = ()
) -> _File:
    cases = Cases.plant(_CASES[kind], rows, rng)
    return _File(name, kind, cases, cases.clean_sources(rng), first, outside)


def _parts(file: _File, maker: Maker) -> Iterator[tuple[slice, Numbers, Columns]]:
    make = {"counter": maker.counter, "partner": maker.partner, "web": maker.web}[file.kind]
    for start in range(0, file.rows, PART):
        part = slice(start, min(start + PART, file.rows))
        numbers = file.numbers(part)
        columns = make(numbers, file.cases.mask("past_retention", part))
        yield part, numbers, maker.spoil(file.kind, columns, file.cases, part)


def _headed(file: _File, maker: Maker, headings: Mapping[str, str]) -> Iterator[pa.Table]:
    known = {**headings, **{column: names[0] for column, names in META_HEADINGS.items()}}
    for _, numbers, columns in _parts(file, maker):
        outside = {name: pick(BELIEFS if name == "宗教信仰" else PASSWORDS, numbers, 70) for name in file.outside}
        yield pa.table({**{known[column]: cells for column, cells in columns.items()}, **outside})


def _write_csv(folder: Path, file: _File, maker: Maker, headings: Mapping[str, str], encoding: str) -> None:
    with (folder / file.name).open("wb") as target:
        target.write("\ufeff".encode() if encoding == "utf-8-sig" else b"")
        for place, table in enumerate(_headed(file, maker, headings)):
            buffer = io.BytesIO()
            pacsv.write_csv(table, buffer, pacsv.WriteOptions(include_header=not place, quoting_style="needed"))
            text = buffer.getvalue()
            target.write(text.decode().encode(encoding) if encoding != "utf-8-sig" else text)


def _write_book(folder: Path, file: _File, maker: Maker) -> None:
    options = {"constant_memory": True, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(folder / file.name), options) as book:
        book.set_properties({"created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001 - the library's; fixed, so that bytes repeat
        sheet = book.add_worksheet("客户信息")
        line = 1
        for table in _headed(file, maker, COUNTER_HEADINGS):
            sheet.write_row(0, 0, table.column_names) if line == 1 else None
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                sheet.write_row(line, 0, row)
                line += 1


def _write_manifest(folder: Path, file: _File, as_of: dt.date) -> None:
    path = folder / Path(file.name).name
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    created = dt.datetime.combine(as_of - dt.timedelta(days=1), dt.time(18), dt.UTC)
    entry = {"name": path.name, "sha256": digest, "rows": file.rows, "bytes": path.stat().st_size}
    manifest = {
        "partner": "hexin_data",
        "plan": "partner_enterprises",
        "agreement": "AG-2026-0007",
        "created_at": created.isoformat(),
        "files": [entry],
    }
    content_bytes = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
    (folder / "manifest.json").write_bytes(content_bytes)
    (folder / "manifest.sig").write_bytes(EXAMPLE_KEY.sign(content_bytes))


# --- the web form's lines: joined from columns, because a million objects one by one take too long ----------------


def _write_web(folder: Path, file: _File, maker: Maker) -> None:
    with (folder / file.name).open("wb") as target:
        for part, numbers, columns in _parts(file, maker):
            outside = _outside_fields(file.cases.mask("outside_field", part), numbers)
            fields = [_pair(name, columns[name]) for name in WEB_FIELDS]
            line = pc.binary_join_element_wise(
                '{"form":"web-3","submitted_at":"', columns["collected_at"], 'T10:00:00+08:00","consent":',
                _consent(columns), ',"last_activity_at":"', columns["last_activity_at"], 'T10:00:00+08:00","fields":{',
                pc.binary_join_element_wise(*fields, ","), outside, "}}", "",
            )  # fmt: skip
            target.write(("\n".join(line.to_pylist()) + "\n").encode())


def _pair(name: str, cells: Text) -> Text:
    quoted = pc.binary_join_element_wise('"', cells, '"', "")
    return pc.binary_join_element_wise(f'"{name}":', pc.coalesce(quoted, "null"), "")


def _consent(columns: Columns) -> Text:
    purposes = pc.replace_substring(columns["consent_purposes"], ";", '","')
    whole = pc.binary_join_element_wise(
        '{"notice":"', columns["consent_notice"], '","given_at":"', columns["consent_at"],
        'T09:59:30+08:00","until":"', columns["consent_until"], '","method":"', columns["consent_method"],
        '","purposes":["', purposes, '"]}', "",
    )  # fmt: skip
    return pc.coalesce(whole, "null")


def _outside_fields(mask: np.ndarray, numbers: Numbers) -> Text:
    extra = pc.binary_join_element_wise(
        ',"religion":"', pick(BELIEFS, numbers, 71), '","password":"', pick(PASSWORDS, numbers, 72), '"', ""
    )
    return pc.if_else(pa.array(mask), extra, "")


def _report(summary: Summary) -> str:
    files = [
        {
            "file": planted.file,
            "plan": planted.plan,
            "rows": planted.rows,
            "outside": planted.outside,
            "planted": {case: {"rows": len(rows), "fate": FATE[case]} for case, rows in planted.cases.items()},
        }
        for planted in summary.files
    ]
    return json.dumps({"folder": str(summary.folder), "as_of": str(summary.as_of), "files": files}, ensure_ascii=False)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m examples.generate", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, help="of all files together; default 600, 400 and 500")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--as-of", type=dt.date.fromisoformat, default=dt.datetime.now(dt.UTC).date())
    given = parser.parse_args(arguments)
    summary = generate(given.folder, seed=given.seed, rows=given.rows or (600, 400, 500), as_of=given.as_of)
    print(_report(summary))


if __name__ == "__main__":
    main()
