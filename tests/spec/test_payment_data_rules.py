"""Payment authentication data is told from the talk about it (GB/T 35273-2020; JR/T 0171-2020, C3)."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.classify.entry import payment_rows
from pipelines.policy.headings import names_secret

HELD = (
    "CVV：123", "cvv 123", "CVV2 1234", "CVC code: 123", "ＣＶＶ：１２３", "安全码为123", "卡背面三位 123",
    "支付密码是123456", "取款密码888888", "密码123456", "密码 123456", "密码: Abc!2345", "登录密码:qwertyui",
    "密码改为abc123", "客户说密码是 a1b2c3，请记下", "口令=open-Sesame7",
    "pwd: hunter2", "PWD=abc123", "PASSWORD: Secret9", "Password is letmein", "passwd: correcthorse",
    "Password:Hunter2.", "pin 1234", "PIN码：1234", "PIN number 1234", "Otp: 1234", "验证码 482913",
    "动态口令是123456",
    "%B4111111111111111^DOE/JOHN^30011010000000000000?", "磁道;4111111111111111=30011010000012345678?",
)  # fmt: skip
WELCOME = (
    "请重置密码", "密码已重置", "忘记密码13800138000", "密码 400-800-1234", "密码是否需要重置", "密码为空",
    "密码：xxxxxx", "密码是wechat登录的", "验证码未收到", "验证码 1000 次", "动态码 2024年", "客户PIN忘记",
    "pwd: reset", "forgot password", "password is incorrect.", "password: ********", "password: please call",
    "password:n/a", "password is required for login", "password expired; changed", "Password too short",
    "Password reset on 2024-05-01", "pwd=?", "PIN code please call", "PIN: none", "OTP 2024-05-01 sent",
    "pinned 1234", "shipping 1234", "opinion: 12345", "CVV not given", "cvv missing", "房间123",
    "卡号6210000000000000009",
)  # fmt: skip
SECRET_HEADINGS = (
    "CVV", "cvv2", "安全码(CVV)", "card security code", "密码", "登录密码", "支付密码", "口令", "短信验证码",
    "loginPassword", "user_pwd", "password_hash", "PIN", "PIN Code", "OTP", "Track 2", "磁道信息",
)  # fmt: skip
OTHER_HEADINGS = (
    "password_hint", "密码提示问题", "密码修改时间", "是否设置密码", "has_password", "shipping", "opinion", "拼音",
    "pinyin", "统一社会信用代码", "社会信用代码校验码", "邮政编码", "代码", "tracking number", "track", "备注",
)  # fmt: skip


def of_cells(*cells: str | None, heading: str = "备注") -> list[bool]:
    frame = pd.DataFrame({"a": "一切正常", "b": pd.Series(cells, dtype="str")}, index=range(1, len(cells) + 1))
    frame["b"] = pd.array(cells, dtype="str")
    return list(payment_rows(frame, {"b": (heading,)}))


@pytest.mark.parametrize("cell", HELD)
def test_a_row_with_a_secret_in_any_cell_is_told(cell: str) -> None:
    assert of_cells("一切正常", cell, None) == [False, True, False]


@pytest.mark.parametrize("cell", WELCOME)
def test_talk_about_secrets_is_no_secret(cell: str) -> None:
    assert of_cells("一切正常", cell, None) == [False, False, False]


def test_a_secret_among_talk_is_told() -> None:
    assert of_cells("forgot password, pwd: reset, new password: Hunter2") == [True]


@pytest.mark.parametrize("heading", SECRET_HEADINGS)
def test_a_heading_that_names_a_secret_is_told(heading: str) -> None:
    assert names_secret(heading)


@pytest.mark.parametrize("heading", OTHER_HEADINGS)
def test_a_heading_that_only_speaks_of_one_is_not(heading: str) -> None:
    assert not names_secret(heading)


def test_under_such_a_heading_every_value_counts_whatever_the_plan_calls_the_column() -> None:
    secrets = ("123", "0921", "letmein", "Abc!2345", "e10adc3949ba59abbe56e057f20f883e")
    blank = (None, "", "是", "已设置", "true", "N/A", "******", "2024-05-01", "not set by customer")
    assert of_cells(*secrets, heading="登录密码") == [True] * len(secrets)
    assert of_cells(*secrets, heading="备注") == [False] * len(secrets)
    assert of_cells(*blank, heading="登录密码") == [False] * len(blank)


def test_no_rows_hold_nothing() -> None:
    assert of_cells() == []
    assert of_cells(None, None) == [False, False]


TEXTS = st.lists(st.one_of(st.sampled_from((*HELD, *WELCOME)), st.text(max_size=30)), max_size=8)


@given(TEXTS)
def test_a_row_is_judged_by_its_own_cells_alone(cells: list[str]) -> None:
    cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
    assert of_cells(*cells) == [of_cells(cell)[0] for cell in cells]


@pytest.mark.parametrize("part", ["密码: abc1 ", "pwd is ", "password:", ";4111111111111111=", "cvv"])
def test_a_long_cell_takes_time_in_proportion(part: str) -> None:
    seconds = []
    for size in (20_000, 40_000, 80_000):
        started = time.process_time()
        of_cells(part * (size // 4))
        seconds.append(time.process_time() - started)
    assert seconds[2] < 12 * max(seconds[0], 0.02)
