"""Web Search."""

from .plugin import WebSearchPlugin

__all__ = ["WebSearchPlugin"]
