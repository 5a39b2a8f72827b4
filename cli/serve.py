"""`densemark serve`: the server."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import DEFAULT_DATA, DataDir, console, settings_for

DEFAULT_PORT = 8000

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")]


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    host: Host = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Serve DenseMark until Ctrl+C."""
    import server

    settings = settings_for(data)
    console.print(f"DenseMark at http://{host}:{port} (data in {data.absolute()}); Ctrl+C stops it")
    server.run(settings, host=host, port=port, workers=workers)
