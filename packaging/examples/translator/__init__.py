"""Translator."""

from .plugin import TranslatorPlugin

__all__ = ["TranslatorPlugin"]
