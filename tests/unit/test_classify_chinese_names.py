"""The Chinese tagger: what it finds in made-up texts, and that no text hurts it."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import pytest

from pipelines.classify.ner.chinese import WEIGHTS, ChineseTagger, tagger
from pipelines.classify.ner.network import SEGMENT
from pipelines.errors import PolicyError

FINGERPRINT = "9d4dd4e4d1cae33fcc009124bb6448a638851af10f6d4e3f7ac8e21e3c44599d"


def _found(text: str) -> list[tuple[str, str]]:
    return [(text[start:end], label) for start, end, label in tagger().entities([text])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("李建国", ("李建国", "PERSON")),
        ("客户李建国来电咨询账单", ("李建国", "PERSON")),
        ("张晓梅女士，本科学历，会计师。", ("张晓梅", "PERSON")),
        ("杭州星河网络科技有限公司", ("杭州星河网络科技有限公司", "ORGANIZATION")),
        (
            "请送到浙江省杭州市西湖区文三路123号5栋2单元301室 王芳芳收",
            ("浙江省杭州市西湖区文三路123号5栋2单元301室", "LOCATION"),
        ),
        ("浙江省杭州市西湖区文三路１２３号", ("浙江省杭州市西湖区文三路１２３号", "LOCATION")),
    ],
)
def test_a_name_is_found_with_its_bounds(text: str, expected: tuple[str, str]) -> None:
    assert expected in _found(text)


@pytest.mark.parametrize(
    "text", ["", "查询余额", "周末活动", "高端白酒", "2026年11月25日", "128.50元", "客户已还清贷款"]
)
def test_what_is_no_name_is_left_alone(text: str) -> None:
    assert _found(text) == []


def test_odd_and_long_texts_give_sorted_entities_within_the_text() -> None:
    texts = ["\ud800李建国\x00", "\x00" * 5, "李建国，" * 2000, "中" * (SEGMENT * 20 + 1), "\U0001f600" * 300]
    for text, entities in zip(texts, tagger().entities(texts), strict=True):
        edges = [edge for start, end, _ in entities for edge in (start, end)]
        assert edges == sorted(edges)
        assert not edges or 0 <= edges[0] < edges[-1] <= len(text)


def test_a_text_is_read_alike_alone_and_among_others() -> None:
    texts = ["客户李建国来电", "杭州星河网络科技有限公司", "", "查询余额"]
    assert tagger().entities(texts) == [tagger().entities([text])[0] for text in texts]


def test_the_weights_are_those_the_model_card_describes() -> None:
    weights = (resources.files("pipelines.classify.ner") / "weights" / WEIGHTS).read_bytes()
    assert hashlib.sha256(weights).hexdigest() == FINGERPRINT


def test_damaged_or_missing_weights_are_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04 not a file of weights")
    for name in ("damaged.npz", "missing.npz"):
        with pytest.raises(PolicyError, match="install tutela and jieba"):
            ChineseTagger(tmp_path / name)
