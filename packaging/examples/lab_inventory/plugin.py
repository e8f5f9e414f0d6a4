"""Knows what stands on which shelf of the lab, what is running out and what must not stand together."""

from __future__ import annotations

UNITS = ("g", "ml", "pieces")

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class LabInventoryAgent(BaseSpecializedAgent):
    """The agent of lab inventory."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def find_item(name: str, shelves: dict[str, list[str]]) -> list[str]:
            """The shelves on which an item stands."""
            return [shelf for shelf, items in shelves.items() if name in items]

        @uvtool
        def storage_rules(kind: str) -> list[str]:
            """What must not stand beside a class of substances."""
            return config["never_together"].get(kind, [])

        return [find_item, storage_rules]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the lab inventory of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "reorder_below",
            "type": "int",
            "description": "Amount at which an item counts as running out",
            "default": 5,
        },
        {
            "key": "never_together",
            "type": "dict",
            "description": "Classes of substances that must stand apart",
            "default": {"acid": ["base", "cyanide"]},
        },
    ]
)
class LabInventoryPlugin(BasePlugin):
    """Lab Inventory."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.globex.lab.inventory",
            name="Lab Inventory",
            version="1.1.0",
            description=(
                "Knows what stands on which shelf of the lab, what is running out and what must not stand together."
            ),
            capabilities=[
                "find_item",
                "running_out",
                "storage_rules",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> LabInventoryAgent:
        return LabInventoryAgent()
