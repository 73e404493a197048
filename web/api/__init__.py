"""The interface for programs, below ``/api/v1``: the services and queries of the pages, as JSON (docs/api.md)."""
