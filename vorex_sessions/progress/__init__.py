"""Answers: am I getting better, and what shall I warm up with."""

from vorex_sessions.progress.routes import blueprint

blueprints = (blueprint,)
