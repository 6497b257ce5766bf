"""What DAG files may know at parse time: names and schedules of the plans. Light: a DAG file is parsed every few seconds."""

from __future__ import annotations

import yaml

from pipelines.settings import Settings


def collection_plans() -> list[tuple[str, str | None]]:
    """List each plan's name and schedule; a file that can't be read is left to `tutela plan check`."""
    found: list[tuple[str, str | None]] = []
    for path in sorted((Settings().policy / "plans").glob("*.yaml")):
        try:
            plan = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            found.append((str(plan["plan"]), plan.get("schedule")))
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
            continue
    return found
