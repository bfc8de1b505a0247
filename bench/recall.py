"""`make bench-recall LOG=FILE`: measure how accurate the service's predictions of recall are.

It replays a review log (CSV: card_id, review_rating 1 to 4, review_time) through the service. Each review is
a session saved with one outcome. Before the first review of a card on a day, it reads the predicted recall.
Days end at 04:00 UTC, so sessions are saved in UTC-04:00. Figures are over the last 80 % of the predictions;
a rating above 1 counts as recalled. The figures of simpler rankings are printed for comparison.
"""

import argparse
import csv
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import config
from bench.databases import SECRET, Server
from vorex_sessions import create_app
from vorex_sessions.models.limits import OUTCOMES
from vorex_sessions.recall import memory
from vorex_sessions.recall.service import list_words
from vorex_sessions.sessions.service import save

ZONE, SHIFT = "UTC-04:00", timedelta(hours=4)
MIN_AUC, MAX_LOG_LOSS = 0.65, 0.46
_NAME = "bench_recall"


@dataclass(frozen=True)
class Review:
    """A line of the log."""

    card: str
    outcome: str
    at: datetime

    @property
    def day(self) -> date:
        """The learner's calendar day."""
        return (self.at - SHIFT).date()


@dataclass(frozen=True)
class Scored:
    """The predictions before a review, and its result."""

    recalled: bool
    ours: float
    all_good: float  # the model's prediction if every exposure counted as "good"
    days_unseen: int
    times_seen: int


def main() -> None:
    """Replay the log and print the figures; exit with 1 where they miss the targets."""
    parser = argparse.ArgumentParser(prog="python -m bench.recall", description=__doc__)
    parser.add_argument("log", type=Path)
    log = parser.parse_args().log
    began = time.monotonic()
    reviews = sorted(_read(log), key=lambda review: review.at)
    server = Server()
    try:
        app = create_app(
            config.read({"DATABASE_URL": server.empty(_NAME), "SUPABASE_JWT_SECRET": SECRET})
        )
        with app.app_context():
            scored = _replay(reviews)
    finally:
        server.stop()
    counted = scored[round(len(scored) / 5) :]
    auc, loss = _figures(counted)
    print(
        f"{len(reviews):,} reviews, {len(counted):,} predictions, {time.monotonic() - began:.0f} s"
    )
    print("One learner, scheduled by Anki: interval and difficulty are confounded.")
    if auc < MIN_AUC or loss > MAX_LOG_LOSS:
        raise SystemExit(f"AUC should be {MIN_AUC} or more, log loss {MAX_LOG_LOSS} or less.")


def _read(log: Path) -> list[Review]:
    with log.open(newline="") as lines:
        return [
            Review(
                line["card_id"],
                OUTCOMES[int(line["review_rating"]) - 1],
                datetime.fromisoformat(line["review_time"]).astimezone(UTC),
            )
            for line in csv.DictReader(lines)
        ]


def _replay(reviews: list[Review]) -> list[Scored]:
    learner = str(uuid4())
    seen: dict[str, tuple[date, int]] = {}
    if_good: dict[str, memory.Memory] = {}
    scored = []
    for review in reviews:
        last, times = seen.get(review.card, (review.day, 0))
        if last < review.day:
            good = if_good[review.card]
            scored.append(
                Scored(
                    recalled=review.outcome != "again",
                    ours=_predicted(learner, review),
                    all_good=memory.recall(good.stability, good.tested_on, review.day),
                    days_unseen=(review.day - last).days,
                    times_seen=times,
                )
            )
        _save(learner, review)
        seen[review.card] = (review.day, times + 1)
        if_good[review.card] = memory.after(if_good.get(review.card), "good", review.at, review.day)
    return scored


def _predicted(learner: str, review: Review) -> float:
    page = list_words(learner, q=review.card, limit=1, zone_name=ZONE, now=review.at)
    recall: float = page["words"][0]["recall"]
    return recall


def _save(learner: str, review: Review) -> None:
    fields: dict[str, Any] = {
        "session_type": "conversation",
        "duration_seconds": 10,
        "vocabulary_results": [{"word": review.card, "outcome": review.outcome}],
        "completed_at": review.at,
        "timezone": ZONE,
    }
    save(learner, fields, now=review.at)


def _figures(scored: list[Scored]) -> tuple[float, float]:
    """Print AUC and log loss of every ranking; return those of the service."""
    share = sum(item.recalled for item in scored) / len(scored)
    rankings: dict[str, tuple[Callable[[Scored], float], bool]] = {
        "the service (FSRS-6, outcomes known)": (lambda item: item.ours, True),
        'every exposure taken for "good"': (lambda item: item.all_good, True),
        "longest unseen is weakest": (lambda item: -item.days_unseen, False),
        "least often seen is weakest": (lambda item: item.times_seen, False),
        "a constant: the share recalled": (lambda item: share, True),
    }
    print(f"{'ranking':38} {'AUC':>6} {'log loss':>9}")
    figures = []
    for name, (ranked, is_probability) in rankings.items():
        pairs = [(ranked(item), item.recalled) for item in scored]
        auc, loss = _auc(pairs), _log_loss(pairs) if is_probability else math.nan
        figures.append((auc, loss))
        print(f"{name:38} {auc:6.4f} {loss if is_probability else '':>9.4}")
    return figures[0]


def _auc(pairs: list[tuple[float, bool]]) -> float:
    """Return the chance that a recalled word ranks above a forgotten one; ties count half (Mann-Whitney)."""
    pairs = sorted(pairs)
    recalled = sum(is_recalled for _, is_recalled in pairs)
    ranks, place = 0.0, 0
    while place < len(pairs):
        end = place
        while end < len(pairs) and pairs[end][0] == pairs[place][0]:
            end += 1
        ranks += sum(is_recalled for _, is_recalled in pairs[place:end]) * (place + 1 + end) / 2
        place = end
    return (ranks - recalled * (recalled + 1) / 2) / (recalled * (len(pairs) - recalled))


def _log_loss(pairs: list[tuple[float, bool]]) -> float:
    wrong = (-math.log(max(p if recalled else 1 - p, 1e-6)) for p, recalled in pairs)
    return sum(wrong) / len(pairs)


if __name__ == "__main__":
    main()
