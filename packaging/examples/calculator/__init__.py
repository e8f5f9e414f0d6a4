"""Calculator."""

from .plugin import CalculatorPlugin

__all__ = ["CalculatorPlugin"]
