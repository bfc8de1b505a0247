"""`make run`: the service on this machine, with an embedded PostgreSQL."""
