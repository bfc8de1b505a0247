"""Hostile clients beside a well-behaved learner: `python -m tests.attack SECONDS`."""
