"""What arrives broken is refused in one sentence: file, place, remedy; nothing stored, nothing of its content told.

Every case goes through the real command in a process of its own. The rows are canaries: a value of theirs in any output
fails the test.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter

from examples.generate import EXAMPLE_KEY
from pipelines.platform.postgres import EmbeddedPostgres
from tests.command import (
    CHECKOUT,
    HEADINGS,
    MOBILE,
    NAME,
    NOTE,
    TODAY,
    Command,
    Result,
    counter_file,
    customer,
    made,
    resident_id,
)

CANARIES = (NAME, MOBILE, NOTE, resident_id(1), "曾无此司")
ROW, NEXT = ",".join(customer(1)), ",".join(customer(2))
MEBIBYTE = 1 << 20
SOURCE, REFUSED, POLICY = 11, 12, 10


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="tutela-bad-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def tutela(place: Path) -> Iterator[Command]:
    with made(place / "home") as command:
        yield command


def is_one_sentence(result: Result, code: int, *told: str) -> None:
    assert result.code == code, result
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    sentence = result.err.strip()
    assert sentence[-1] in ".?", sentence
    assert len(sentence) <= 400
    assert "Traceback" not in sentence
    assert all(part in sentence for part in told), sentence
    assert not any(canary in sentence for canary in CANARIES), "a value was printed"


# --- files -------------------------------------------------------------------------------------------------------


def text(content: str | bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def nothing(path: Path) -> Path:
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def bomb(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_row(0, 0, HEADINGS.split(","))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", bytes(64 * MEBIBYTE))
    return path


def cut_short(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet().write_row(0, 0, customer(1))
    path.write_bytes(path.read_bytes()[:-300])
    return path


def broken_sheet(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f"<a>{NAME}")
        archive.writestr("xl/workbook.xml", f"<workbook>{NAME}")
    return path


COUNTER, WEB = "counter_customers", "web_registrations"
LINE = json.dumps({"form": "web-3", "fields": {"name": NAME, "mobile": MOBILE}}, ensure_ascii=False)
FILES: dict[str, tuple[str, str, Callable[[Path], Path], tuple[str, ...]]] = {
    "missing": (COUNTER, "a.csv", nothing, ("a.csv", "no such file")),
    "a folder": (COUNTER, "a.csv", folder, ("a.csv", "folder")),
    "no format": (COUNTER, "a.doc", text(ROW), ("a.doc", "format")),
    "wrong encoding": (COUNTER, "a.csv", text(f"{HEADINGS}\n{ROW}\n".encode() + b"\xff\xfe\x81"), ("a.csv", "UTF-8")),
    "a column too many": (COUNTER, "a.csv", text(f"{HEADINGS}\n{ROW}\n{NEXT},{NOTE}\n"), ("a.csv", "row 2", "12 ")),
    "a column too few": (COUNTER, "a.csv", text(f"{HEADINGS}\n{NAME},{MOBILE}\n{ROW}\n"), ("a.csv", "row 1", "2 ")),
    "a required column missing": (COUNTER, "a.csv", text(f"姓名,电话\n{NAME},{MOBILE}\n"), ("身份证号", "手机号")),
    "no heading line": (COUNTER, "a.csv", text(f"{NAME},{MOBILE}\n{NAME},{NOTE}\n"), ("first line",)),
    "no heading line, cells alike": (COUNTER, "a.csv", text(f"{ROW}\n{NEXT}\n"), ("columns 6 and 10",)),
    "two columns alike": (COUNTER, "a.csv", text(f"姓名,{HEADINGS}\n{NAME},{ROW}\n"), ("columns 1 and 2",)),
    "headings only": (COUNTER, "a.csv", text(f"{HEADINGS}\n"), ("a.csv", "no rows")),
    "empty": (COUNTER, "a.csv", text(""), ("a.csv", "empty")),
    "a quote never closed": (COUNTER, "a.csv", text(f'{HEADINGS}\n"{ROW}\n{NEXT}\n'), ("a.csv", "quote")),
    "a cell of 1 MiB": (
        COUNTER, "a.csv", text(f"{HEADINGS}\n{ROW.replace(NOTE, NOTE * (MEBIBYTE // len(NOTE)))}\n{NEXT}\n"),
        ("a.csv", "larger than"),
    ),
    "a cell of 100 KiB": (
        COUNTER, "a.csv", text(f"{HEADINGS}\n{NEXT}\n{ROW.replace(NOTE, NOTE * 7700)}\n"), ("a.csv", "row 2, column 4"),
    ),
    "NUL": (COUNTER, "a.csv", text(f"{HEADINGS}\n{ROW}\n{NEXT}\0\n"), ("a.csv", "line 3", "NUL")),
    "a malformed JSON line": (WEB, "a.jsonl", text(f"{LINE}\n{LINE[:-3]}\n"), ("a.jsonl", "line 2")),
    "JSON in two encodings": (
        WEB, "a.jsonl", text(f"{LINE}\n".encode("gb18030") + f"{LINE}\n".encode()), ("a.jsonl", "line 1", "UTF-8"),
    ),
    "NUL in JSON": (WEB, "a.jsonl", text(LINE.replace(MOBILE, MOBILE + "\\u0000") + "\n"), ("a.jsonl", "NUL")),
    "JSON nested a thousand deep": (WEB, "a.jsonl", text(f'{{"name":"{NAME}","a":{"[" * 9999}'), ("a.jsonl", "line 1")),
    "a cut-off workbook": (COUNTER, "a.xlsx", cut_short, ("a.xlsx", "workbook")),
    "a broken workbook": (COUNTER, "a.xlsx", broken_sheet, ("a.xlsx", "broken")),
    "text called a workbook": (COUNTER, "a.xlsx", text(ROW), ("a.xlsx", "not an Excel workbook")),
    "a workbook with a password": (
        COUNTER, "a.xlsx", text(bytes.fromhex("d0cf11e0a1b11ae1") + ROW.encode()), ("a.xlsx", "password"),
    ),
    "a zip bomb": (COUNTER, "a.xlsx", bomb, ("a.xlsx", "unpack")),
    "broken Parquet": (COUNTER, "a.parquet", text(f"PAR1{ROW}PAR1"), ("a.parquet", "damaged")),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "name", "write", "told"), FILES.values(), ids=FILES)
def test_a_file_that_can_not_be_read_is_refused_whole(
    tutela: Command, tmp_path: Path, plan: str, name: str, write: Callable[[Path], Path], told: tuple[str, ...]
) -> None:
    before = tutela.state()
    is_one_sentence(tutela("ingest", plan, write(tmp_path / name), "--json"), SOURCE, *told)
    assert tutela.state() == before


def test_a_broken_second_file_stores_nothing_of_the_first(tutela: Command, tmp_path: Path) -> None:
    before = tutela.state()
    good = counter_file(tmp_path / "good.csv", [customer(1)])
    bad = text(f"{HEADINGS}\n{ROW},x\n")(tmp_path / "bad.csv")
    is_one_sentence(tutela("ingest", COUNTER, good, bad, "--json"), SOURCE, "bad.csv", "row 1")
    assert tutela.state() == before


def test_a_file_that_may_not_be_read_is_told(tutela: Command, place: Path) -> None:
    path = counter_file(place / "closed.csv", [customer(1)])
    path.chmod(0)
    if os.geteuid():
        is_one_sentence(tutela("ingest", COUNTER, path, "--json"), SOURCE, "closed.csv", "may not read")
        return
    if not _enters(CHECKOUT) or not _enters(Path(sys.executable)):
        pytest.skip("an ordinary account can't reach the checkout")
    # Root reads everything, and a home is closed to other accounts: a command that needs none shows it.
    is_one_sentence(tutela.apart("scan", path, "--json", user=65_534), SOURCE, "closed.csv", "may not read")


def _enters(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


@pytest.mark.parametrize("name", ["missing", "wrong encoding", "empty", "a quote never closed", "a broken workbook"])
def test_scan_refuses_in_one_sentence_too(tutela: Command, tmp_path: Path, name: str) -> None:
    _, file, write, told = FILES[name]
    is_one_sentence(tutela("scan", write(tmp_path / file), "--json"), SOURCE, *told)


def test_a_texts_line_that_is_broken_leaves_no_spans(tutela: Command, tmp_path: Path) -> None:
    path = text(json.dumps({"text": NAME}) + f'\n{{"text": "{MOBILE}\n')(tmp_path / "a.jsonl")
    result = tutela("scan", "--spans", path, "--out", tmp_path / "out.jsonl", "--json")
    is_one_sentence(result, SOURCE, "a.jsonl", "line 2")
    assert [left.name for left in tmp_path.iterdir()] == ["a.jsonl"]


# --- plans -------------------------------------------------------------------------------------------------------


def policy_with(folder: Path, file: str, old: str, new: str) -> Path:
    shutil.copytree(CHECKOUT / "policy", folder)
    content = (folder / file).read_text("utf-8")
    assert old in content
    (folder / file).write_text(content.replace(old, new, 1), "utf-8")
    return folder


def test_an_unknown_plan_is_told_with_those_there_are(tutela: Command, tmp_path: Path) -> None:
    before = tutela.state()
    path = counter_file(tmp_path / "a.csv", [customer(1)])
    is_one_sentence(tutela("ingest", "no_such_plan", path, "--json"), POLICY, "no_such_plan", COUNTER, "plan list")
    assert tutela.state() == before


PLAN_FAULTS = {
    "an unknown purpose": ("purposes: [account_service]", "purposes: [spying]", "spying"),
    "a verification code": ("item: service_note", "item: card_verification_code", "card_verification_code"),
    "a password": ("item: service_note", "item: password", "password"),
}


@pytest.mark.parametrize(("old", "new", "told"), PLAN_FAULTS.values(), ids=PLAN_FAULTS)
def test_a_plan_with_a_fault_takes_nothing_in(tutela: Command, tmp_path: Path, old: str, new: str, told: str) -> None:
    before = tutela.state()
    policy = policy_with(tmp_path / "policy", "plans/counter_customers.yaml", old, new)
    path = counter_file(tmp_path / "a.csv", [customer(1)])
    result = tutela("ingest", COUNTER, path, "--json", policy=policy)
    is_one_sentence(result, POLICY, "counter_customers.yaml", told)
    assert tutela.state() == before


# --- a partner's deliveries --------------------------------------------------------------------------------------


def delivery(path: Path, **changes: object) -> Path:
    """Write a partner's delivery; the manifest is changed before it is signed."""
    path.mkdir()
    rows = path / "enterprises.csv"
    rows.write_text(
        f"企业名称,统一社会信用代码,联系人,联系电话\n曾无此司,91310115MA0TE5T16N,{NAME},{MOBILE}\n", "utf-8"
    )
    content = rows.read_bytes()
    entry = {"name": rows.name, "sha256": hashlib.sha256(content).hexdigest(), "rows": 1, "bytes": len(content)}
    manifest = {"partner": "hexin_data", "plan": "partner_enterprises", "agreement": "AG-2026-0007"}
    manifest |= {"created_at": f"{TODAY}T00:00:00+08:00", "files": [{**entry, **changes}]}  # type: ignore[dict-item]
    signed = json.dumps(manifest).encode()
    (path / "manifest.json").write_bytes(signed)
    (path / "manifest.sig").write_bytes(EXAMPLE_KEY.sign(signed))
    return path


