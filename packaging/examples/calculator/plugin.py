"""Exact arithmetic, percentages and unit conversion, so that the model need not guess."""

from __future__ import annotations

from decimal import Decimal, getcontext

FACTOR = {
    "mm": Decimal("0.001"),
    "cm": Decimal("0.01"),
    "m": Decimal(1),
    "km": Decimal(1000),
    "in": Decimal("0.0254"),
    "ft": Decimal("0.3048"),
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lb": Decimal("453.59237"),
}

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class CalculatorAgent(BaseSpecializedAgent):
    """The agent of calculator."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def add(values: list[str]) -> str:
            """Add decimal numbers exactly."""
            return str(sum((Decimal(v) for v in values), Decimal(0)))

        @uvtool
        def percent(part: str, whole: str) -> str:
            """What percentage of the whole the part is."""
            getcontext().prec = config["precision"]
            return str(Decimal(part) * 100 / Decimal(whole))

        @uvtool
        def convert(value: str, unit: str, to: str) -> str:
            """Convert a length or a mass between common units."""
            return str(Decimal(value) * FACTOR[unit] / FACTOR[to])

        return [add, percent, convert]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the calculator of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "precision",
            "type": "int",
            "description": "Decimal places of a result",
            "default": 12,
        },
    ]
)
class CalculatorPlugin(BasePlugin):
    """Calculator."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.calculator",
            name="Calculator",
            version="1.0.3",
            description=(
                "Exact arithmetic, percentages and unit conversion, so that the model need not guess."
            ),
            capabilities=[
                "arithmetic",
                "percentages",
                "unit_conversion",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> CalculatorAgent:
        return CalculatorAgent()
