"""Matches supplier invoices with purchase orders and explains every difference in one line."""

from __future__ import annotations

BOOKS_CLOSE_ON = 5

from cadence_sdk import (
    BasePlugin,
    BaseSpecializedAgent,
    PluginMetadata,
    plugin_settings,
    uvtool,
)


class InvoiceMatcherAgent(BaseSpecializedAgent):
    """The agent of invoice matcher."""

    def initialize(self, config: dict) -> None:
        self.config = config

    def get_tools(self) -> list:
        config = self.config

        @uvtool
        def match_invoice(invoice: dict, orders: list[dict]) -> dict | None:
            """The order with the same supplier whose total is within the tolerance."""
            for order in orders:
                limit = order["total"] * config["tolerance"] / 100
                if order["supplier"] == invoice["supplier"] and abs(order["total"] - invoice["total"]) <= limit:
                    return order
            return None

        @uvtool
        def explain_difference(invoice: dict, order: dict) -> str:
            """One sentence on what differs between an invoice and its order."""
            difference = invoice["total"] - order["total"]
            return f"{invoice['number']}: {difference:+.2f} {config['currency']} against {order['number']}"

        return [match_invoice, explain_difference]

    @staticmethod
    def get_system_prompt() -> str:
        return (
            "You are the invoice matcher of this workspace. Use your tools, "
            "say what you found and where, and say so when you found nothing."
        )


@plugin_settings(
    [
        {
            "key": "tolerance",
            "type": "float",
            "description": "Difference in per cent that still counts as equal",
            "default": 0.5,
        },
        {
            "key": "currency",
            "type": "str",
            "description": "Currency of the books",
            "default": "EUR",
        },
        {
            "key": "ledger_token",
            "type": "str",
            "description": "Token of the ledger service",
            "required": True,
            "sensitive": True,
        },
    ]
)
class InvoiceMatcherPlugin(BasePlugin):
    """Invoice Matcher."""

    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid="com.acme.finance.invoice_matcher",
            name="Invoice Matcher",
            version="2.3.1",
            description=(
                "Matches supplier invoices with purchase orders and explains every difference in one line."
            ),
            capabilities=[
                "match_invoice",
                "explain_difference",
            ],
            dependencies=[
                "cadence_sdk>=2.0.0,<3.0.0",
                "python-dateutil>=2.8",
            ],
            stateless=True,
        )

    @staticmethod
    def create_agent() -> InvoiceMatcherAgent:
        return InvoiceMatcherAgent()
