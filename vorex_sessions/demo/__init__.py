"""Practice and tokens for trying the service."""
