"""Searches the web through the search service of your choice and keeps the sources beside each claim."""

from __future__ import annotations

import httpx

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class WebSearchAgent(BaseSpecializedAgent):
    """The agent of web search."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def web_search(query: str, limit: int = 10) -> list[dict]:
            """Search the web and return title, address and a short excerpt of each hit."""
            rows = httpx.get(
                config["endpoint"],
                params={"q": query, "n": min(limit, config["max_results"])},
                headers={"Authorization": f"Bearer {config['api_key']}"},
                timeout=20,
            ).raise_for_status().json()["hits"]
            return [{"title": r["title"], "url": r["url"], "text": r["excerpt"][:400]} for r in rows]

        @uvtool
        def news_search(query: str, days: int = 7) -> list[dict]:
            """Search the news of the last days, newest first."""
            return web_search(f"{query} newer:{days}d")

        return [web_search, news_search]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the web search of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "api_key",
            "type": "str",
            "description": "Key of the search service",
            "required": True,
            "sensitive": True,
        },
        {
            "key": "endpoint",
            "type": "str",
            "description": "Address of the search service",
            "default": "https://search.example/api",
        },
        {
            "key": "max_results",
            "type": "int",
            "description": "How many results one search returns",
            "default": 10,
        },
        {
            "key": "safe_search",
            "type": "bool",
            "description": "Leave out what is not for everybody",
            "default": True,
        },
    ]
)
class WebSearchPlugin(BasePlugin):
    """Web Search."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.web_search",
            name="Web Search",
            version="2.1.0",
            description=(
                "Searches the web through the search service of your choice and keeps the sources beside each claim."
            ),
            capabilities=[
                "web_search",
                "news_search",
                "cite_sources",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
                "httpx>=0.27.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> WebSearchAgent:
        return WebSearchAgent()