def forged(path: Path) -> Path:
    delivery(path)
    (path / "manifest.sig").write_bytes(bytes(64))
    return path


def unsigned(path: Path) -> Path:
    delivery(path)
    (path / "manifest.sig").unlink()
    return path


def short(path: Path) -> Path:
    delivery(path)
    (path / "enterprises.csv").unlink()
    return path


def more(path: Path) -> Path:
    delivery(path)
    (path / f"{NAME}.csv").write_text(f"姓名\n{NAME}\n", "utf-8")
    return path


DELIVERIES: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "another hash": (lambda path: delivery(path, sha256="0" * 64), ("enterprises.csv", "not what the partner signed")),
    "another size": (lambda path: delivery(path, bytes=7), ("enterprises.csv", "bytes")),
    "another number of rows": (lambda path: delivery(path, rows=2), ("enterprises.csv", "1 rows", "says 2")),
    "a forged signature": (forged, ("manifest.json", "signature")),
    "no signature": (unsigned, ("manifest.sig",)),
    "a file missing": (short, ("enterprises.csv", "not in the delivery")),
    "a file more": (more, ("1 file", "does not list")),
    "a name outside the folder": (lambda path: delivery(path, name="../enterprises.csv"), ("manifest.json", "name")),
}


@pytest.mark.parametrize(("write", "told"), DELIVERIES.values(), ids=DELIVERIES)
def test_a_delivery_that_is_not_what_was_signed_is_refused(
    tutela: Command, tmp_path: Path, write: Callable[[Path], Path], told: tuple[str, ...]
) -> None:
    before = tutela.state()
    result = tutela("ingest", "partner_enterprises", write(tmp_path / "delivery"), "--json")
    is_one_sentence(result, REFUSED, *told)
    assert tutela.state() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("licence_until: 2027-12-31", "licence_until: 2026-01-31", ("licence", "2026-01-31")),
        ("id: AG-2026-0007, until: 2027-12-31", "id: AG-2026-0007, until: 2026-01-31", ("AG-2026-0007", "2026-01-31")),
    ],
    ids=["licence", "agreement"],
)
def test_a_partner_whose_papers_expired_delivers_nothing(
    tutela: Command, tmp_path: Path, old: str, new: str, told: tuple[str, ...]
) -> None:
    before = tutela.state()
    policy = policy_with(tmp_path / "policy", "partners.yaml", old, new)
    result = tutela("ingest", "partner_enterprises", delivery(tmp_path / "delivery"), "--json", policy=policy)
    is_one_sentence(result, REFUSED, *told)
    assert tutela.state() == before


