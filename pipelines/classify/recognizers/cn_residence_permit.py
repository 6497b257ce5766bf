"""Residence permits of people from Hong Kong, Macau and Taiwan: numbered as residents are, with areas of their own."""

from __future__ import annotations

import numpy as np

from pipelines.classify.checks import PERMITS, Matrix, Scores, residence_permits
from pipelines.classify.recognizers.cn_resident_id import checked, eighteen
from pipelines.classify.recognizers.folded import FoldedRecognizer, Gate, bare


class CnResidencePermitRecognizer(FoldedRecognizer):
    """Eighteen characters that begin 810000, 820000 or 830000."""

    ENTITY = "CN_RESIDENCE_PERMIT"
    PATTERNS = eighteen("Residence permit", "8", 0.5)
    CONTEXT = ("居住证", "居住證", "证件号", "身份证", "residence permit", "id number", "id no")
    GATE = Gate(run=17, must=r"(?:^|[^0-9A-Za-z])8[ \r\n-]{0,3}[123][ \r\n-]{0,3}0", solid=frozenset({18}))
    PLAIN = (18,)

    def validate_result(self, pattern_text: str) -> bool:
        """Check area, date and check character."""
        text = bare(pattern_text).upper()
        return len(text) == 18 and int(text[:6]) in PERMITS and checked(text, self.latest)

    def plain(self, matrix: Matrix) -> Scores:
        """Judge whole cells of eighteen characters."""
        return residence_permits(matrix, self.latest).astype(np.float64)
