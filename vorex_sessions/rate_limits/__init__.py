"""Requests a minute for each learner or address."""
