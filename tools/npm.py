"""Runs npm in frontend/ with the Node that the bootstrap chose: `python tools/npm.py run lint`."""

from __future__ import annotations

import sys

import bootstrap

npm, environment = bootstrap.npm_command()
bootstrap.run(*npm, *sys.argv[1:], cwd=bootstrap.FRONTEND, env=environment)
