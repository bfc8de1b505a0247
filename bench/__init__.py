"""What the service costs, beside a peer, PostgreSQL itself and a Flask hello. `make bench`."""
