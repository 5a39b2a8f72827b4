"""`densemark serve`: the server."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.common import DEFAULT_DATA, DataDir, console, open_state, port_problem, settings_for, stop

DEFAULT_PORT = 8000

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")]


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    host: Host = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Run no worker for jobs beside the server.")] = False,
    data: DataDir = DEFAULT_DATA,
) -> None:
    """Serve DenseMark until Ctrl+C."""
    import server
    from cli.demo import accounts_with_demo_password, is_loopback

    if problem := port_problem(host, port):
        stop(problem)
    if not is_loopback(host):
        with open_state(data, create=True) as state:
            open_doors = accounts_with_demo_password(state)
        if open_doors:
            stop(
                f"{', '.join(open_doors)} still have the demo's published password, and {host} is open to others:"
                " give them new ones (`densemark user passwd NAME`) or use another --data"
            )
    settings = settings_for(data)
    console.print(f"DenseMark at http://{host}:{port} (data in {data.absolute()}); Ctrl+C stops it")
    server.run(settings, host=host, port=port, workers=workers, jobs=not no_worker)
