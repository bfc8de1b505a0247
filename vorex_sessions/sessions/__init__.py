"""Record: save, show, correct and delete session results, and page through them."""

from vorex_sessions.sessions.routes import blueprint

blueprints = (blueprint,)
