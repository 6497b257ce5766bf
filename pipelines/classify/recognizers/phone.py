"""Telephone numbers: Chinese mobiles and landlines, and numbers written with a country code."""

from __future__ import annotations

import numpy as np
import phonenumbers
from presidio_analyzer import Pattern

from pipelines.classify import checks
from pipelines.classify.recognizers.folded import AFTER, BEFORE, BREAK, GAP, FoldedRecognizer, Gate

_SEGMENTS = np.zeros(1000, dtype=bool)
"""Three-digit heads of mobile numbers in use."""
_SEGMENTS[[*range(130, 140), 145, 146, 147, 149, *range(150, 154), *range(155, 160), 162, 165, 166, 167]] = True
_SEGMENTS[[*range(170, 179), *range(180, 190), *range(190, 194), *range(195, 200)]] = True
_MUST = (
    r"1[ \r\n-]{0,4}[3-9](?:[ \r\n-]{0,4}[0-9]){9}|(?:0|86[ -]?)[0-9]{2,3}[)）]?[ -]{0,2}[2-9][0-9]{6}|\+[0-9]"
    r"|[2-9][0-9]{2}[.) -]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}"
)
_PREFIX = r"(?:\(?(?:\+|(?<![0-9A-Za-z])00)?86\)?[ -]{0,2})?"
_REST = (
    rf"(?:[0-9]{{8}}|[0-9]{GAP}?[0-9]{{4}}{GAP}?[0-9]{{3}}|{GAP}[0-9]{{4}}{GAP}?[0-9]{{4}}|[0-9]{GAP}[0-9]{{3}}{GAP}?[0-9]{{4}}"
    r"|(?:[ -][0-9]){8})"
)


class PhoneRecognizer(FoldedRecognizer):
    """Mobiles by the segments in use since 2020; anything shaped like one, but weaker; landlines; +country numbers."""

    ENTITY = "PHONE_NUMBER"
    PATTERNS = (
        Pattern(
            "Chinese mobile, segment in use",
            BEFORE + _PREFIX + r"1(?:3[0-9]|4[5-79]|5[0-35-9]|6[25-7]|7[0-8]|8[0-9]|9[0-35-9])" + _REST + AFTER,
            0.75,
        ),
        Pattern("Chinese mobile, any segment", BEFORE + _PREFIX + r"1[3-9][0-9]" + _REST + AFTER, 0.5),
        Pattern(
            "Chinese mobile, digits apart",
            BEFORE + r"1[ -][3-9](?:[ -][0-9]){9}" + AFTER,
            0.5,
        ),
        Pattern(
            "Chinese mobile, over two lines",
            BEFORE
            + _PREFIX
            + f"(?=1[3-9][0-9]{{0,8}}{BREAK})1[3-9](?:"
            + "|".join(f"[0-9]{{{count}}}{BREAK}[0-9]{{{9 - count}}}" for count in range(9))
            + ")"
            + AFTER,
            0.5,
        ),
        Pattern(
            "Chinese landline",
            BEFORE
            + r"(?:\+86[ -]?|[(（]?0)(?:10|2[0-9]|[3-9][0-9]{2})"
            + rf"(?:[)）]{GAP}{{0,2}}|{GAP}{{1,2}})"
            + r"[2-9][0-9]{6,7}(?:-[0-9]{1,6})?"
            + AFTER,
            0.5,
        ),
        Pattern("Chinese landline, no mark", BEFORE + r"0(?:10|2[0-9])[2-9][0-9]{7}" + AFTER, 0.3),
        Pattern("Chinese landline, no mark, long area", BEFORE + r"0[3-9][0-9]{2}[2-9][0-9]{6,7}" + AFTER, 0.3),
        Pattern(
            "With country code",
            r"(?<![0-9A-Za-z+])\+(?!86)[1-9][0-9]{0,2}[ .-]?\(?[0-9]{1,4}\)?(?:[ .-]?[0-9]{2,4}){2,4}" + AFTER,
            0.5,
        ),
        Pattern(
            "North American",
            BEFORE + r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[2-9][0-9]{2}[ .-][0-9]{4}" + AFTER,
            0.5,
        ),
    )
    CONTEXT = (
        "手机", "电话", "联系方式", "联络", "致电", "来电", "号码", "座机", "微信",
        "mobile", "phone", "tel", "cell", "call", "contact",
    )  # fmt: skip
    GATE = Gate(run=7, must=_MUST, solid=frozenset({11, 12, 13, 15}))
    PLAIN = (11,)

    def validate_result(self, pattern_text: str) -> bool | None:
        """Refuse a number with a foreign country code that has not the length of that country's numbers."""
        if not pattern_text.startswith("+") or pattern_text.startswith("+86"):
            return None
        try:
            read = phonenumbers.parse(pattern_text)
        except phonenumbers.NumberParseException:
            return False
        reason = phonenumbers.is_possible_number_with_reason(read)
        return None if reason == phonenumbers.ValidationResult.IS_POSSIBLE else False

    def plain(self, matrix: checks.Matrix) -> checks.Scores:
        """Score whole cells of eleven digits: mobiles, and landlines with their area code."""
        good = checks.digits(matrix)
        head = checks.number(np.where(good[:, None], matrix[:, :4], ord("0")).astype(np.uint8))
        scores = np.where(_SEGMENTS[head // 10], 0.75, np.where((head >= 1300) & (head < 2000), 0.5, 0.0))
        city = ((head // 10 == 10) | ((head >= 200) & (head < 300))) & (head % 10 >= 2)
        county = (head >= 300) & (head < 1000) & (matrix[:, 4] >= ord("2"))
        return np.where(good, np.where(city | county, 0.3, scores), 0.0)
