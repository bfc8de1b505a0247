"""The accuracy of percentiles among 5,000 learners."""

from random import Random

from flask import Flask
from scipy.stats import percentileofscore

from tests.cohorts.practising import ago, join, learners, practise, snapshot

LEVELS = ["A1", "A2", "B1", "B2", "C1", "C2"]
SCORES = ("pronunciation", "fluency", "grammar")


def test_percentiles_are_within_two_points_of_the_truth(app: Flask) -> None:
    chance = Random(5)
    everybody = learners(app, 5000)
    join(app, everybody)
    rows, truth, level_of = [], {}, {}
    for learner in everybody:
        level_of[learner.id] = level = chance.choice(LEVELS)
        ability = {name: chance.gauss(70, 9) for name in SCORES}
        own = [
            {
                "user_id": learner.id,
                "day": ago(chance.randrange(1, 31)).isoformat(),
                "seconds": chance.randrange(60, 1800),
                "level": level,
                **{name: min(100, max(0, chance.gauss(ability[name], 5))) for name in SCORES},
            }
            for _ in range(chance.randrange(5, 16))
        ]
        rows += own
        truth[learner.id] = {
            **{name: sum(session[name] for session in own) / len(own) for name in SCORES},
            "minutes": sum(session["seconds"] for session in own) / 60,
            "sessions": len(own),
            "active_days": len({session["day"] for session in own}),
        }
    practise(app, rows)
    assert snapshot(app).learners == 5000
    worst = 0.0
    for learner in chance.sample(everybody, 150):
        peers = [truth[other] for other, level in level_of.items() if level == level_of[learner.id]]
        for name, result in learner.get("/comparison")["measures"].items():
            values = [peer[name] for peer in peers]
            rank = percentileofscore(values, truth[learner.id][name], kind="mean")
            start, end = result["percentile"]["from"], result["percentile"]["to"]
            assert end - start == 5
            worst = max(worst, start - rank, rank - end)
            assert abs(result["learners"] - len(peers)) <= 5
    assert worst < 2, worst
