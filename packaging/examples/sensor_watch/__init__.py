"""Sensor Watch."""

from .plugin import SensorWatchPlugin

__all__ = ["SensorWatchPlugin"]
