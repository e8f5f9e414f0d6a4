"""Reads new tickets, finds the product area and the urgency, and drafts the first answer."""

from __future__ import annotations

MAX_TICKET = 20_000

from cadence_sdk import (
    BasePlugin,
    BaseScopedAgent,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class SupportTriageAgent(BaseSpecializedAgent, BaseScopedAgent):
    """The agent of support triage."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def classify_ticket(text: str) -> dict:
            """The product area and the urgency of one ticket."""
            lower = text.lower()
            area = next((a for a in config["areas"] if a in lower), "other")
            urgent = any(word in lower for word in config["urgent_words"])
            return {"area": area, "urgency": "high" if urgent else "normal"}

        @uvtool
        def draft_answer(name: str, area: str) -> str:
            """A polite first answer to be reviewed by a person."""
            return f"Dear {name},\n\nthank you for writing about {area}.\n\n{config['signature']}"

        return [classify_ticket, draft_answer]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the support triage of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )

    async def load_anchor(self, resource_id: str) -> dict:
        return {"id": resource_id}

    def build_scope_rules(self, context: dict) -> str:
        return f"Answer only about {context['id']}."


@plugin_settings(
    [
        {
            "key": "areas",
            "type": "list",
            "description": "Product areas to choose from",
            "default": ["billing", "login", "delivery"],
        },
        {
            "key": "urgent_words",
            "type": "list",
            "description": "Words that make a ticket urgent",
            "default": ["down", "outage", "cannot log in"],
        },
        {
            "key": "signature",
            "type": "str",
            "description": "Closing line of each draft",
            "default": "Your Acme team",
        },
    ]
)
class SupportTriagePlugin(BasePlugin):
    """Support Triage."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="com.acme.support.triage",
            name="Support Triage",
            version="1.5.0",
            description=(
                "Reads new tickets, finds the product area and the urgency, and drafts the first answer."
            ),
            capabilities=[
                "classify_ticket",
                "draft_answer",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> SupportTriageAgent:
        return SupportTriageAgent()
