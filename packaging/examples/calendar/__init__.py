"""Calendar."""

from .plugin import CalendarPlugin

__all__ = ["CalendarPlugin"]
