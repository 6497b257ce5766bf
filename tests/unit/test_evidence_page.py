"""A certificate's pages: written beside it, printed by a command, and as PDF where that can be had."""

from __future__ import annotations

import builtins
import errno
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from evidence_world import RECORDS, a_case, an_erasure, an_installation, resigned
from typer.testing import CliRunner

from pipelines.cli.evidence import app
from pipelines.errors import EvidenceInvalid, StorageFull, TutelaError
from pipelines.evidence import certificate, page, pdf
from pipelines.evidence.certificate import CheckResult, Derivative, Limit, Manifest, WorkOrder
from pipelines.jobs import evidence
from pipelines.policy import load_policy
from pipelines.seal.kms.file import FileKms
from pipelines.seal.kms.pkcs11 import Pkcs11Kms
from pipelines.seal.kms.vault import VaultKms
from pipelines.settings import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = an_installation()
DOCUMENT = HOME.certificates[0]


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("language", page.LANGUAGES)
def test_what_format_2_adds_is_printed(language: str) -> None:
    erasure = an_installation().destroy(an_erasure())
    hashes = [bytes(range(1, 33)).hex(), DOCUMENT.case.manifest.hash.hex()]  # type: ignore[union-attr]
    facts = (
        (DOCUMENT, ["SA-2026-1", "2026-02-04", "P-LOGISTICS", "2026-01-20", "archivist", "41", *hashes]),
        (erasure, ["AP-2026-7", "RQ-2026-7", "Airflow"]),
    )
    for document, expected in facts:
        printed = page.render(document, language)
        assert [fact for fact in (*expected, "NIST SP 800-88", "Purge") if fact not in printed] == []


@pytest.mark.parametrize("language", page.LANGUAGES)
def test_a_person_is_not_taken_for_a_code_of_the_same_name(language: str) -> None:
    people = replace(DOCUMENT.case.people, applicant="steward")
    printed = page.render(replace(DOCUMENT, case=replace(DOCUMENT.case, people=people)), language)
    assert "<td>steward</td>" in printed


def test_a_page_lists_a_few_and_says_how_many_more_the_document_has() -> None:
    cohorts = {f"R-MKT/2026-01-{day:02}": RECORDS // 28 for day in range(1, 29)}
    photos = tuple(bytes([number]) * 32 for number in range(9))
    case = replace(
        a_case(),
        manifest=replace(a_case().manifest, cohorts=cohorts),
        work_orders=(WorkOrder("paper", "shred_P5", 0, 9, photos=photos),),
    )
    printed = page.render(an_installation().destroy(case), "en")
    assert f"and {28 - page.MOST} more in the document" in printed
    assert f"and {9 - page.FEW} more in the document" in printed
    assert photos[8].hex() not in printed


def test_a_failed_destruction_does_not_say_that_what_remains_is_unreadable() -> None:
    checks = (CheckResult("rows_gone", RECORDS, 1), *a_case().checks[1:])
    assert "unreadable" in page.render(DOCUMENT, "en")
    assert "unreadable" not in page.render(an_installation().destroy(replace(a_case("DS-2"), checks=checks)), "en")


def test_a_limit_is_said_once_where_a_place_says_it_with_a_day() -> None:
    known = json.loads((page.TEMPLATES / "certificate.en.json").read_text())["names"]
    printed = page.render(DOCUMENT, "en")
    assert known[Limit.BACKUPS] not in printed, "backups are listed with the day on which they are gone"
    assert known[Limit.KMS] in printed
    assert known[Limit.BACKUPS] in page.render(resigned(DOCUMENT, HOME.key, case=replace(a_case(), residuals=())), "en")


@pytest.mark.parametrize("provider", [FileKms, Pkcs11Kms, VaultKms])
def test_what_a_provider_guarantees_is_told_in_chinese_too(provider: Any) -> None:
    rotation = replace(a_case().rotation, guarantee=provider.guarantee)
    document = resigned(DOCUMENT, HOME.key, case=replace(DOCUMENT.case, rotation=rotation))
    assert provider.guarantee.replace("'", "&#39;") in page.render(document, "en")
    assert "密钥" in page.words_of("zh-CN")["guarantees"][provider.guarantee]


def test_what_stands_in_a_style_sheet_can_not_leave_it() -> None:
    case = replace(DOCUMENT.case, id='DS-1"; } body { display: none } </style><script>')
    printed = page.render(replace(DOCUMENT, case=case), "en")
    assert "<script>" not in printed
    assert 'content: "DS-1bodydisplay:none/stylescript' in printed


def test_pages_are_written_beside_the_document_with_the_names_of_the_policy(tmp_path: Path) -> None:
    names = evidence.names(load_policy(CHECKOUT / "policy"))
    document = saved(tmp_path / "DS-1.json", certificate.to_bytes(DOCUMENT))
    written = page.write_pages(document, DOCUMENT, names=names)
    assert [path.name for path in written] == ["DS-1.zh-CN.html", "DS-1.en.html"]
    assert "柜面客户信息采集" in written[0].read_text("utf-8")
    assert "Customers at the counter" in written[1].read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["DS-1.en.html", "DS-1.json", "DS-1.zh-CN.html"]


def test_a_full_disk_leaves_no_half_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFull, match="tutela evidence page"):
        page.write_pages(tmp_path / "DS-1.json", DOCUMENT)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TutelaError, match="can't be written"):
        page.write_pages(tmp_path / "absent" / "DS-1.json", DOCUMENT)


