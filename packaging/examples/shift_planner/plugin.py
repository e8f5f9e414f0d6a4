"""Proposes fair shift plans that respect rest periods and people's wishes."""

from __future__ import annotations

HOURS_OF_A_WEEK = 7 * 24

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class ShiftPlannerAgent(BaseSpecializedAgent):
    """The agent of shift planner."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def check_rest(shifts: list[list[float]]) -> list[str]:
            """Where the rest between two shifts is too short."""
            found = []
            for (_, end), (start, _) in zip(shifts, shifts[1:]):
                if start - end < config["rest_hours"]:
                    found.append(f"only {start - end:g} hours after hour {end:g}")
            return found

        return [check_rest]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the shift planner of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "rest_hours",
            "type": "int",
            "description": "Hours of rest between two shifts",
            "default": 11,
        },
        {
            "key": "max_in_a_row",
            "type": "int",
            "description": "Working days without a break",
            "default": 5,
        },
    ]
)
class ShiftPlannerPlugin(BasePlugin):
    """Shift Planner."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.globex.ops.shift_planner",
            name="Shift Planner",
            version="2.0.0rc1",
            description=(
                "Proposes fair shift plans that respect rest periods and people's wishes."
            ),
            capabilities=[
                "plan_week",
                "check_rest",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> ShiftPlannerAgent:
        return ShiftPlannerAgent()
