"""Charts: what a learner has practised, drawn as SVG, each with a sentence and a table."""

from vorex_sessions.hooks.registry import Capability

CAPABILITY = Capability()