# --- the platform ------------------------------------------------------------------------------------------------


def test_a_database_that_is_down_is_told(tutela: Command, tmp_path: Path) -> None:
    path = counter_file(tmp_path / "a.csv", [customer(1)])
    url = "postgresql://tutela:secret-5f2c@127.0.0.1:9/tutela"  # the discard port: nobody listens
    result = tutela("ingest", COUNTER, path, "--json", database_url=url)
    is_one_sentence(result, 13, "database")
    assert "secret-5f2c" not in result.err


@pytest.mark.parametrize(
    "arguments", [("ingest", COUNTER), ("purge",), ("evidence", "export")], ids=["ingest", "purge", "export"]
)
def test_a_home_that_is_not_initialised_is_told(tutela: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = counter_file(tmp_path / "a.csv", [customer(1)])
    given = (*arguments, *([path] if arguments[0] != "purge" else []))
    is_one_sentence(tutela.at(tmp_path / "home")(*given), 17, "tutela init")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("key", ["keys/index.key", "keys/ledger.key", "keys"])
def test_a_lost_key_is_told_and_comes_back_from_its_keeper(tutela: Command, tmp_path: Path, key: str) -> None:
    before = tutela.state()
    lost, kept = tutela.home / key, tutela.home / "kept"
    lost.rename(kept)
    try:
        path = counter_file(tmp_path / "a.csv", [customer(1)])
        is_one_sentence(tutela("ingest", COUNTER, path, "--json"), 14, key, "keeper")
        is_one_sentence(tutela("purge", "--dry-run", "--json"), 14, key, "keeper")
    finally:
        kept.rename(lost)
    assert tutela.state() == before


def test_a_lost_root_key_is_told(tutela: Command, tmp_path: Path) -> None:
    before = tutela.state()
    (root,) = (tutela.home / "kms").glob("generation-*.key")
    kept = tutela.home / "kept.key"
    root.rename(kept)
    try:
        path = counter_file(tmp_path / "a.csv", [customer(1)])
        is_one_sentence(tutela("ingest", COUNTER, path, "--json"), 14)
    finally:
        kept.rename(root)
    assert tutela.state() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("purge", "--as-of", "yesterday"), ("yesterday", "tutela purge --help")),
        (("purge", "--as-of", "2999-01-01"), ("future", "tutela purge --help")),
        (("evidence", "destroy"), ("destroy", "tutela evidence --help")),
        (("ingest", COUNTER), ("'files'", "tutela ingest --help")),
        (("scan", "a.jsonl", "--spans"), ("--out", "tutela scan --help")),
        (("evict",), ("evict", "tutela --help")),
    ],
    ids=["a word for a day", "a day to come", "no such command", "no file", "no place for spans", "no such group"],
)
def test_a_wrong_call_is_told_with_where_to_read_on(
    tutela: Command, arguments: tuple[str, ...], told: tuple[str, ...]
) -> None:
    is_one_sentence(tutela(*arguments), 2, *told)


# --- what is never collected -------------------------------------------------------------------------------------


def test_a_password_or_a_verification_code_is_dropped_unread(tutela: Command, tmp_path: Path) -> None:
    """Columns outside the plan never leave the file: neither the home nor the output holds their cells."""
    secrets = ("canary-password-41", "canary-cvv-77")
    path = counter_file(tmp_path / "a.csv", [[*customer(1), *secrets]], f"{HEADINGS},密码,CVV2")
    result = tutela("ingest", COUNTER, path, "--json")
    assert result.json["stored"] == 1
    places = {tutela.home, EmbeddedPostgres(tutela.home).data_dir}  # the cluster lies apart where root runs it
    kept = [file for place in places for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
    assert len(kept) > 100
    assert not [file.name for file in kept for secret in secrets if secret.encode() in file.read_bytes()]
    assert not any(canary in result.out + result.err for canary in (*CANARIES, *secrets))
