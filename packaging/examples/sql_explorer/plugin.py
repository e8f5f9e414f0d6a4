"""Answers questions about a SQLite database with read-only queries that it shows beside the answer."""

from __future__ import annotations

import sqlite3

from cadence_sdk import (
    BasePlugin,
    BaseScopedAgent,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class SqlExplorerAgent(BaseSpecializedAgent, BaseScopedAgent):
    """The agent of sql explorer."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def describe_tables() -> dict[str, list[str]]:
            """The tables of the database and their columns."""
            with sqlite3.connect(f"file:{config['database']}?mode=ro", uri=True) as db:
                names = [r[0] for r in db.execute("select name from sqlite_master where type = 'table'")]
                return {n: [c[1] for c in db.execute(f"pragma table_info({n!r})")] for n in names}

        @uvtool
        def read_only_query(sql: str) -> list[list]:
            """Run one SELECT and return its first rows."""
            with sqlite3.connect(f"file:{config['database']}?mode=ro", uri=True) as db:
                return [list(r) for r in db.execute(sql).fetchmany(config["max_rows"])]

        return [describe_tables, read_only_query]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the sql explorer of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )

    async def load_anchor(self, resource_id: str) -> dict:
        return {"id": resource_id}

    def build_scope_rules(self, context: dict) -> str:
        return f"Answer only about {context['id']}."


@plugin_settings(
    [
        {
            "key": "database",
            "type": "str",
            "description": "Path of the SQLite file",
            "required": True,
        },
        {
            "key": "max_rows",
            "type": "int",
            "description": "Rows of one answer",
            "default": 100,
        },
    ]
)
class SqlExplorerPlugin(BasePlugin):
    """SQL Explorer."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="io.cadence.system.sql_explorer",
            name="SQL Explorer",
            version="1.2.0",
            description=(
                "Answers questions about a SQLite database with read-only queries that it shows beside the answer."
            ),
            capabilities=[
                "describe_tables",
                "read_only_query",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> SqlExplorerAgent:
        return SqlExplorerAgent()
