"""Lab Inventory."""

from .plugin import LabInventoryPlugin

__all__ = ["LabInventoryPlugin"]
