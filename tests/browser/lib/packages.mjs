/*
 * packages.mjs - plugin packages made on the spot, packed by the page's own ZIP writer.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./server.mjs";

/* As the browser reads it: a module, whatever the ending of its name says to Node. */
const writer = readFileSync(join(root, "web", "zip.js"), "utf8");
export const { zip } = await import(`data:text/javascript,${encodeURIComponent(writer)}`);

export function pluginText({ pid = "com.acme.search", version = "1.0.0", name = "Search", description = "Searches things", capabilities = ["search"], extra = "" } = {}) {
  return `"""A package made by a test."""
from cadence_sdk import BasePlugin, BaseSpecializedAgent, PluginMetadata, uvtool


class TheAgent(BaseSpecializedAgent):
    def get_tools(self):
        @uvtool
        def search(query: str) -> str:
            """Search for something."""
            return query

        return [search]

    def get_system_prompt(self) -> str:
        return "You search."


class ThePlugin(BasePlugin):
    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            pid=${JSON.stringify(pid)},
            name=${JSON.stringify(name)},
            version=${JSON.stringify(version)},
            description=${JSON.stringify(description)},
            capabilities=${JSON.stringify(capabilities)},
            dependencies=["cadence_sdk>=2.0.0,<3.0.0"],
            stateless=True,
        )

    @staticmethod
    def create_agent():
        return TheAgent()
${extra}`;
}

const bytes = (text) => new TextEncoder().encode(text);

export function filesOf(what = {}, more = {}) {
  const all = {
    "__init__.py": "from .plugin import ThePlugin\n\n__all__ = ['ThePlugin']\n",
    "plugin.py": pluginText(what),
    "README.md": `# ${what.name ?? "Search"}\n\nFinds things.\n`,
    ...more,
  };
  return Object.entries(all).map(([name, text]) => ({ name, bytes: typeof text === "string" ? bytes(text) : text }));
}

/* The four files of the older generation. */
export function oldFiles(name, description = "Does sums") {
  const all = {
    "__init__.py": "from cadence_sdk import register_plugin\nfrom .plugin import MathPlugin\n\nregister_plugin(MathPlugin)\n",
    "plugin.py": `from cadence_sdk import BasePlugin, PluginMetadata


class MathPlugin(BasePlugin):
    @staticmethod
    def get_metadata() -> PluginMetadata:
        return PluginMetadata(
            name=${JSON.stringify(name)},
            version="1.0.0",
            description=${JSON.stringify(description)},
            capabilities=["addition"],
            llm_requirements={"provider": "openai", "model": "gpt-4.1", "temperature": 0.1, "max_tokens": 1024},
            agent_type="specialized",
            dependencies=["cadence_sdk>=1.0.1,<2.0.0"],
        )

    @staticmethod
    def create_agent():
        from .agent import MathAgent

        return MathAgent(MathPlugin.get_metadata())
`,
    "agent.py": "from cadence_sdk import BaseAgent\n\nfrom .tools import add\n\n\nclass MathAgent(BaseAgent):\n    def get_tools(self):\n        return [add]\n",
    "tools.py": 'from cadence_sdk import tool\n\n\n@tool\ndef add(a: float, b: float) -> float:\n    """Add two numbers."""\n    return a + b\n',
  };
  return Object.entries(all).map(([file, text]) => ({ name: file, bytes: bytes(text) }));
}

/* A Buffer with the archive; `files` are members beside the usual ones. */
export async function packageOf(what = {}, files = {}) {
  return Buffer.from(await zip(filesOf(what, files)).arrayBuffer());
}

/* For setInputFiles of playwright. */
export const asFile = (name, buffer) => ({ name, mimeType: "application/zip", buffer });
