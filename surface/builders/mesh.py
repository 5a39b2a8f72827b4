"""A body from any mesh: `densemark body build mesh`."""

from __future__ import annotations

from surface.builders.mesh_charts import Charts, charts

__all__ = ["Charts", "charts"]
