"""Scenarios: a situation and what must come of it, run only through the services, as the named people."""
