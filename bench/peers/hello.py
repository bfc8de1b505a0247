"""The framework's ceiling: a Flask app that says hello in JSON, under our gunicorn and its settings."""

from flask import Flask, Response

app = Flask(__name__)


@app.get("/hello")
def hello() -> Response:
    """Say hello."""
    return Response(b'{"hello":"world"}', content_type="application/json")
