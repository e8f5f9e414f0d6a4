"""Plugin packages made on the spot, for the tests of the catalog.

`plugin()` gives the text of a plugin.py in the shape the SDK's own examples have, `archive()` a ZIP of
any members, `package()` both. What a test wants to be wrong it passes in; everything else is right.
"""

import io
import zipfile

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)

SETTINGS = """[
        {
            "key": "api_key",
            "type": "str",
            "description": "Key of the "
            "service",
            "required": True,
            "sensitive": True,
        },
        {"key": "limit", "name": "Limit", "type": "int", "description": "How many", "default": DEFAULT_LIMIT},
        {"key": "ratio", "type": "float", "description": "How much", "default": 1.0},
    ]"""


def plugin(
    pid="com.acme.search",
    version="1.0.0",
    name="Search",
    description="Searches things",
    bases="BaseSpecializedAgent",
    capabilities='["search", "find: Finds what was lost"]',
    dependencies='["cadence_sdk>=2.0.0,<3.0.0", "httpx>=0.27.0"]',
    settings=SETTINGS,
    extra="",
    before="",
):
    decorator = f"@plugin_settings(\n    {settings}\n)\n" if settings else ""
    return f'''"""A package made by a test."""
from cadence_sdk import BasePlugin, BaseScopedAgent, BaseSpecializedAgent, PluginMetadata, plugin_settings, uvtool

DEFAULT_LIMIT = 10
{before}

class SearchAgent({bases}):
    def get_tools(self):
        @uvtool
        def search(query: str) -> str:
            """Search for something.

            More words.
            """
            return query

        return [search]


{decorator}class SearchPlugin(BasePlugin):
    @staticmethod
    def get_metadata() -> PluginMetadata:
        """What this is."""
        return PluginMetadata(
            pid="{pid}",
            name="{name}",
            version="{version}",
            description="{description}",
            capabilities={capabilities},
            dependencies={dependencies},
            stateless=True,{extra}
        )

    @staticmethod
    def create_agent():
        return SearchAgent()
'''


def archive(members, compression=zipfile.ZIP_DEFLATED):
    """A ZIP of {name: bytes or text}, in the order given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.compress_type = compression
            info.external_attr = 0o644 << 16
            z.writestr(info, content)
    return out.getvalue()


def package(pid="com.acme.search", version="1.0.0", wrapper="", readme="# Search\n", files=None, **kw):
    members = {
        f"{wrapper}__init__.py": "from .plugin import SearchPlugin\n\n__all__ = ['SearchPlugin']\n",
        f"{wrapper}plugin.py": plugin(pid=pid, version=version, **kw),
        f"{wrapper}logo.png": PNG,
    }
    if readme:
        members[f"{wrapper}README.md"] = readme
    members.update({wrapper + k: v for k, v in (files or {}).items()})
    return archive(members)


def v1_package(
    name="math_plugin",
    version="1.0.0",
    description="Does sums",
    dependencies='["cadence_sdk>=1.0.1,<2.0.0"]',
    omit=(),
    files=None,
    wrapper="",
):
    """The four files of the older generation, less those in `omit`, and more or others in `files`."""
    members = {
        "__init__.py": "from cadence_sdk import register_plugin\nfrom .plugin import MathPlugin\n\n"
        "register_plugin(MathPlugin)\n",
        "plugin.py": f'''from cadence_sdk import BasePlugin, PluginMetadata


class MathPlugin(BasePlugin):
    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            name="{name}",
            version="{version}",
            description="{description}",
            capabilities=["addition"],
            llm_requirements={{"provider": "openai", "model": "gpt-4.1", "temperature": 0.1, "max_tokens": 1024}},
            agent_type="specialized",
            dependencies={dependencies},
        )

    @staticmethod
    def create_agent():
        from .agent import MathAgent

        return MathAgent(MathPlugin.get_metadata())
''',
        "agent.py": "from cadence_sdk import BaseAgent\n\nfrom .tools import add\n\n\n"
        "class MathAgent(BaseAgent):\n    def get_tools(self):\n        return [add]\n",
        "tools.py": 'from cadence_sdk import tool\n\n\n@tool\ndef add(a: float, b: float) -> float:\n'
        '    """Add two numbers."""\n    return a + b\n',
    }
    members.update(files or {})
    return archive({wrapper + k: v for k, v in members.items() if k not in omit})
