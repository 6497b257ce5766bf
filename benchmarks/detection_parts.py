"""What the parts of the benchmark share: the analyzer, and where the public data is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.classify import Analyzer

CHECKOUT: Final = Path(__file__).resolve().parent.parent
DATA: Final = Path(os.environ.get("TUTELA_TEST_DATA", CHECKOUT.parent / "shared" / "data"))
"""Where the tests look for the public data, too."""


def analyzer() -> Analyzer:
    """Return the analyzer as ``tutela scan`` builds it, with the taxonomy of the checkout."""
    from pipelines.classify import Analyzer, entity_labels  # noqa: PLC0415 (seconds)
    from pipelines.policy.load import load_words  # noqa: PLC0415

    labels = entity_labels(load_words(CHECKOUT / "policy").taxonomy.items)
    return Analyzer(labels, latest=int(time.strftime("%Y%m%d")))
