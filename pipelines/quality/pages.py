"""Make a Data Docs site self-contained: no page asks another site for anything, none runs a script.

Whoever reads a quality report of customer information should not tell seven content networks about it, and it must
be readable where there is no internet. Scripts go (they only filter and fold), what they drew or unfolded is written
out, and a small style sheet takes the place of the ones from elsewhere. Not for what the pages say: that is
:mod:`docs` and the library.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from urllib.parse import quote

from pipelines.errors import TutelaError

_ELSEWHERE = r"https?://"
_REMOVED = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"<script\b.*?</script>",
        rf"<link\b[^>]*href=[\"']{_ELSEWHERE}[^>]*>",
        rf"<img\b[^>]*src=[\"']{_ELSEWHERE}[^>]*>",
        r"<footer\b.*?</footer>",
        r"<button\b.*?</button>",
    )
)
_OTHER_SITE = re.compile(
    r"<(?!a\b)[a-z]+\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//|url\([\"']?(?:https?:)?//|@import|<script",
    re.IGNORECASE,
)
"""Whatever a browser would fetch by itself; a link that a reader may follow is none."""
_BACKGROUND = re.compile(rf"background:\s*url\([\"']?{_ELSEWHERE}[^)]*\)[^;]*;")
_TABLE = re.compile(
    r"(<table\b[^>]*ge-index-page-(validation-results|expectation_suites)-table[^>]*>)\s*</table>", re.DOTALL
)
_HEAD = """<meta http-equiv="Content-Security-Policy" content="default-src 'self'; style-src 'self' 'unsafe-inline'">
<style>
body{font-family:system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:0;padding:1rem 2rem;color:#1d2433}
.container-fluid>.row{display:flex;gap:2rem}.row .row,.ge-section{display:block}
.col-12{width:100%}.col-lg-2.col-md-2{flex:0 0 13rem}.col-md-10,.col-lg-10{flex:1 1 auto;min-width:0}
.navbar{height:auto!important}ol,ul{list-style:none;padding:0}ul.nav-tabs,.card,.cooltip span.top,.dropdown-menu{display:none}
.collapse,.tab-pane{display:block!important}.nav,.navbar ol{display:block}.navbar li{display:inline}.sticky{position:sticky;top:1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border:1px solid #d8dee9;padding:.35rem .6rem;text-align:left}
td,th{vertical-align:top}h5{font-size:1.1rem;margin:1rem 0 .3rem}.h6{font-weight:600}.mb-3,.m-3{margin-bottom:.6rem}
.text-success:before{content:"✓ "}i.text-danger:before{content:"✗ "}.text-success{color:#17693a}.text-danger{color:#a11d2f}
@media(prefers-color-scheme:dark){body{background:#151a23;color:#e6e9ef}td,th{border-color:#3a4456}a{color:#8ab4ff}
.text-success{color:#6fd398}.text-danger{color:#ff8f9c}}
</style>
</head>"""


def make_self_contained(folder: Path) -> None:
    """Rewrite the pages and style sheets of a site in place.

    Raises:
        TutelaError: something of another site would be left; the site must not be shown.
    """
    for page in sorted(folder.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for pattern in _REMOVED:
            text = pattern.sub("", text)
        text = _BACKGROUND.sub("", text)
        text = _TABLE.sub(lambda found: found[1] + _rows(folder, found[2]) + "</table>", text)
        text = text.replace("</head>", _HEAD, 1)
        _store(page, text)
    for sheet in sorted(folder.rglob("*.css")):
        _store(sheet, _BACKGROUND.sub("", sheet.read_text(encoding="utf-8")))


def _store(file: Path, text: str) -> None:
    if _OTHER_SITE.search(text):
        message = f"the quality page {file.name} would load something from another site; this version can't be used"
        raise TutelaError(message)
    file.write_text(text, encoding="utf-8")


def _rows(folder: Path, kind: str) -> str:
    """List the pages that the library's script would have listed, newest first."""
    part = "validations" if kind == "validation-results" else "expectations"
    pages = sorted((page.relative_to(folder) for page in (folder / part).rglob("*.html")), reverse=True)
    title = "Results 检查结果" if part == "validations" else "Suites 规则集"
    return f"<tr><th>{title}</th></tr>" + "".join(
        f'<tr><td><a href="{quote(page.as_posix())}">{escape(" · ".join(page.with_suffix("").parts[1:]))}</a></td></tr>'
        for page in pages
    )
