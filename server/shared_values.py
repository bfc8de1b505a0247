"""Keeps the values of prometheus_client in this worker's slot of shared memory, and shows those of all.

Import it only in a worker, after gevent has patched: prometheus_client creates locks.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, values
from prometheus_client.core import Metric

from server.shared_metrics import SharedMetrics, Slot

_MERGED_BY = {"livesum": "live", "max": "max", "": "sum"}  # by multiprocess_mode
_Sample = tuple[str, dict[str, str], float]
_shared: SharedMetrics | None = None


def install(shared: SharedMetrics, slot: Slot) -> None:
    """Keep the values of metrics that are created from now on in `slot`."""
    global _shared  # one worker a process
    _shared = shared

    class Value(_SharedValue):
        _slot = slot

    values.ValueClass = Value  # where prometheus_client looks for it


def page() -> bytes:
    """Metrics of all workers, or of this process where nothing is installed, in Prometheus' format."""
    if _shared is None:
        return generate_latest()
    merged = CollectorRegistry()
    merged.register(_Merged(_shared.merged()))
    return generate_latest(merged)


class _SharedValue:
    """A value as prometheus_client's metrics want it."""

    _multiprocess = True
    _slot: Slot

    def __init__(
        self,
        typ: str,
        metric_name: str,
        name: str,
        labelnames: Sequence[str],
        labelvalues: Sequence[str],
        help_text: str,
        multiprocess_mode: str = "",
        **kwargs: Any,
    ) -> None:
        labels = sorted(zip(labelnames, labelvalues, strict=True))
        key = [_MERGED_BY[multiprocess_mode], metric_name, name, labels]
        self._place = self._slot.place(orjson.dumps(key).decode())

    def get(self) -> float:
        """The value; 0 where the slot is full."""
        return 0.0 if self._place is None else self._slot.get(self._place)

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Write the value."""
        if self._place is not None:  # a full slot loses metrics, and nothing else
            self._slot.set(self._place, value)

    def inc(self, amount: float) -> None:
        """Add to the value."""
        self.set(self.get() + amount)

    def set_exemplar(self, exemplar: object) -> None:
        """Ignore it."""

    def get_exemplar(self) -> None:
        """Return none."""


class _Merged:
    """Metrics of all workers, for prometheus_client to write."""

    def __init__(self, found: dict[str, float]) -> None:
        self._samples: defaultdict[str, list[_Sample]] = defaultdict(list)
        for key, value in found.items():
            _, family, name, labels = orjson.loads(key)
            self._samples[family].append((name, dict(labels), value))

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its samples."""
        for known in REGISTRY.collect():
            samples = self._samples.get(known.name)
            if samples:
                metric = Metric(known.name, known.documentation, known.type)
                for sample in (
                    _cumulative(known.name, samples) if known.type == "histogram" else samples
                ):
                    metric.add_sample(*sample)
                yield metric


def _cumulative(family: str, samples: list[_Sample]) -> list[_Sample]:
    """Buckets as Prometheus wants them: each with all that are smaller, and their count."""
    buckets: defaultdict[str, list[tuple[float, dict[str, str], float]]] = defaultdict(list)
    found = []
    for name, labels, value in samples:
        if name == f"{family}_bucket":
            rest = {label: text for label, text in labels.items() if label != "le"}
            buckets[orjson.dumps(rest).decode()].append((float(labels["le"]), labels, value))
        else:
            found.append((name, labels, value))
    for rest_text, parts in buckets.items():
        total = 0.0
        for _, labels, value in sorted(parts, key=lambda part: part[0]):
            total += value
            found.append((f"{family}_bucket", labels, total))
        found.append((f"{family}_count", orjson.loads(rest_text), total))
    return found
