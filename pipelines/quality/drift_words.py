"""Drift in a sentence, Chinese or English. Pure; holds counts, shares and words of the policy only."""

from __future__ import annotations

from pipelines.quality.drift import LEAST, OTHER, Drift, Measure, Sign


def sentence(found: Drift, language: str, label: str | None = None) -> str:
    """Say what a comparison found; ``label`` names the field as people call it."""
    name = label or found.field
    chinese = language == "zh"
    if found.sign is Sign.UNKNOWN:
        return _unknown(found, name, chinese=chinese)
    if found.measure is Measure.VOLUME:
        value, low, high = (f"{number or 0:,.0f}" for number in (found.value, found.low, found.high))
        if chinese:
            return f"到达 {value} 行，最近 {found.runs} 次通常为 {low} 至 {high} 行"
        return f"{value} rows arrived; {low} to {high} were usual in the last {found.runs} runs"
    if found.measure is Measure.MISSING:
        value, low, high = (f"{number or 0:.1%}" for number in (found.value, found.low, found.high))
        if chinese:
            return f"{name}缺失 {value}，最近 {found.runs} 次通常为 {low} 至 {high}"
        return f"{name} is missing in {value}; {low} to {high} were usual in the last {found.runs} runs"
    return _shares(found, name, chinese=chinese)


def _unknown(found: Drift, name: str, *, chinese: bool) -> str:
    if chinese:
        what = {"volume": "到达行数", "missing": f"{name}的缺失", "words": f"{name}的分布"}[found.measure.value]
        return f"{what}还无从比较：此前只有 {found.runs} 次，至少要 {LEAST} 次"
    what = {"volume": "the rows", "missing": f"missing {name}", "words": f"the shares of {name}"}[found.measure.value]
    return f"Too early to compare {what}: {found.runs} earlier runs, {LEAST} are needed"


def _shares(found: Drift, name: str, *, chinese: bool) -> str:
    share, usual = f"{found.share or 0:.1%}", f"{found.usual or 0:.1%}"
    index, limit = f"{found.value:.2f}", f"{found.high or 0:.2f}"
    if chinese:
        word = "其他取值" if found.word == OTHER else f"“{found.word}”"
        return f"{name}中{word}占 {share}，此前占 {usual}（稳定性指数 {index}，通常不超过 {limit}）"
    word = "other values" if found.word == OTHER else f"“{found.word}”"
    return f"{word} make up {share} of {name}, {usual} before (stability index {index}, usually up to {limit})"
