"""The numpy port of LAC-small reads Chinese as the network was trained to."""

from __future__ import annotations

import itertools

import pytest

from pipelines.classify.ner.lac import tagger
from pipelines.classify.ner.network import SEGMENT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "张三在北京市海淀区中关村大街27号的阿里巴巴有限公司工作",
            [("张三", "PERSON"), ("北京市海淀区中关村大街27号", "LOCATION"), ("阿里巴巴有限公司", "ORGANIZATION")],
        ),
        ("法定代表人李建国，联系电话13812345678", [("李建国", "PERSON")]),
        ("欧阳娜娜", [("欧阳娜娜", "PERSON")]),
        ("海口美东钢结构制造有限公司", [("海口美东钢结构制造有限公司", "ORGANIZATION")]),
        ("今天天气很好", []),
        ("", []),
    ],
)
def test_names_in_a_sentence_are_read(text: str, wanted: list[tuple[str, str]]) -> None:
    [names] = tagger().entities([text])
    assert [(text[start:end], entity) for start, end, entity in names] == wanted


def test_words_cover_the_text_whatever_its_length_and_company() -> None:
    texts = ["", "王芳", "这是一段很长的文字，" * 40, "无标点" * SEGMENT, "a", "\x00", " \n "]
    for text, words in zip(texts, tagger().words(texts), strict=True):
        assert "".join(text[word.start : word.end] for word in words) == text
        assert all(left.end == right.start for left, right in itertools.pairwise(words))


def test_a_text_is_read_alike_alone_and_in_a_batch() -> None:
    texts = [
        f"客户{name}来电，住在{place}"
        for name in ("赵敏", "欧阳锋", "李四光")
        for place in ("上海市", "广州市天河区体育西路")
    ]
    assert tagger().words(texts) == [tagger().words([text])[0] for text in texts]
