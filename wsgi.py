"""What gunicorn and the `flask` command load."""

from vorex_sessions import create_app

app = create_app()
