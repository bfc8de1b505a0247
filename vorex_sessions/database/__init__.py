"""How the service talks to PostgreSQL."""
