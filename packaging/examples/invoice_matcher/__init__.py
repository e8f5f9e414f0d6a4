"""Invoice Matcher."""

from .plugin import InvoiceMatcherPlugin

__all__ = ["InvoiceMatcherPlugin"]
