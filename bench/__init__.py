"""Measure the service's cost, compared with a peer, PostgreSQL alone and a Flask hello. `make bench`."""
