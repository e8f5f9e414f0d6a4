"""Turns commit messages into release notes that customers understand."""

from __future__ import annotations

BULLET = "- "

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class ReleaseNotesAgent(BaseSpecializedAgent):
    """The agent of release notes."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def group_changes(messages: list[str]) -> dict[str, list[str]]:
            """Commit messages by their leading area."""
            groups: dict[str, list[str]] = {}
            for message in messages:
                area, _, text = message.partition(": ")
                groups.setdefault(area, []).append(text)
            return groups

        return [group_changes]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the release notes of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "audience",
            "type": "str",
            "description": "customers or engineers",
            "default": "customers",
        },
    ]
)
class ReleaseNotesPlugin(BasePlugin):
    """Release Notes."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="com.acme.devtools.release_notes",
            name="Release Notes",
            version="0.4.0",
            description=(
                "Turns commit messages into release notes that customers understand."
            ),
            capabilities=[
                "group_changes",
                "write_notes",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> ReleaseNotesAgent:
        return ReleaseNotesAgent()
