"""Django as it comes, with the database that the benchmark names; SQLite as durable as the product's."""

from __future__ import annotations

import json
import os

DATABASES = {"default": json.loads(os.environ["BENCH_DATABASE"])}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "viewflow",
    "viewflow.workflow",
    "casework",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "of a benchmark"
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"


class _NoMigrations:
    """Tables are made from the models as they are."""

    def __contains__(self, _app: str) -> bool:
        return True

    def __getitem__(self, _app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()
