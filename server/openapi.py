"""Print the OpenAPI document: `python -m server.openapi > frontend/openapi.json`."""

import json
import sys
import tempfile
from pathlib import Path

from server.app import create_app
from server.settings import Settings


def document() -> str:
    """The OpenAPI document as the frontend keeps it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), database_url="", blob_url=""))
        return json.dumps(app.openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
