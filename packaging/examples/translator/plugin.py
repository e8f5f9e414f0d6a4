"""Translates text while keeping the terms of your glossary, and says which terms it kept."""

from __future__ import annotations

SUPPORTED = ("de", "en", "es", "fr", "vi")

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class TranslatorAgent(BaseSpecializedAgent):
    """The agent of translator."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def kept_terms(text: str) -> list[str]:
            """The glossary terms that occur in a text."""
            return [term for term in config["glossary"] if term.lower() in text.lower()]

        @uvtool
        def apply_glossary(text: str) -> str:
            """Replace each glossary term by its agreed translation."""
            for term, wanted in config["glossary"].items():
                text = text.replace(term, wanted)
            return text

        return [kept_terms, apply_glossary]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the translator of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "glossary",
            "type": "dict",
            "description": "Terms and how they are to be translated",
            "default": {"Larder": "Larder"},
        },
        {
            "key": "formality",
            "type": "str",
            "description": "formal or informal",
            "default": "formal",
        },
        {
            "key": "temperature",
            "type": "float",
            "description": "How freely to translate",
            "default": 0.2,
        },
    ]
)
class TranslatorPlugin(BasePlugin):
    """Translator."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.translator",
            name="Translator",
            version="0.9.0",
            description=(
                "Translates text while keeping the terms of your glossary, and says which terms it kept."
            ),
            capabilities=[
                "translate",
                "glossary",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> TranslatorAgent:
        return TranslatorAgent()
