"""What a collection plan must satisfy beyond its own form: every word it uses exists, and the words fit together.

Pure. The rules read the plan's plain data, so that a plan with a mistake in its form still gets all its other mistakes
told in the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.policy.headings import META_HEADINGS, META_KEYS, heading_key, names_secret
from pipelines.policy.problems import Problem, suggestion
from pipelines.policy.retention import QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.policy.book import Policy
    from pipelines.policy.documents import Document, Path

Finding = tuple["Path", str, str]
_SUBJECT_LETTER = {"person": "P", "enterprise": "E"}


def plan_problems(document: Document, policy: Policy) -> list[Problem]:
    """Return everything that is wrong with the plan's references, in the file's order."""
    data = document.data if isinstance(document.data, dict) else {}
    return [document.problem(*finding) for rule in _RULES for finding in rule(data, policy)]


def _purposes_exist(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    for place, name in _listed(data, "purposes"):
        if name not in policy.purposes:
            yield ("purposes", place), f"there is no purpose `{name}`", suggestion(name, policy.purposes)


def _notices_fit(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    for place, name in _listed(data, "notices"):
        notice = policy.notices.get(name)
        if notice is None:
            yield ("notices", place), f"there is no notice `{name}`", suggestion(name, policy.notices)
        elif notice.channel != data.get("channel"):
            message = f"notice `{name}` is for the channel `{notice.channel}`, the plan's is `{data.get('channel')}`"
            yield ("notices", place), message, "name a notice of the plan's channel"


def _purposes_are_told(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    # C-16: people agree to purposes that a notice told them, so each purpose needs one that tells it.
    known = [policy.notices[name] for _, name in _listed(data, "notices") if name in policy.notices]
    told = {purpose for notice in known for purpose in notice.purposes}
    for place, name in _listed(data, "purposes"):
        if known and name in policy.purposes and name not in told:
            yield ("purposes", place), f"no notice of the plan tells the purpose `{name}`", "add a notice that does"


def _retention_exists(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    key = data.get("retention")
    if not isinstance(key, str):
        return
    found = policy.retention.get(key)
    if found is None:
        yield ("retention",), f"there is no retention class `{key}`", suggestion(key, policy.retention)
    elif key == QUARANTINE:
        usable = [name for name in policy.retention if name != QUARANTINE]
        yield ("retention",), f"`{key}` is for rows that wait for a steward", f"use one of: {', '.join(usable)}"


def _partner_fits(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    key, third_party = data.get("partner"), data.get("channel") == "third_party"
    if third_party and key is None:
        yield ("channel",), "the channel is `third_party` but no `partner` is named", "add `partner: …` (C-09, C-10)"
    elif not third_party and key is not None:
        yield ("partner",), f"a plan of the channel `{data.get('channel')}` has no partner", "remove `partner`"
    elif isinstance(key, str) and key not in policy.partners:
        yield ("partner",), f"there is no partner `{key}`", suggestion(key, policy.partners)


def _items_exist(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    for place, field in _fields(data):
        name = field.get("item")
        if not isinstance(name, str):
            continue
        if name not in policy.taxonomy:
            yield ("fields", place, "item"), f"there is no item `{name}`", suggestion(name, policy.taxonomy.items)
        elif policy.taxonomy[name].collect == "never":
            message = f"`{name}` ({policy.taxonomy[name].en}) may never be collected"
            yield ("fields", place, "item"), message, "remove the field"


def _no_secret_is_collected(data: dict[str, Any], _: Policy) -> Iterator[Finding]:
    for place, field in _fields(data):
        for heading in (str(field.get("name")), *(name for _, name in _listed(field, "headers"))):
            if names_secret(heading):
                message = f"`{heading}` is payment authentication data (codes, PINs, passwords), never to be collected"
                yield ("fields", place), message, "remove the field, or the heading"


def _free_text_is_decided(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    for place, field in _fields(data):
        item = policy.taxonomy.items.get(str(field.get("item")))
        if item is not None and item.free_text and field.get("free_text") is None:
            message = f"`{field.get('name')}` is free text, but what to do with personal information in it is not said"
            yield ("fields", place), message, "add `free_text: raise`, `mask` or `quarantine`"


def _identifiers_can_identify(data: dict[str, Any], policy: Policy) -> Iterator[Finding]:
    for place, field in _fields(data):
        item = policy.taxonomy.items.get(str(field.get("item")))
        if item is None or field.get("identifies") not in {"strong", "weak"}:
            continue
        if item.index != "exact":
            message = f"`{field.get('name')}` identifies, but its item `{item.name}` has no blind index"
            yield ("fields", place), message, "set `identifies: none` or let the item have `index: exact`"
        elif field["identifies"] == "strong" and item.subject != _SUBJECT_LETTER.get(str(data.get("subject"))):
            message = f"`{field.get('name')}` does not identify the plan's subject (`{data.get('subject')}`)"
            yield ("fields", place), message, "set `identifies: none`"


def _someone_is_identified(data: dict[str, Any], _: Policy) -> Iterator[Finding]:
    fields = list(_fields(data))
    if fields and not any(field.get("identifies") in {"strong", "weak"} for _, field in fields):
        message = "no field identifies the data subject, so nobody could find or erase their record"
        yield ("fields",), message, "set `identifies: strong` or `weak` on at least one field"


def _names_are_unique(data: dict[str, Any], _: Policy) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, field in _fields(data):
        name = field.get("name")
        if not isinstance(name, str):
            continue
        if name in META_HEADINGS:
            yield ("fields", place, "name"), f"`{name}` is a column that every plan has already", "choose another name"
        if name in seen:
            yield ("fields", place, "name"), f"there are two fields `{name}`", "rename or remove one"
        seen.add(name)


def _headings_are_unique(data: dict[str, Any], _: Policy) -> Iterator[Finding]:
    owners: dict[str, object] = dict(META_KEYS)
    for place, field in _fields(data):
        headers = [heading for _, heading in _listed(field, "headers")]
        for key in {heading_key(heading): None for heading in (str(field.get("name")), *headers)}:
            owner = owners.setdefault(key, field.get("name"))
            if owner != field.get("name"):
                message = f"the heading `{key}` of `{field.get('name')}` is also one of `{owner}`"
                yield ("fields", place, "headers"), message, "a heading may name one column only"


def _four_eyes(data: dict[str, Any], _: Policy) -> Iterator[Finding]:
    owner, approved = data.get("owner"), data.get("approved")
    if isinstance(owner, dict) and isinstance(approved, dict) and owner.get("steward") == approved.get("by"):
        yield ("approved", "by"), "the plan is approved by its own steward", "let another person approve it"


_RULES: tuple[Callable[[dict[str, Any], Policy], Iterator[Finding]], ...] = (
    _purposes_exist,
    _notices_fit,
    _purposes_are_told,
    _retention_exists,
    _partner_fits,
    _items_exist,
    _no_secret_is_collected,
    _free_text_is_decided,
    _identifiers_can_identify,
    _someone_is_identified,
    _names_are_unique,
    _headings_are_unique,
    _four_eyes,
)


def _fields(data: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = data.get("fields")
    for place, field in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(field, dict):
            yield place, field


def _listed(data: dict[str, Any], key: str) -> Iterator[tuple[int, str]]:
    listed = data.get(key)
    for place, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, str):
            yield place, entry
