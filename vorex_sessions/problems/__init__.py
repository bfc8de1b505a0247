"""Errors that reach a client, as RFC 9457 problem details."""
