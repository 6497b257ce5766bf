"""The encoding of a text file is told from its bytes, or the file is refused with a hint; nothing is read wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from pipelines.errors import SourceEncoding, SourceMalformed
from pipelines.sources import read_chunks
from pipelines.sources.encoding import BLOCK, detect

if TYPE_CHECKING:
    from pathlib import Path

CHINESE = (
    "姓名,地址\n王晓明,北京市朝阳区建国路18号\n李秀英,上海市浦东新区世纪大道100号\n欧阳娜,广州市天河区体育西路3号\n"
)
TRADITIONAL = "姓名,地址\n陳大文,台北市信義區忠孝東路五段\n林志明,高雄市左營區博愛路\n黃麗華,新北市板橋區文化路\n"
JAPANESE = "氏名,住所\n山田太郎,東京都千代田区丸の内\n佐藤はなこ,大阪市北区うめだ\n"
GERMAN = "name,city\nJürgen Müller,Köln\nKäthe Größe,Düsseldorf\n"
FRENCH = "name,city\nHélène Lefèvre,Orléans\nFrançois Bénoît,Besançon\nRenée Crétien,Nîmes\n"
ENGLISH = "name,city\nMary Smith,New York\nJohn Miller,Boston\n"

TOLD = {
    "UTF-8": (CHINESE, "utf-8", "utf-8"),
    "UTF-8 with a mark": (CHINESE, "utf-8-sig", "utf-8"),
    "GB18030": (CHINESE, "gb18030", "gb18030"),
    "GBK": (CHINESE, "gbk", "gb18030"),
    "GB2312": (CHINESE, "gb2312", "gb18030"),
    "GB18030, four bytes": (CHINESE + "㐀𠮷,李庄\n", "gb18030", "gb18030"),
    "GBK, traditional characters": (TRADITIONAL, "gbk", "gb18030"),
    "Big5": (TRADITIONAL, "big5", "big5"),
    "UTF-16 with a mark": (CHINESE, "utf-16", "utf-16"),
    "UTF-16 little end first": (CHINESE, "utf-16-le", "utf-16-le"),
    "UTF-16 big end first": (CHINESE, "utf-16-be", "utf-16-be"),
    "UTF-16 of English": (ENGLISH, "utf-16-le", "utf-16-le"),
    "UTF-32 with a mark": (CHINESE, "utf-32", "utf-32"),
    "UTF-32 little end first": (CHINESE, "utf-32-le", "utf-32-le"),
    "UTF-32 big end first": (ENGLISH, "utf-32-be", "utf-32-be"),
    "Shift-JIS": (JAPANESE, "cp932", "shift_jis"),
    "Windows-1252, German": (GERMAN, "cp1252", "windows-1252"),
    "Windows-1252, French": (FRENCH, "cp1252", "windows-1252"),
    "Windows-1252, signs": ("name,price\nO’Neill – “Sons”,€ 5\n", "cp1252", "windows-1252"),
    "ASCII": (ENGLISH, "ascii", "utf-8"),
    "a few characters": ("姓名\n张三\n", "gb18030", "gb18030"),
    "Windows' new lines": (CHINESE.replace("\n", "\r\n"), "gb18030", "gb18030"),
    "old Macintosh's new lines": (CHINESE.replace("\n", "\r"), "gb18030", "gb18030"),
}


def write(tmp_path: Path, content: bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def read(path: Path, **options: str) -> pd.DataFrame:
    return pd.concat([chunk.frame for chunk in read_chunks(path, chunk_rows=1000, **options)])


@pytest.mark.parametrize(("text", "codec", "name"), TOLD.values(), ids=TOLD.keys())
def test_the_encoding_is_told_and_every_cell_comes_back(tmp_path: Path, text: str, codec: str, name: str) -> None:
    path = write(tmp_path, text.encode(codec))
    assert detect(path).name == name
    first, *rows = text.splitlines()
    frame = read(path)
    assert frame.columns.tolist() == first.split(",")
    assert [",".join(row) for row in frame.to_numpy().tolist()] == rows


@pytest.mark.parametrize(("text", "codec", "name"), TOLD.values(), ids=TOLD.keys())
def test_json_lines_are_told_alike(tmp_path: Path, text: str, codec: str, name: str) -> None:
    lines = "".join(json.dumps({"a": row}, ensure_ascii=False) + "\n" for row in text.splitlines())
    path = write(tmp_path, lines.encode(codec), "a.jsonl")
    assert detect(path).name == name
    assert read(path)["a"].tolist() == text.splitlines()


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5"])
def test_chinese_that_begins_after_a_megabyte_is_read_all_the_same(tmp_path: Path, codec: str) -> None:
    tail = TRADITIONAL if codec == "big5" else CHINESE
    text = "a,b\n" + "Smith,12 Main Street\n" * (BLOCK // 20) + tail
    frame = read(write(tmp_path, text.encode(codec)))
    assert frame["a"].tolist()[-3:] == [line.split(",")[0] for line in tail.splitlines()[1:]]


REFUSED = {
    "UTF-8, cut": (CHINESE.encode()[:-6], "cut short"),
    "GB18030, cut": (CHINESE.rstrip("\n").encode("gb18030")[:-1], "cut short"),
    "UTF-16, cut": (CHINESE.encode("utf-16")[:-1], "cut short"),
    "UTF-8, then GB18030": (CHINESE.encode() + "张三,李四\n".encode("gb18030"), "line 5 (byte 153): this is not UTF-8"),
    "GB18030, then UTF-8": (CHINESE.encode("gb18030") + CHINESE.encode(), "part of the file is UTF-8"),
    "GB18030, then one short row of UTF-8": (CHINESE.encode("gb18030") + "建国路二号,1\n".encode(), "part of the file"),
    "GB18030, broken": (CHINESE.encode("gb18030") * 9 + b"a,\xff\xff\n", "can't be told"),
    "GB18030, broken far behind": (
        CHINESE.encode("gb18030") * 2000 + b"a,\xff\xff\n", "line 8,001 (byte 212,003): this is not gb18030"),
    "one character": ("a\n张\n".encode("gb18030"), "can't be told"),
    "Korean": ("이름,주소\n김철수,서울특별시 강남구\n이영희,부산광역시\n".encode("cp949"), "it may be euc-kr"),
    "Russian": ("имя,город\nИван Петров,Москва\nАнна Смирнова,Казань\n".encode("cp1251"), "it may be windows-1251"),
    "Czech": ("jméno\nJiří Dvořák\nŽofie Černá\nPřibyslav Šťastný\n".encode("cp1250"), "can't be told"),
    "Hungarian": ("név\nGábor Szűcs\nErzsébet Győri\nLászló Kőszegi\n".encode("cp1250"), "can't be told"),
    "Polish": ("imię\nMałgorzata Wałęsa\nŁukasz Zieliński\n".encode("cp1250"), "can't be told"),
    "a Western letter in UTF-8, then in Windows-1252": (b"a\nM\xc3\xbcller\nM\xfcller\n", "can't be told"),
    "random bytes": (bytes(range(128, 256)) * 9, "can't be told"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_near_certain_is_refused_with_a_hint(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SourceEncoding) as caught:
        read(write(tmp_path, content))
    assert message in str(caught.value)
    assert "again" in str(caught.value)
    assert "line " in str(caught.value)
    assert caught.value.__cause__ is None


NUL = {
    "UTF-8": b"a,b\n1,2\n\0,4\n",
    "UTF-8, only NUL": b"\0" * 5000,
    "GB18030": CHINESE.encode("gb18030") + b"\0,1\n",
    "UTF-16": (ENGLISH + "\0,1\n").encode("utf-16"),
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10" + bytes(range(256)) * 3,
}


@pytest.mark.parametrize("content", NUL.values(), ids=NUL.keys())
def test_a_nul_is_no_text_in_any_encoding(tmp_path: Path, content: bytes) -> None:
    with pytest.raises((SourceMalformed, SourceEncoding), match="line "):
        read(write(tmp_path, content))


NAMED = {
    "one character": ("a\n张\n", "gb18030", "gbk"),
    "Czech": ("jméno\nJiří Dvořák\n", "cp1250", "windows-1250"),
    "Korean": ("이름\n김철수\n", "cp949", "euc-kr"),
    "Japanese of Unix": ("氏名\n山田\n", "euc_jp", "euc-jp"),
    "UTF-16 without a mark": ("姓名\n张三\n", "utf-16-le", "utf-16"),
    "UTF-16 with a mark": ("姓名\n张三\n", "utf-16", "utf-16"),
    "UTF-16 of one end with a mark": ("姓名\n张三\n", "utf-16", "utf-16-le"),
    "UTF-8 with a mark": ("姓名\n张三\n", "utf-8-sig", "utf-8"),
}


@pytest.mark.parametrize(("text", "codec", "named"), NAMED.values(), ids=NAMED.keys())
def test_who_names_the_encoding_is_believed_as_far_as_the_bytes_allow(
    tmp_path: Path, text: str, codec: str, named: str
) -> None:
    heading, cell, *_ = text.splitlines()
    assert read(write(tmp_path, text.encode(codec)), encoding=named)[heading].tolist() == [cell]
    line = json.dumps({heading: cell}, ensure_ascii=False)
    assert read(write(tmp_path, line.encode(codec), "a.jsonl"), encoding=named)[heading].tolist() == [cell]


def test_a_named_encoding_that_the_bytes_are_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceEncoding, match=r"line 1 \(byte 1\): this is not utf-8, the encoding named"):
        read(write(tmp_path, CHINESE.encode("gb18030")), encoding="utf-8")


@pytest.mark.parametrize("lost", ["\ufffd", "锟斤拷", "ï¿½"])
def test_characters_lost_in_an_earlier_conversion_are_counted(tmp_path: Path, lost: str) -> None:
    assert detect(write(tmp_path, f"{CHINESE}{lost}三,1\n{lost}\n".encode())).lost == 2
    assert detect(write(tmp_path, CHINESE.encode())).lost == 0
