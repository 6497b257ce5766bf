"""Names in running text: persons, places, organizations. One tagger a language, none of them asks the network.

The map: `chinese` and `english` the project's own taggers, `network` what runs the Chinese one, `english_words` what the
English one knows of a word, `lac` the network of the installed jieba package, with whose characters the Chinese one
reads, `bare_english` cells that are one name, `spacy_models` the models of others where they are installed. What has a
check digit or a fixed form is found by `classify.recognizers`, never here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

Entity = tuple[int, int, str]
"""Start, end (exclusive) and label of an entity in a text, in characters."""
NAMED: Final = ("PERSON", "LOCATION", "ORGANIZATION")
"""The labels, which are Presidio's. A street address is a LOCATION."""


class NameTagger(Protocol):
    """Finds names in texts of one language."""

    name: str
    """What a report calls the tagger and its version."""

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return each text's entities: by start, without overlap. Any text is taken."""
        ...
