"""``python -m web``: serve the pages until told to stop."""

from __future__ import annotations

import logging
import os
import sys

from engine.config import ConfigurationError, from_environment
from web.server import Server, options


def main() -> int:
    """Serve; 2 when a setting is wrong, with the setting named."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = from_environment()
        server = Server(settings, options(settings, os.environ))
    except ConfigurationError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
