"""Page Reader."""

from .plugin import PageReaderPlugin

__all__ = ["PageReaderPlugin"]
