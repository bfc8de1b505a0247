"""What gunicorn needs beside its settings. Never imports the app: workers do, after gevent has patched."""
