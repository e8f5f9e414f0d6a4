"""Support Triage."""

from .plugin import SupportTriagePlugin

__all__ = ["SupportTriagePlugin"]
