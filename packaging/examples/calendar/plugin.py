"""Finds free time across several calendars and proposes meetings that fit everybody's working hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class CalendarAgent(BaseSpecializedAgent):
    """The agent of calendar."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def free_time(busy: list[list[str]], day: str) -> list[list[str]]:
            """The gaps between appointments of one day."""
            if day in config["holidays"]:
                return []
            at = datetime.fromisoformat(f"{day}T{config['workday_start']:02}:00")
            end = datetime.fromisoformat(f"{day}T{config['workday_end']:02}:00")
            gaps = []
            for start, stop in sorted((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in busy):
                if start > at:
                    gaps.append([at.isoformat(), start.isoformat()])
                at = max(at, stop)
            if at < end:
                gaps.append([at.isoformat(), end.isoformat()])
            return gaps

        @uvtool
        def propose_meeting(gaps: list[list[str]], minutes: int) -> str | None:
            """The first gap that is long enough."""
            for start, stop in gaps:
                if datetime.fromisoformat(stop) - datetime.fromisoformat(start) >= timedelta(minutes=minutes):
                    return start
            return None

        return [free_time, propose_meeting]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the calendar of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "workday_start",
            "type": "int",
            "description": "Hour at which a working day begins",
            "default": 9,
        },
        {
            "key": "workday_end",
            "type": "int",
            "description": "Hour at which it ends",
            "default": 17,
        },
        {
            "key": "holidays",
            "type": "list",
            "description": "Days on which nobody works, as YYYY-MM-DD",
            "default": ["2026-12-25", "2027-01-01"],
        },
    ]
)
class CalendarPlugin(BasePlugin):
    """Calendar."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.calendar",
            name="Calendar",
            version="3.0.0",
            description=(
                "Finds free time across several calendars and proposes meetings that fit everybody's working hours."
            ),
            capabilities=[
                "free_time",
                "propose_meeting",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> CalendarAgent:
        return CalendarAgent()
