"""The built frontend: hashed assets for ever, index.html for every page of the app."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response

from server.access import PUBLIC, allow
from server.problems import NotFoundError

FOLDER = Path(__file__).parent / "static"

_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>DenseMark</title>
<h1>DenseMark is running</h1>
<p>The frontend has not been built. Run <code>make demo</code>, or
<code>npm ci && npm run build</code> in <code>frontend/</code>, and reload.</p>
<p>The HTTP interface is at <a href="/api/openapi.json">/api/openapi.json</a>.</p></html>"""


def add_frontend(app: FastAPI, folder: Path = FOLDER) -> None:
    """Serve the files in `folder`; every other path but the API's is a page of the app. Add it last."""

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False, dependencies=[allow(PUBLIC)])
    def frontend(path: str) -> Response:
        if path == "api" or path.startswith("api/"):
            raise NotFoundError("no such address in the HTTP interface")
        try:
            file = (folder / path).resolve()
            found = bool(path) and file.is_relative_to(folder.resolve()) and file.is_file()
        except (ValueError, OSError) as error:  # a NUL, or longer than any file's name
            raise NotFoundError("no such page") from error
        if found:
            forever = path.startswith("assets/")
            cache = "public, max-age=31536000, immutable" if forever else "no-cache"
            return FileResponse(file, headers={"Cache-Control": cache})
        if path.startswith("assets/"):
            raise NotFoundError("no such file; the app may have been updated: reload the page")
        if not (folder / "index.html").is_file():
            return HTMLResponse(_MISSING, headers={"Cache-Control": "no-cache"})
        return FileResponse(folder / "index.html", headers={"Cache-Control": "no-cache"})
