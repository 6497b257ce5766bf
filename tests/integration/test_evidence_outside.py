"""A ledger whose end was cut off is shown up by what lies outside: anchors, a time stamp, a git repository.

With a real PostgreSQL, a real time-stamp authority (openssl) and a real git.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.evidence import app
from pipelines.errors import EvidenceInvalid, KeyUnavailable, TutelaError
from pipelines.evidence import bundle, checkpoint, git_anchor, timestamps
from pipelines.evidence.outside import places
from pipelines.evidence.report import Finding
from pipelines.evidence.verify import verify_file
from pipelines.jobs import evidence
from pipelines.jobs.home import open_home
from tests.homes import NOON
from tests.time_stamp_authority import Authority, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.homes import Home, Homes


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "authority")


@pytest.fixture(scope="module")
def url(authority: Authority) -> Iterator[str]:
    with serving(authority) as address:
        yield address


def a_clone(folder: Path) -> Path:
    """Make a repository somewhere else, and a clone of it to commit to."""
    origin, clone = folder / "elsewhere.git", folder / "clone"
    for command in (
        ["init", "--quiet", "--bare", "--initial-branch=main", str(origin)],
        ["clone", "--quiet", str(origin), str(clone)],
        ["-C", str(clone), "config", "user.name", "Tutela"],
        ["-C", str(clone), "config", "user.email", "tutela@example.org"],
        ["-C", str(clone), "config", "push.default", "current"],
    ):
        subprocess.run(["git", *command], check=True, capture_output=True)
    return clone


@pytest.fixture(scope="module")
def told(homes: Homes, url: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Lay three checkpoints down everywhere, then keep one bundle as it is and one with its end cut off."""
    home, folder = homes.blank(), tmp_path_factory.mktemp("outside")
    clone = a_clone(folder)
    for number in range(3):
        evidence.export(home.settings, folder / "whole.jsonl", "auditor", NOON + timedelta(minutes=number))
        evidence.anchor(home.settings, clone, push=True)
        evidence.timestamp(home.settings, url, authority.root)
    cut_off(home, folder / "cut.jsonl")
    return {
        "home": home,
        "folder": folder,
        "clone": clone,
        "anchors": home.folder / "anchors.jsonl",
        "stamps": home.folder / "timestamps.jsonl",
    }


def cut_off(home: Home, path: Path) -> None:
    """Write a bundle as somebody would who owns key and database, and wants the last two entries never to have been."""
    opened = open_home(home.settings)
    log = [row[0].encode() for row in home.rows("SELECT body FROM evidence.entry ORDER BY seq")][:-2]
    heads = [
        checkpoint.from_bytes(row[0].encode())
        for row in home.rows("SELECT document FROM evidence.checkpoint WHERE size <= %s ORDER BY size", len(log))
    ]
    header = bundle.Header(opened.ledger.origin, opened.public_key, len(log), NOON)
    bundle.write_bundle(path, header, log, heads, [])


pytestmark = pytest.mark.skipif(not (which("openssl") and which("git")), reason="needs openssl and git")
WHERE = {
    "anchors": lambda told, _: (told["anchors"], places(None, None, None)),
    "timestamps": lambda told, root: (None, places(told["stamps"], root, None)),
    "git": lambda told, _: (None, places(None, None, told["clone"])),
}


@pytest.mark.parametrize("place", WHERE)
def test_a_cut_ledger_is_shown_up_by(place: str, told: dict[str, Any], authority: Authority) -> None:
    anchors, outside = WHERE[place](told, authority.root)
    key = open_home(told["home"].settings).public_key
    whole = verify_file(told["folder"] / "whole.jsonl", key, anchors, outside)
    assert whole.valid, whole.to_json()
    cut = told["folder"] / "cut.jsonl"
    assert verify_file(cut, key).valid, "nothing within the file can tell"
    report = verify_file(cut, key, anchors, outside)
    assert [(check.name, check.finding) for check in report.checks if not check.ok] == [(place, Finding.TRUNCATED)]


def test_the_commands_take_all_three_at_once(told: dict[str, Any], authority: Authority) -> None:
    arguments = ["verify", str(told["folder"] / "whole.jsonl"), "--anchors", str(told["anchors"])]
    arguments += ["--timestamps", str(told["stamps"]), "--authority", str(authority.root), "--git", str(told["clone"])]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    assert "stamped from" in " ".join(run.output.split())
    arguments[1] = str(told["folder"] / "cut.jsonl")
    assert CliRunner().invoke(app, arguments).exit_code == EvidenceInvalid.exit_code


def test_time_stamps_are_not_believed_without_their_authority(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="--authority"):
        places(told["stamps"], None, None)
    other = Authority(tmp_path / "other", "Another authority")
    outside = places(told["stamps"], other.root, None)
    report = verify_file(told["folder"] / "whole.jsonl", outside=outside)
    assert [check.name for check in report.checks if not check.ok] == ["timestamps"]
    with pytest.raises(KeyUnavailable, match="PEM"):
        timestamps.read_authority(told["stamps"])


