"""Example sessions and tokens for trying the service."""
