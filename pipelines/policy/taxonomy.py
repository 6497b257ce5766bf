"""What kinds of information there are, how sensitive each is, and how it is coded, masked and indexed.

Not for finding them in data: `pipelines.classify` does that and asks here what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.errors import PolicyError
from pipelines.policy.problems import suggestion
from pipelines.policy.terms import Bilingual, Frozen, Key, Words

Level = Annotated[int, Field(ge=1, le=5)]
Mask = Literal[
    "none", "name", "phone", "email", "id_number", "card", "birth_date", "region", "ip", "band", "partial", "text",
    "hidden",
]  # fmt: skip
"""How a masked value is shown; ``hidden`` shows nothing but that there is one."""
TOP_LEVEL = 5
"""Level 5 is under special control: no blind index, no sharing (controls §4.2)."""


class Item(Frozen):
    """One kind of information, for example a mobile number."""

    name: Key
    category: Annotated[str, Field(pattern=r"^I\d{2}$")]
    number: Annotated[str, Field(pattern=r"^\d{3}$")]
    level: Level
    subject: Literal["P", "E"]
    entity: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]+$")] | None = None
    index: Literal["none", "exact"] = "none"
    mask: Mask
    collect: Literal["allowed", "never"] = "allowed"
    free_text: bool = False
    zh: Words
    en: Words

    @property
    def code(self) -> str:
        """The classification code; says what kind of information it is, never whose (R-07)."""
        return f"CI-{self.subject}-{self.category[1:]}-{self.number}-{self.level}"

    @model_validator(mode="after")
    def _top_level_is_not_indexed(self) -> Item:
        if self.level == TOP_LEVEL and self.index != "none":
            msg = "information of level 5 may not have a blind index"
            raise ValueError(msg)
        return self


class Taxonomy(Frozen):
    """All categories and items; ``taxonomy["mobile"]`` is an item."""

    version: Annotated[int, Field(ge=1)]
    categories: Mapping[str, Bilingual]
    items: Mapping[str, Item]

    @model_validator(mode="before")
    @classmethod
    def _name_the_items(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("items"), dict):
            named = {k: {**v, "name": k} if isinstance(v, dict) else v for k, v in data["items"].items()}
            return {**data, "items": named}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Taxonomy:
        codes: dict[tuple[str, str, str], str] = {}
        for item in self.items.values():
            if item.category not in self.categories:
                msg = f"item `{item.name}` is of category {item.category}, which is not in `categories`"
                raise ValueError(msg)
            other = codes.setdefault((item.subject, item.category, item.number), item.name)
            if other != item.name:
                msg = f"items `{other}` and `{item.name}` have the same number {item.number} in {item.category}"
                raise ValueError(msg)
        return self

    def __getitem__(self, name: str) -> Item:
        """Return the item of that name.

        Raises:
            PolicyError: there is none.
        """
        if name not in self.items:
            msg = f"There is no item `{name}` in policy/taxonomy.yaml; {suggestion(name, self.items)}."
            raise PolicyError(msg)
        return self.items[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is an item of that name."""
        return name in self.items

    def of_entity(self, entity: str) -> Item | None:
        """Return the item that a detected entity stands for: the first listed with it, or None."""
        return next((item for item in self.items.values() if item.entity == entity), None)

    def category(self, key: str) -> Bilingual:
        """Return the names of a category, for example I02.

        Raises:
            PolicyError: there is none.
        """
        if key not in self.categories:
            msg = f"There is no category `{key}` in policy/taxonomy.yaml; {suggestion(key, self.categories)}."
            raise PolicyError(msg)
        return self.categories[key]
