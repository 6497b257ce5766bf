"""Write what a stage returns to staging and read it back, for tasks that run in different processes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines.classify.votes import ColumnProfile
from pipelines.quality.verdict import Dimension, Score, Severity, Verdict
from pipelines.records import Admitted, Label, Labelled, Origin, Quarantined, Refused, Sound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pipelines.store.staging import Staging


def write_admitted(staging: Staging, name: str, admitted: Admitted, refused: Refused) -> None:
    """Stage what the consent gate returned."""
    staging.write(f"{name}.admitted", admitted.frame, {"refused": dict(refused.counts)})


def read_admitted(staging: Staging, name: str, origin: Origin) -> tuple[Admitted, Refused]:
    """Read what `write_admitted` staged."""
    frame, facts = staging.read(f"{name}.admitted")
    return Admitted(origin, frame), Refused(facts["refused"])


def write_checked(staging: Staging, name: str, sound: Sound, quarantined: Quarantined, verdict: Verdict) -> None:
    """Stage what the quality check returned."""
    facts = {"scores": [_score_json(score) for score in verdict.scores], "document": verdict.document}
    staging.write(f"{name}.sound", sound.frame, facts)
    staging.write(f"{name}.failed", _failed_frame(verdict), {"rules": list(verdict.failed)})
    _write_quarantined(staging, f"{name}.quarantined", quarantined)


def read_checked(staging: Staging, name: str, origin: Origin) -> tuple[Sound, Quarantined, Verdict]:
    """Read what `write_checked` staged."""
    frame, facts = staging.read(f"{name}.sound")
    verdict = Verdict(_failed(staging, name), tuple(_score(data) for data in facts["scores"]), facts["document"])
    return Sound(origin, frame), _quarantined(staging, f"{name}.quarantined", origin), verdict


def write_labelled(
    staging: Staging, name: str, labelled: Labelled, set_apart: Quarantined, profiles: Sequence[ColumnProfile]
) -> None:
    """Stage what classification returned."""
    facts = {
        "labels": [asdict(label) for label in labelled.labels],
        "raised": {field: levels.tolist() for field, levels in labelled.raised.items()},
        "profiles": [{**asdict(profile), "also": dict(profile.also)} for profile in profiles],
    }
    staging.write(f"{name}.labelled", labelled.frame, facts)
    _write_quarantined(staging, f"{name}.set_apart", set_apart)


def read_labelled(
    staging: Staging, name: str, origin: Origin
) -> tuple[Labelled, Quarantined, tuple[ColumnProfile, ...]]:
    """Read what `write_labelled` staged."""
    frame, facts = staging.read(f"{name}.labelled")
    labels = tuple(Label(**data) for data in facts["labels"])
    raised = {field: np.array(levels, dtype=np.int8) for field, levels in facts["raised"].items()}
    profiles = tuple(ColumnProfile(**data) for data in facts["profiles"])
    return Labelled(origin, frame, labels, raised), _quarantined(staging, f"{name}.set_apart", origin), profiles


def _write_quarantined(staging: Staging, name: str, quarantined: Quarantined) -> None:
    reasons = {str(row): list(names) for row, names in quarantined.reasons.items()}
    staging.write(name, quarantined.frame, {"reasons": reasons})


def _quarantined(staging: Staging, name: str, origin: Origin) -> Quarantined:
    frame, facts = staging.read(name)
    return Quarantined(origin, frame, {int(row): tuple(names) for row, names in facts["reasons"].items()})


def _failed_frame(verdict: Verdict) -> pd.DataFrame:
    """Lay the verdict's lists of rows one under the other, each beside the place of its rule."""
    lists = [np.empty(0, np.int64), *verdict.failed.values()]
    places = np.repeat(np.arange(len(lists)), [len(rows) for rows in lists]) - 1
    return pd.DataFrame({"rule": places, "row": np.concatenate(lists)})


def _failed(staging: Staging, name: str) -> dict[str, npt.NDArray[np.int64]]:
    frame, facts = staging.read(f"{name}.failed")
    rows, places = frame["row"].to_numpy(), frame["rule"].to_numpy()
    cuts = np.searchsorted(places, np.arange(1, len(facts["rules"])))
    return dict(zip(facts["rules"], np.split(rows, cuts), strict=True))


def _score_json(score: Score) -> dict[str, Any]:
    return {**asdict(score), "dimension": score.dimension.value, "severity": score.severity.value}


def _score(data: dict[str, Any]) -> Score:
    return Score(**{**data, "dimension": Dimension(data["dimension"]), "severity": Severity(data["severity"])})
