"""Shift Planner."""

from .plugin import ShiftPlannerPlugin

__all__ = ["ShiftPlannerPlugin"]