def test_openssl_verifies_a_kept_stamp_over_the_anchored_line(
    told: dict[str, Any], authority: Authority, tmp_path: Path
) -> None:
    line = told["stamps"].read_bytes().splitlines()[-1]
    stamped = checkpoint.read_lines(told["stamps"], lambda each: each)[-1]
    assert stamped == line
    [*_, last] = [timestamps.parse(each) for each in told["stamps"].read_bytes().splitlines()]
    assert checkpoint.to_bytes(last.checkpoint) in told["anchors"].read_bytes().splitlines()
    (tmp_path / "checkpoint").write_bytes(checkpoint.to_bytes(last.checkpoint))
    (tmp_path / "stamp.tsr").write_bytes(last.response)
    command = ["openssl", "ts", "-verify", "-data", "checkpoint", "-in", "stamp.tsr", "-CAfile", str(authority.root)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert b"Verification: OK" in run.stdout + run.stderr


@pytest.mark.parametrize("path", ["/garbage", "/replayed", "/gone", "/long"])
def test_an_answer_that_is_no_stamp_on_this_checkpoint_is_not_kept(
    path: str, told: dict[str, Any], url: str, authority: Authority
) -> None:
    before = told["stamps"].read_bytes()
    with pytest.raises(TutelaError, match=r"time.stamp"):
        evidence.timestamp(told["home"].settings, url + path, authority.root)
    assert told["stamps"].read_bytes() == before


def test_an_authority_that_does_not_answer_is_told_in_a_sentence(told: dict[str, Any], authority: Authority) -> None:
    with pytest.raises(TutelaError, match=r"at 127\.0\.0\.1:1 did not answer"):
        evidence.timestamp(told["home"].settings, "http://somebody:secret@127.0.0.1:1/", authority.root)


def test_a_stamp_older_than_its_checkpoint_says_it_is_does_not_hold(told: dict[str, Any], authority: Authority) -> None:
    opened, trusted = open_home(told["home"].settings), timestamps.read_authority(authority.root)
    tomorrow = checkpoint.sign(opened.ledger.private_key, opened.ledger.origin, 3, bytes(32), NOON + timedelta(3650))
    with pytest.raises(EvidenceInvalid, match="stamped before"):
        timestamps.ask(tomorrow, trusted, authority.stamp)
    stamped = timestamps.ask(replace(tomorrow, at=NOON), trusted, authority.stamp)
    with pytest.raises(EvidenceInvalid, match="not on this checkpoint"):
        timestamps.time_of(replace(stamped, checkpoint=tomorrow), trusted)


def test_an_anchor_that_was_taken_out_of_git_again_still_counts(told: dict[str, Any], tmp_path: Path) -> None:
    clone = tmp_path / "auditors"
    subprocess.run(["git", "clone", "--quiet", str(told["folder"] / "elsewhere.git"), str(clone)], check=True)
    [path] = clone.glob("*.anchors.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "-C", str(clone), *who, "commit", "--quiet", "-am", "Tidy"], check=True)
    report = verify_file(told["folder"] / "cut.jsonl", outside=places(None, None, clone))
    assert report.finding is Finding.TRUNCATED


def test_a_checkpoint_is_committed_once_and_also_where_a_kill_came_before_the_commit(
    told: dict[str, Any], tmp_path: Path
) -> None:
    clone, head = a_clone(tmp_path), checkpoint.read_anchors(told["anchors"])[-1]
    assert git_anchor.commit(clone, head)
    assert not git_anchor.commit(clone, head)
    later = replace(head, size=head.size + 1)
    checkpoint.append_anchor(clone / git_anchor.file_name(head.origin), later)
    assert git_anchor.commit(clone, later)
    log = subprocess.run(["git", "-C", str(clone), "log", "--format=%s"], check=True, capture_output=True, text=True)
    assert log.stdout.splitlines() == [f"Anchor {size} entries of {head.origin}" for size in (later.size, head.size)]


def test_what_git_refuses_is_told_in_a_sentence(told: dict[str, Any], tmp_path: Path) -> None:
    head = checkpoint.read_anchors(told["anchors"])[-1]
    with pytest.raises(TutelaError, match="git init"):
        git_anchor.commit(tmp_path, head)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    named = {"user.name": "Tutela", "user.email": "tutela@example.org"}
    for name, value in named.items():
        subprocess.run(["git", "-C", str(tmp_path), "config", name, value], check=True)
    with pytest.raises(TutelaError, match="git push was refused"):
        git_anchor.commit(tmp_path, head, push=True)
    report = verify_file(told["folder"] / "whole.jsonl", outside=places(None, None, tmp_path / "absent"))
    assert [check.name for check in report.checks] == ["git"]


def test_checkpoints_of_another_installation_in_the_repository_do_not_matter(
    told: dict[str, Any], tmp_path: Path
) -> None:
    clone, head = a_clone(tmp_path), checkpoint.read_anchors(told["anchors"])[-1]
    git_anchor.commit(clone, replace(head, origin="tutela-elsewhere", size=10**6))
    alone = verify_file(told["folder"] / "whole.jsonl", outside=places(None, None, clone))
    assert [check.detail for check in alone.checks if not check.ok] == ["there is no checkpoint to compare with"]
    git_anchor.commit(clone, head)
    assert verify_file(told["folder"] / "whole.jsonl", outside=places(None, None, clone)).valid
