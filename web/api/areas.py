"""The blueprints of the interface for programs, for the application to register."""

from __future__ import annotations

from web.api import cases, definitions, inbox, openapi, tasks

BLUEPRINTS = tuple(area.blueprint for area in (inbox, tasks, cases, definitions, openapi))
