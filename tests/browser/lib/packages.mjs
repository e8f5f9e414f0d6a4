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

/* A Buffer with the archive; `files` are members beside the usual ones. */
export async function packageOf(what = {}, files = {}) {
  return Buffer.from(await zip(filesOf(what, files)).arrayBuffer());
}

/* For setInputFiles of playwright. */
export const asFile = (name, buffer) => ({ name, mimeType: "application/zip", buffer });
