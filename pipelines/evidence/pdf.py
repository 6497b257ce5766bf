"""A certificate's page as PDF, where WeasyPrint, Pango and a font with Chinese characters are installed.

Any browser prints the HTML page as well; this is for those who have no screen. Not for what the page says: `page`.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from pipelines.errors import TutelaError

INSTEAD = "or open the HTML page in a browser and print it from there"
_CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
FONT_SECONDS = 60


def from_html(html: str) -> bytes:
    """Turn a page into PDF.

    Raises:
        TutelaError: WeasyPrint, Pango or a font is missing; the sentence says which and how to get it.
    """
    try:
        # Late: it is an optional extra, and loading it looks for libraries of the system.
        from weasyprint import HTML, URLFetcher
    except ImportError:
        raise TutelaError(f"PDF needs WeasyPrint: install Tutela with its extra `pdf`, {INSTEAD}.") from None
    except OSError:
        raise TutelaError(
            f"WeasyPrint is installed, but the Pango library is not (Debian: libpango-1.0-0, libpangoft2-1.0-0): "
            f"install it, {INSTEAD}."
        ) from None
    if _CHINESE.search(html):
        _require_chinese_font()
    # A page stands alone: whatever asks for more was not written by us, and gets nothing.
    pdf: bytes = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return pdf


def _require_chinese_font() -> None:
    command = shutil.which("fc-list")
    if command is None:
        raise TutelaError(
            f"Whether a font with Chinese characters is installed can't be told without fontconfig (Debian: fontconfig): "
            f"install it, {INSTEAD}."
        )
    listed = subprocess.run([command, ":lang=zh", "family"], capture_output=True, check=False, timeout=FONT_SECONDS)
    if listed.returncode or not listed.stdout.strip():
        raise TutelaError(
            f"No font with Chinese characters is installed, and the PDF would show boxes: install one "
            f"(Debian: fonts-noto-cjk), {INSTEAD}."
        )
