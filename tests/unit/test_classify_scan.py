"""`tutela scan` keeps its contract, needs no platform, and never prints a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner

from pipelines.cli.scan import scan
from pipelines.errors import SourceError, SourceMalformed, SourceMissing

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "姓名,手机号,身份证号,备注\n" + "".join(
    f"{name},138{n:08},11010519491231002X,第{n}次来访\n"
    for n, name in enumerate(["王伟", "李秀英", "张建国", "赵丽华"] * 5)
)


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(scan)
    return made


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_classified_column_by_column(app: typer.Typer, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(ROWS, encoding=encoding)
    result = CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False)
    report = json.loads(result.stdout)
    assert set(report) == {"rows", "skipped", "seconds", "engine", "encoding", "lost", "level", "reasons", "columns"}
    assert (report["encoding"], report["lost"]) == (encoding.removesuffix("-sig"), 0)
    assert (report["rows"], report["engine"]) == (20, "tutela-zh-1+tutela-en-1+rules")
    keys = {"name", "entity", "category", "level", "code", "confidence", "cells", "found", "also", "share"}
    assert all(set(column) == keys for column in report["columns"])
    assert [(c["name"], c["entity"], c["level"]) for c in report["columns"]] == [
        ("姓名", "PERSON", 3),
        ("手机号", "PHONE_NUMBER", 3),
        ("身份证号", "CN_ID_CARD", 4),
        ("备注", None, 3),
    ]
    assert report["columns"][2]["code"] == "CI-P-03-001-4"
    assert "11010519491231002X" not in result.stdout


def test_rows_of_a_wrong_width_are_stepped_over_and_counted(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(ROWS.replace("第3次", "第,3次"), encoding="utf-8")
    report = json.loads(CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False).stdout)
    assert (report["rows"], report["skipped"]) == (19, 1)
    shown = CliRunner().invoke(app, [str(file)], catch_exceptions=False, env={"COLUMNS": "200"}).stdout
    assert "1 skipped, which can't be read: row 4" in shown


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("王伟,13800000001\n李秀英,13800000002\n", ["(column 1)", "(column 2)"]),
        ("Mary Ann Smith\nJohn B. Miller\nWEI WANG\n", ["(column 1)"]),
        ("Product Name,Unit Price\nBlue Shirt,3\nRed Hat,4\n", ["Product Name", "Unit Price"]),
        ("Sales Person,Sold Units\nMary Smith,300\nJohn Miller,400\n", ["Sales Person", "Sold Units"]),
        ("月份,上海,江苏\n1月,3,4\n2月,5,6\n", ["月份", "上海", "江苏"]),
        ("r1,王伟,1961-04-01\nr2,李秀英,1985-11-30\n", ["(column 1)", "(column 2)", "(column 3)"]),
        ("a,1961-04-01\nb,1985-11-30\nc,1990-02-02\n", ["(column 1)", "(column 2)"]),
        ("city,2024-01-01,2024-01-02\nA,31,22\nB,17,25\n", ["city", "2024-01-01", "2024-01-02"]),
        ("a@example.com,x\nb@example.com,y\n", ["(column 1)", "(column 2)"]),
    ],
    ids=[
        "names and numbers",
        "English names",
        "products",
        "sales",
        "a city a column",
        "a row of a register",
        "births",
        "a day a column",
        "mails",
    ],
)
def test_a_heading_that_is_somebodys_data_is_told_by_its_position(
    app: typer.Typer, tmp_path: Path, content: str, names: list[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(content, encoding="utf-8")
    report = json.loads(CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False).stdout)
    assert [column["name"] for column in report["columns"]] == names


def test_people_get_a_table_without_values(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(ROWS, encoding="utf-8")
    result = CliRunner().invoke(app, [str(file)], catch_exceptions=False, env={"COLUMNS": "200"})
    assert "CN_ID_CARD" in result.stdout
    assert "王伟" not in result.stdout
    assert "13800000001" not in result.stdout


HEALTHY = "Health educator,Mary Miller,mary@example.com\n" + "".join(
    f"{job},{name},user{n}@example.com\n"
    for n, (job, name) in enumerate(
        [("Nurse", "John Smith"), ("Sales manager", "Anna Garcia"), ("Art teacher", "Peter Johnson")] * 5
    )
)


def test_a_first_line_of_data_may_say_the_same_twice(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("王伟,N/A,N/A,,A1\n李秀英,x,N/A,,A2\n张建国,y,z,,A3\n", encoding="utf-8")
    report = json.loads(CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False).stdout)
    names = [column["name"] for column in report["columns"]]
    assert names == ["(column 1)", "N/A", "(column 3)", "(column 4)", "A1"]


def test_headings_that_are_data_say_nothing_of_their_columns(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(HEALTHY, encoding="utf-8")
    report = json.loads(CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False).stdout)
    assert [column["entity"] for column in report["columns"]] == [None, "PERSON", "EMAIL_ADDRESS"]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_report_says_the_level_and_why_and_keeps_to_the_terminal(
    app: typer.Typer, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "customers.csv"
    rows = ROWS.replace("备注", "备注,地址,订单编号").replace("次来访", "次来访,北京市海淀区中关村大街1号,A-1")
    file.write_text(rows, encoding="utf-8")
    shown = CliRunner().invoke(app, [str(file)], catch_exceptions=False, env={"COLUMNS": str(width)}).stdout
    assert "Level L5 special control" in shown
    assert "most sensitive, L4: 身份证号" in shown
    assert "stand together: one level more" in shown
    assert "Nothing personal: 订单编号" in shown
    assert ("Identity documents" in shown) == (width >= 100)
    assert "+rules." in shown
    assert all(cell_len(line.rstrip()) <= width for line in shown.splitlines())
    report = json.loads(CliRunner().invoke(app, [str(file), "--json"], catch_exceptions=False).stdout)
    assert (report["level"], report["reasons"]) == (5, ["highest_field", "identifying_combination"])


def test_a_column_that_only_its_name_tells_is_doubtful(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("银行卡号,编号\n" + "".join(f"6217 **** **** 0{n:03},{n}\n" for n in range(30)), encoding="utf-8")
    shown = CliRunner().invoke(app, [str(file)], catch_exceptions=False, env={"COLUMNS": "100"}).stdout
    assert "Doubtful, look yourself: 银行卡号" in shown


def test_each_line_of_text_gets_its_line_of_spans(app: typer.Typer, tmp_path: Path) -> None:
    texts = ["身份证11010519491231002X", "", "一切正常", "\ud800 a@example.com", "张三的电话13812345678"]
    file, out = tmp_path / "texts.jsonl", tmp_path / "spans.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    CliRunner().invoke(app, ["--spans", str(file), "--out", str(out)], catch_exceptions=False)
    lines = [json.loads(line)["spans"] for line in out.read_text("utf-8").splitlines()]
    assert [[(s["start"], s["end"], s["label"]) for s in spans] for spans in lines] == [
        [(3, 21, "CN_ID_CARD")],
        [],
        [],
        [(2, 15, "EMAIL_ADDRESS")],
        [(0, 2, "PERSON"), (5, 16, "PHONE_NUMBER")],
    ]
    assert all(0 < s["score"] <= 1 for spans in lines for s in spans)
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("language", ["zh", "en", "auto"])
def test_a_language_can_be_named(app: typer.Typer, tmp_path: Path, language: str) -> None:
    file, out = tmp_path / "texts.jsonl", tmp_path / "spans.jsonl"
    file.write_text(json.dumps({"text": "call +1 415 555 0132 or a@example.com"}) + "\n", encoding="utf-8")
    args = ["--spans", str(file), "--out", str(out), "--language", language, "--json"]
    report = json.loads(CliRunner().invoke(app, args, catch_exceptions=False).stdout)
    assert (report["texts"], report["spans"]) == (1, 2)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b'{"text": "a"}\n{"text": 13812345678}\n', SourceMalformed),
        (b'{"text": "a"}\n[13812345678\n', SourceMalformed),
        (b'{"text": "a"}\n"13812345678"\n', SourceMalformed),
        (b'{"text": "\xd5\xc5"}\n', SourceError),
    ],
    ids=["a number", "broken", "no object", "not UTF-8"],
)
def test_a_bad_line_is_named_but_not_shown(
    app: typer.Typer, tmp_path: Path, content: bytes, wrong: type[Exception]
) -> None:
    file, out = tmp_path / "texts.jsonl", tmp_path / "spans.jsonl"
    file.write_bytes(content)
    with pytest.raises(wrong, match="line ") as caught:
        CliRunner().invoke(app, ["--spans", str(file), "--out", str(out)], catch_exceptions=False)
    assert "13812345678" not in str(caught.value)
    assert not out.exists()


def test_a_missing_file_is_said_to_be_missing(app: typer.Typer, tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        CliRunner().invoke(app, ["--spans", str(tmp_path / "no"), "--out", str(tmp_path / "o")], catch_exceptions=False)
    with pytest.raises(SourceError):
        CliRunner().invoke(app, [str(tmp_path / "no.csv")], catch_exceptions=False)


def test_texts_of_another_encoding_are_read_and_the_report_says_which(app: typer.Typer, tmp_path: Path) -> None:
    file, out = tmp_path / "texts.jsonl", tmp_path / "spans.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in ("张三的电话13812345678", "地址在北京市朝阳区")]
    file.write_text("\n".join(lines), encoding="gb18030")
    args = ["--spans", str(file), "--out", str(out), "--json"]
    assert json.loads(CliRunner().invoke(app, args, catch_exceptions=False).stdout)["encoding"] == "gb18030"
    assert json.loads(out.read_text("utf-8").splitlines()[0])["spans"][-1]["start"] == 5


def test_an_encoding_that_can_not_be_told_may_be_named(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n张\n", encoding="gb18030")
    with pytest.raises(SourceError, match="can't be told"):
        CliRunner().invoke(app, [str(file)], catch_exceptions=False)
    result = CliRunner().invoke(app, [str(file), "--encoding", "gbk", "--json"], catch_exceptions=False)
    assert json.loads(result.stdout)["encoding"] == "gb18030"


def test_characters_that_were_lost_before_are_told(app: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("姓名\n王\ufffd\n李\ufffd\n", encoding="utf-8")
    shown = CliRunner().invoke(app, [str(file)], catch_exceptions=False, env={"COLUMNS": "200"}).stdout
    assert "2 characters were lost" in shown
