"""Results of scenarios in plain Japanese lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.scenarios.runner import Failure, Result


def lines(result: Result) -> Iterator[str]:
    """The verdict of one scenario, and every failure with its step, its line, what was expected and what is so."""
    scenario = result.scenario
    verdict = "合格" if result.passed else "不合格"
    steps = f"{result.done}/{len(scenario.steps)}手順"
    yield f"{verdict}　{scenario.file}　{scenario.title}　{steps}　{result.seconds:.1f}秒"
    for failure in result.failures:
        yield f"　　{where(failure)}　{failure.text_ja}"


def where(failure: Failure) -> str:
    """Step, line and key of a failure."""
    key = f" {failure.key}" if failure.key else ""
    return f"手順{failure.step.number}（{failure.step.line}行目）{failure.step.verb}{key}："


def summary(results: Sequence[Result], refused: int) -> str:
    """The closing line."""
    passed = sum(result.passed for result in results)
    text = f"{len(results) + refused}件のうち 合格{passed}件、不合格{len(results) - passed}件"
    return f"{text}、読めないもの{refused}件" if refused else text
