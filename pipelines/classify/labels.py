"""What a detected kind of information means: its category, level and code, as the taxonomy says.

A *key* names a kind inside ``classify``: Presidio's label where detection has one (``PERSON``), else the taxonomy's
item in capitals (``INCOME``). Not for deciding which kind a column holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.policy import Item

DETECTED: Final = {
    "DATE_OF_BIRTH": "birth_date",
    "CN_PLATE": "vehicle_plate",
    "PAYMENT_AUTH": "card_verification_code",
}
"""Labels of detection that the taxonomy may know under another name, and its item."""
READ_AS: Final = {
    "landline": "PHONE_NUMBER",
    "city": "LOCATION",
    "employer": "ORGANIZATION",
    "guardian_name": "PERSON",
    "enterprise_address": "LOCATION",
    "enterprise_contact_name": "PERSON",
    "enterprise_contact_mobile": "PHONE_NUMBER",
    "enterprise_contact_email": "EMAIL_ADDRESS",
    "enterprise_account": "CREDIT_CARD",
    "bank_account": "CREDIT_CARD",
}
"""What detection calls the cells of items that only a name or a plan can tell from others."""
NOT_PERSONAL: Final = "E"
"""Subject of the items that say something of an enterprise."""


@dataclass(frozen=True, slots=True)
class EntityLabel:
    """The classification of one kind of information. ``entity`` is None where it is nothing personal in itself."""

    entity: str | None
    category: str
    level: int
    code: str


def entity_labels(items: Mapping[str, Item]) -> dict[str, EntityLabel]:
    """Return the label of every key: an entity stands for the first item listed with it."""
    labels: dict[str, EntityLabel] = {}
    for name, item in items.items():
        own = name.upper()
        bare = None if item.subject == NOT_PERSONAL or item.free_text else own
        entity = item.entity or READ_AS.get(name, bare)
        label = EntityLabel(entity, item.category, item.level, item.code)
        labels.setdefault(own, label)
        if item.entity:
            labels.setdefault(item.entity, label)
    for entity, name in DETECTED.items():
        if name in items:
            item = items[name]
            labels[entity] = EntityLabel(entity, item.category, item.level, item.code)
    return labels
