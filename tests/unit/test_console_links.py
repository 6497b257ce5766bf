"""A page shows no way to a door that is closed to its visitor."""

from __future__ import annotations

import pytest

from pipelines.console.links import opened


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ('<a href="/q">3</a>', "3"),
        ('<p>has <a class="x" href="/q?a=1&amp;b=2"><b>3</b> rows</a> here</p>', "<p>has <b>3</b> rows here</p>"),
        ('<a class="button main-act" href="/q">Review</a>', ""),
        ('<a href="/open">3</a><a href="/q">4</a>', '<a href="/open">3</a>4'),
        ('<svg><a xlink:href="/q"><path d="M0,0"/></a></svg>', '<svg><path d="M0,0"/></svg>'),
        ('<abbr href="/q">x</abbr>', '<abbr href="/q">x</abbr>'),
        ("nothing", "nothing"),
    ],
)
def test_links_to_closed_doors_leave_their_words_and_buttons_go(page, shown):
    assert opened(page, lambda address: not address.startswith("/q")) == shown
