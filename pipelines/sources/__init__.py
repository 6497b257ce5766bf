"""Sources: from files as they come to arranged, normalised rows.

The map: `files` any format as chunks · `csv_files`, `excel`, `json_lines` (`json_shape`), `parquet` one format each ·
`encoding` of text, by `guess` where it is not UTF-8 · `chunks` what readers give · `arrange` headings to the plan's
columns · `normalise` cells to one form · `delivery` a partner's signed folder · `fingerprint` a delivery's name. Not for
judging what the rows say.
"""

from __future__ import annotations

from pipelines.sources.arrange import arrange
from pipelines.sources.chunks import Chunk, Limits, Skipped
from pipelines.sources.delivery import DeliveredFile, Delivery, open_delivery
from pipelines.sources.files import read_chunks
from pipelines.sources.fingerprint import fingerprint
from pipelines.sources.normalise import normalise

__all__ = [
    "Chunk",
    "DeliveredFile",
    "Delivery",
    "Limits",
    "Skipped",
    "arrange",
    "fingerprint",
    "normalise",
    "open_delivery",
    "read_chunks",
]
