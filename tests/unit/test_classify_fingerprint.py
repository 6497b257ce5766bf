"""The fingerprint of what reads columns changes with whatever may read them otherwise, and with nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.classify import fingerprint as fingerprints
from pipelines.classify.fingerprint import fingerprint
from pipelines.policy import load_policy
from pipelines.settings import CHECKOUT

TAXONOMY = load_policy(CHECKOUT / "policy").taxonomy
ENGINE = "tutela-zh-1+tutela-en-1+rules"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of two recognizers and one file of weights, in the place of the real one."""
    (tmp_path / "weights").mkdir()
    (tmp_path / "phone.py").write_text("PATTERN = '1'")
    (tmp_path / "weights" / "zh.npz").write_bytes(b"\x00\x01")
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "fingerprint.py"))
    fingerprints._program.cache_clear()
    yield tmp_path
    fingerprints._program.cache_clear()


def _again() -> str:
    fingerprints._program.cache_clear()
    return fingerprint(ENGINE, TAXONOMY)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a pattern": lambda folder: (folder / "phone.py").write_text("PATTERN = '2'"),
    "a new recognizer": lambda folder: (folder / "plate.py").write_text(""),
    "a recognizer that is gone": lambda folder: (folder / "phone.py").unlink(),
    "another name": lambda folder: (folder / "phone.py").rename(folder / "fax.py"),
    "weights": lambda folder: (folder / "weights" / "zh.npz").write_bytes(b"\x00\x02"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_it_changes_with_recognizers_and_weights(program: Path, change: Callable[[Path], object]) -> None:
    before = _again()
    change(program)
    assert _again() != before


def test_it_changes_with_the_engine_the_taxonomy_and_a_library(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _again()
    mobile = TAXONOMY.items["mobile"]
    raised = TAXONOMY.model_copy(update={"items": {**TAXONOMY.items, "mobile": mobile.model_copy(update={"level": 4})}})
    assert fingerprint("spacy:zh_core_web_trf+rules", TAXONOMY) != before
    assert fingerprint(ENGINE, raised) != before
    monkeypatch.setattr(fingerprints, "version", lambda name: "99" if name == "phonenumbers" else "1")
    assert _again() != before


def test_it_stays_where_nothing_changed_and_may_stand_in_the_ledger(program: Path) -> None:
    before = _again()
    (program / "__pycache__").mkdir()
    (program / "__pycache__" / "phone.pyc").write_bytes(b"x")
    assert _again() == before
    assert re.fullmatch("[0-9a-f]{32}", before)


def test_a_library_that_is_not_installed_is_one_state_more(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    before = _again()
    monkeypatch.setattr(fingerprints, "LIBRARIES", (*fingerprints.LIBRARIES, "no-such-library-at-all"))
    assert _again() != before
