"""SQL Explorer."""

from .plugin import SqlExplorerPlugin

__all__ = ["SqlExplorerPlugin"]
