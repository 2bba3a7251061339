"""Samples, their medians, and runs of several variants by turns."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Sample = Mapping[str, float]
"""One run of one variant: figures by name, the unit in the name."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All samples of the variants of one benchmark."""

    samples: Mapping[str, Sequence[Sample]]

    def median(self, variant: str, name: str) -> float:
        """The median of a figure over a variant's runs.

        Raises:
            KeyError: no such variant, or it has no such figure.
        """
        return statistics.median(sample[name] for sample in self.samples[variant])

    def spread(self, variant: str, name: str) -> tuple[float, float]:
        """The least and the greatest of a figure over a variant's runs."""
        values = [sample[name] for sample in self.samples[variant]]
        return min(values), max(values)

    def must_be_none(self, *names: str) -> None:
        """Refuse samples of work that was not done: they say nothing of how long it takes.

        Raises:
            RuntimeError: some run of some variant has one of these figures, and it is not 0.
        """
        for variant, samples in self.samples.items():
            wrong = [name for name in names if any(sample.get(name) for sample in samples)]
            if wrong:
                raise RuntimeError(f"{variant}: {', '.join(wrong)}: nothing is kept of this")

    def ratio(self, name: str, variant: str, beside: str) -> float:
        """The variant's median of a figure as a multiple of another variant's."""
        return self.median(variant, name) / self.median(beside, name)


def by_turns(variants: Mapping[str, Callable[[], Sample]], repeats: int) -> Figures:
    """Run every variant once, then every one again, so that a slow minute of the machine meets all of them."""
    samples: dict[str, list[Sample]] = {name: [] for name in variants}
    for turn in range(repeats):
        for name, run in variants.items():
            samples[name].append(run())
            print(f"  {turn + 1}/{repeats} {name}: {_line(samples[name][-1])}", flush=True)
    return Figures(samples)


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; nothing is interpolated away.

    Raises:
        ValueError: there are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, so no percentile")
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def shown(value: float) -> str:
    """A figure with three digits that mean something."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _line(sample: Sample) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in sample.items())
