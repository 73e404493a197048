"""Pages: server-rendered, complete without scripts. ``web.app.create_app`` makes the application."""
