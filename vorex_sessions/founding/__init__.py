"""Brings over a database of the founding system."""

from vorex_sessions.founding.cli import imports
from vorex_sessions.hooks.registry import Capability

CAPABILITY = Capability(commands=(imports,))
