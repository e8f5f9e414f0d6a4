"""Watches readings of the plant's sensors, finds what is out of the ordinary and says since when."""

from __future__ import annotations

import statistics

from cadence_sdk import (
    BasePlugin,
    BaseScopedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class SensorWatchAgent(BaseScopedAgent):
    """The agent of sensor watch."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def find_outliers(readings: list[float]) -> list[int]:
            """The positions of readings that are far from the rest."""
            if len(readings) < 2:
                return []
            mean, spread = statistics.fmean(readings), statistics.stdev(readings)
            return [i for i, r in enumerate(readings) if abs(r - mean) > config["sigma"] * spread]

        @uvtool
        def since_when(positions: list[int]) -> int | None:
            """The first position of the present unusual stretch."""
            start = None
            for a, b in zip(positions, positions[1:]):
                start = a if b - a > 1 or start is None else start
            return start

        return [find_outliers, since_when]

    async def load_anchor(self, resource_id: str) -> dict:
        return {"id": resource_id}

    def build_scope_rules(self, context: dict) -> str:
        return f"Answer only about {context['id']}."


@plugin_settings(
    [
        {
            "key": "sigma",
            "type": "float",
            "description": "Standard deviations from the mean that count as unusual",
            "default": 3.0,
        },
        {
            "key": "quiet",
            "type": "bool",
            "description": "Report only what is new",
            "default": False,
        },
        {
            "key": "plant_token",
            "type": "str",
            "description": "Token of the historian",
            "sensitive": True,
        },
    ]
)
class SensorWatchPlugin(BasePlugin):
    """Sensor Watch."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.globex.plant.sensor_watch",
            name="Sensor Watch",
            version="1.8.4",
            description=(
                "Watches readings of the plant's sensors, finds what is out of the ordinary and says since when."
            ),
            capabilities=[
                "find_outliers",
                "since_when",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> SensorWatchAgent:
        return SensorWatchAgent()
