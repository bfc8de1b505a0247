"""What gunicorn and the `flask` command load."""

import sys

import click

from config import SettingError
from vorex_sessions import create_app

try:
    app = create_app()
except SettingError as error:
    if click.get_current_context(
        silent=True
    ):  # a `flask` command: a sentence instead of a traceback
        sys.exit(str(error))
    raise