def test_the_command_prints_what_holds_and_nothing_else(tmp_path: Path) -> None:
    path = saved(tmp_path / "DS-1.json", certificate.to_bytes(DOCUMENT))
    run = CliRunner().invoke
    key = ["--public-key", HOME.public_key.hex()]
    told = run(app, ["page", str(path), "--language", "en", *key, "--json"])
    assert json.loads(told.stdout) == {"file": str(tmp_path / "DS-1.en.html")}
    assert "Certificate of destruction" in (tmp_path / "DS-1.en.html").read_text()
    assert run(app, ["page", str(path)]).exit_code == 0
    assert "客户信息销毁证明" in (tmp_path / "DS-1.zh-CN.html").read_text("utf-8")
    saved(path, path.read_bytes().replace(b'"records":1204', b'"records":1205'))
    refused: dict[str, tuple[list[str], str]] = {
        "it was altered": ([str(path)], "does not hold"),
        "it is a bundle": ([str(HOME.export(tmp_path / "evidence.jsonl"))], "bundle"),
        "it would be an image": ([str(path), "--out", str(tmp_path / "x.png")], r"\.html or \.pdf"),
    }
    for arguments, sentence in refused.values():
        with pytest.raises(TutelaError, match=sentence):
            raise run(app, ["page", *arguments]).exception  # type: ignore[misc]


needs_pdf = pytest.mark.skipif(
    not shutil.which("fc-list") or not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout,
    reason="needs a font with Chinese characters",
)


@needs_pdf
def test_the_command_prints_pdf(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    path, out = saved(tmp_path / "DS-1.json", certificate.to_bytes(DOCUMENT)), tmp_path / "DS-1.pdf"
    run = CliRunner().invoke(app, ["page", str(path), "--out", str(out)])
    assert run.exit_code == 0, run.exception
    assert out.read_bytes().startswith(b"%PDF-")


@needs_pdf
def test_a_page_with_something_to_say_in_every_place_fits_on_two_sheets() -> None:
    weasyprint = pytest.importorskip("weasyprint")
    assert len(weasyprint.HTML(string=page.render(crowded(), "en")).render().pages) == 2


def crowded() -> certificate.Certificate:
    """Certify the erasure of many people, with something to say in every place."""
    kinds = ("staging", "landing_file", "release", "export", "shared_copy", "paper", "quarantine", "blind_index")
    derivatives = (*(Derivative(kind, 7) for kind in kinds), Derivative("backup", 0, 30, date(2026, 7, 1)))
    optional = ("quarantine_gone", "derivatives_gone", "statistics_gone", "residual_scan")
    by_plan = {f"plan_{number:02}": RECORDS // 4 for number in range(4)}
    cohorts = {f"R-MKT/2026-{month:02}-01": 100 for month in range(1, 13)}
    manifest = replace(an_erasure().manifest, by_plan=by_plan, cohorts=cohorts)
    checks = (*an_erasure().checks, *(CheckResult(name, 9, 9) for name in optional))
    case = replace(an_erasure(), derivatives=derivatives, checks=checks, manifest=manifest, limits=tuple(Limit))
    return an_installation().destroy(case)


def without(module: str, error: type[Exception]) -> Callable[..., Any]:
    real = builtins.__import__

    def importing(name: str, *more: Any, **given: Any) -> Any:
        if name.partition(".")[0] == module:
            raise error(f"cannot load library of {module}")
        return real(name, *more, **given)

    return importing


MISSING = {
    "WeasyPrint": (ImportError, "extra `pdf`"),
    "Pango": (OSError, "libpango"),
}


@pytest.mark.parametrize("what", MISSING)
def test_what_pdf_needs_and_has_not_is_told_in_a_sentence(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error, sentence = MISSING[what]
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", without("weasyprint", error))
    with pytest.raises(TutelaError, match=sentence):
        pdf.from_html("<p>x</p>")


@pytest.mark.parametrize(
    ("found", "listed", "sentence"), [(None, b"", "fontconfig"), ("fc-list", b"", "fonts-noto-cjk")]
)
def test_a_missing_chinese_font_is_told_where_the_page_needs_one(
    found: str | None, listed: bytes, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("weasyprint")
    monkeypatch.setattr(shutil, "which", lambda _: found)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0, stdout=listed))
    with pytest.raises(TutelaError, match=sentence):
        pdf.from_html("<p>客户</p>")


@needs_pdf
def test_nothing_that_a_page_names_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weasyprint")
    secret, opened = saved(tmp_path / "secret.css", b"p { color: red }"), []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda _, request, *__, **___: opened.append(request))
    assert pdf.from_html(f'<link rel="stylesheet" href="file://{secret}"><p>x</p>').startswith(b"%PDF-")
    assert opened == []


def test_an_empty_manifest_is_printed_as_not_destroyed() -> None:
    empty = Manifest(bytes(32), 0, {}, {}, {}, {})
    case = replace(a_case("DS-2"), manifest=empty, checks=(), derivatives=())
    assert "Treat them as not destroyed" in page.render(an_installation().destroy(case), "en")
    with pytest.raises(EvidenceInvalid):
        certificate.build(replace(case, id="x y"), DOCUMENT.ledger, HOME.public_key, DOCUMENT.issued)
