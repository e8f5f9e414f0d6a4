"""Reads one web page or document and answers questions about it, and about nothing else."""

from __future__ import annotations

import re

import httpx

TAG = re.compile(r"<[^>]+>")
ROW = re.compile(r"<tr.*?</tr>", re.S)
CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.S)

from cadence_sdk import (
    BasePlugin,
    BaseScopedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class PageReaderAgent(BaseScopedAgent):
    """The agent of page reader."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def read_page(url: str) -> str:
            """Fetch one page and return its text without markup."""
            response = httpx.get(url, headers={"User-Agent": config["user_agent"]}, timeout=20)
            return TAG.sub(" ", response.text[: config["max_bytes"]])

        @uvtool
        def extract_tables(url: str) -> list[list[str]]:
            """Return the rows of every table of a page."""
            html = httpx.get(url, timeout=20).text
            return [CELL.findall(row) for row in ROW.findall(html)]

        return [read_page, extract_tables]

    async def load_anchor(self, resource_id: str) -> dict:
        return {"id": resource_id}

    def build_scope_rules(self, context: dict) -> str:
        return f"Answer only about {context['id']}."


@plugin_settings(
    [
        {
            "key": "max_bytes",
            "type": "int",
            "description": "Pages larger than this are cut",
            "default": 200000,
        },
        {
            "key": "user_agent",
            "type": "str",
            "description": "How the reader introduces itself",
            "default": "page-reader/1.4",
        },
    ]
)
class PageReaderPlugin(BasePlugin):
    """Page Reader."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.page_reader",
            name="Page Reader",
            version="1.4.2",
            description=(
                "Reads one web page or document and answers questions about it, and about nothing else."
            ),
            capabilities=[
                "read_page",
                "summarize",
                "extract_tables",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
                "httpx>=0.27.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> PageReaderAgent:
        return PageReaderAgent()
