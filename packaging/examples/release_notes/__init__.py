"""Release Notes."""

from .plugin import ReleaseNotesPlugin

__all__ = ["ReleaseNotesPlugin"]
