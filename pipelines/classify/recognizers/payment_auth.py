"""Payment authentication data: what may never be collected or stored (GB/T 35273-2020, JR/T 0171-2020 C3)."""

from __future__ import annotations

from presidio_analyzer import Pattern

from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate

_WORDS = "密码|口令|安全码|验证码|动态码|卡背面|(?i:cv[vnc2]|passw|pwd|pin|otp)"
_IS = r"[ \t]?(?:为|是|改为|设为|改成|is|:|：|=){1,2}[ \t]?"
_SAYS = r"[ \t]?(?:号|为|是|码|code|number|no\.|is|:|：|=|-){0,3}[ \t]?"
_WORD = "(?:密码|口令|(?i:password|passwd|(?<![A-Za-z])pwd))"


class PaymentAuthRecognizer(FoldedRecognizer):
    """A card's magnetic track; a card's verification code, a PIN, a password or a one-time code, right behind the word for it."""

    ENTITY = "PAYMENT_AUTH"
    PATTERNS = (
        Pattern("Track 1", r"%[Bb][0-9]{12,19}\^[0-9A-Za-z /.'-]{2,26}\^[0-9]{7}[0-9A-Za-z =]{0,60}\??", 1.0),
        Pattern("Track 2", r"(?<![0-9A-Za-z]);[0-9]{12,19}=[0-9]{7,25}\??", 1.0),
        Pattern(
            "Verification code",
            r"(?<=(?:[Cc][Vv][VvNnCc]2?|[Cc][Vv]2|安全码|卡背面三位)" + _SAYS + r")[0-9]{3,4}(?![0-9A-Za-z])",
            0.9,
        ),
        Pattern(
            "PIN or one-time code",
            r"(?<=(?:(?<![A-Za-z])(?i:pin|otp)|动态码|动态口令|短信验证码|验证码|取款密码|支付密码|交易密码)"
            + _SAYS
            + r")[0-9]{4,8}(?![0-9A-Za-z])",
            0.9,
        ),
        Pattern("Password", r"(?<=" + _WORD + _IS + r")[!-~]{4,64}", 0.8),
        Pattern("Six digits right behind", r"(?<=" + _WORD + r"[ \t]?)[0-9]{6}(?![0-9A-Za-z])", 0.8),
    )
    CONTEXT = (
        "密码", "口令", "安全码", "验证码", "动态码",
        "cvv", "cvc", "cvn", "password", "passwd", "pin", "otp",
    )  # fmt: skip
    GATE = Gate(must=_WORDS + r"|%[Bb][0-9]{12,19}\^|;[0-9]{12,19}=")
