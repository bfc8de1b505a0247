"""Five thousand learners: how true percentiles are."""

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
    said, truth, level_of = [], {}, {}
    for learner in everybody:
        level_of[learner.id] = level = chance.choice(LEVELS)
        able = {name: chance.gauss(70, 9) for name in SCORES}
        own = [
            {
                "user_id": learner.id,
                "day": ago(chance.randrange(1, 31)).isoformat(),
                "seconds": chance.randrange(60, 1800),
                "level": level,
                **{name: min(100, max(0, chance.gauss(able[name], 5))) for name in SCORES},
            }
            for _ in range(chance.randrange(5, 16))
        ]
        said += own
        truth[learner.id] = {
            **{name: sum(one[name] for one in own) / len(own) for name in SCORES},
            "minutes": sum(one["seconds"] for one in own) / 60,
            "sessions": len(own),
            "active_days": len({one["day"] for one in own}),
        }
    practise(app, said)
    assert snapshot(app).learners == 5000
    worst = 0.0
    for learner in chance.sample(everybody, 150):
        peers = [truth[other] for other, level in level_of.items() if level == level_of[learner.id]]
        for name, told in learner.get("/comparison")["measures"].items():
            values = [peer[name] for peer in peers]
            rank = percentileofscore(values, truth[learner.id][name], kind="mean")
            start, end = told["percentile"]["from"], told["percentile"]["to"]
            assert end - start == 5
            worst = max(worst, start - rank, rank - end)
            assert abs(told["learners"] - len(peers)) <= 5
    assert worst < 2, worst
