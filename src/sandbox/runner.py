"""runner.py - tries one plugin, inside the sandbox, and reports what it saw.

It reads an order from stdin: one line of JSON {"nonce", "package", "settings", "files": [[name,
size]...]}, then the content of the files. They are written below /tmp/plugin, read-only; what the
plugin depends on stands in /environment, where there is something. Each step is announced before it
begins and the report follows at the end, all as lines "<nonce> <JSON>" on what was stdout: prints
of the plugin go to stderr. A plugin that wants to lie about itself can do so, since it runs in this
process; what is read from here is never more than what a plugin says of itself, and the reader
(domain/health_report.c) takes every byte of it as a stranger's.

It decides nothing: whether this makes a healthy plugin is the reader's rule.
"""

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import pathlib
import re
import sys
import time
import traceback

HERE = "/tmp/plugin"
ENVIRONMENT = "/environment"
TOOLS_MAX = 200
PARAMETERS_MAX = 50
TEXT_MAX = 300
LINES_MAX = 20
WARNINGS_MAX = 50
PLACEHOLDERS = {"str": "unset", "int": 1, "float": 1.0, "bool": False, "list": [], "dict": {}}


class Stop(Exception):
    """A step has failed; the report says how."""


def cut(text, limit=TEXT_MAX):
    text = str(text)
    return text if len(text) <= limit else text[: limit - 1] + "\u2026"


class Report:
    """What is known so far, and the channel it goes out on."""

    def __init__(self, channel, nonce):
        self.channel, self.nonce = channel, nonce
        self.root = self.package = None
        self.content = {
            "plugin": {"python": ".".join(map(str, sys.version_info[:3]))},
            "steps": [],
            "tools": [],
            "warnings": [],
            "error": None,
            "missing": None,
        }

    def send(self, value):
        line = f"{self.nonce} {json.dumps(value)}\n".encode()
        while line:
            line = line[os.write(self.channel, line):]

    def warn(self, sentence):
        if len(self.content["warnings"]) < WARNINGS_MAX:
            self.content["warnings"].append(cut(sentence))

    def step(self, name, work, must=True):
        """Runs one step. What it raises ends the check, unless the step need not work."""
        self.send({"begin": name})
        begun = time.perf_counter()
        error = None
        try:
            return work()
        except Stop:
            error = self.content["error"]
            raise
        except BaseException as e:  # a plugin may raise SystemExit as well
            error = e
            if must or isinstance(e, MemoryError):
                self.fail(name, e)
                raise Stop from e
            self.warn(f"{name} raised {type(e).__name__}: {e}")
            return None
        finally:
            took = round((time.perf_counter() - begun) * 1000, 3)
            self.content["steps"].append({"name": name, "ms": took, "ok": error is None})

    def fail(self, step, error):
        if isinstance(error, ModuleNotFoundError) and error.name and not self.is_own(error.name):
            self.content["missing"] = cut(error.name)
        self.content["error"] = {
            "step": step,
            "type": type(error).__name__,
            "message": cut(error),
            "lines": self.lines_of(error),
        }

    def is_own(self, name):
        first = name.split(".")[0]
        return first == self.package or os.path.exists(os.path.join(self.root, first))

    def lines_of(self, error):
        """Lines of the plugin first of all: our own frames say nothing to its author."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f.filename.startswith(HERE)] or [f for f in frames if f.filename != __file__]
        lines = [f"{self.place(f.filename)}:{f.lineno} in {f.name}: {f.line or ''}" for f in own]
        if isinstance(error, SyntaxError) and error.filename:
            lines.append(f"{self.place(error.filename)}:{error.lineno}: {(error.text or '').strip()}")
        return [cut(line) for line in lines[-LINES_MAX:]]

    def place(self, path):
        return os.path.relpath(path, self.root) if self.root and path.startswith(self.root) else path


def run_to_the_end(value):
    """The value, or what an awaitable one gives."""
    if not inspect.isawaitable(value):
        return value

    async def wait():
        return await value

    return asyncio.run(wait())


# ---- importing ----------------------------------------------------------------------------------


def free_name(name):
    """A package must not hide a module that others need."""
    if not name.isidentifier():
        name = re.sub(r"\W", "_", name) or "package"
    if name in getattr(sys, "stdlib_module_names", sys.builtin_module_names) or name in sys.modules:
        return "plugin_" + name
    return name if name.isidentifier() else "plugin_" + name


def import_package(report, folder):
    name = report.package = free_name(folder.name)
    first = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        name, first if first.exists() else None, submodule_search_locations=[str(folder)]
    )
    if spec is None:
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    if spec.loader:
        spec.loader.exec_module(package)
    return importlib.import_module(name + ".plugin")


def find_class(report, module, sdk):
    """A registered class, else the first in alphabetical order, as the SDK's own loader has it."""
    base = importlib.import_module("cadence_sdk").BasePlugin
    registered = [c for c in sdk.REGISTERED if inspect.isclass(c)]
    found = registered or [
        value
        for name in dir(module)
        for value in [getattr(module, name)]
        if inspect.isclass(value) and issubclass(value, base) and value is not base and not inspect.isabstract(value)
    ]
    if not found:
        half = [n for n in dir(module) if inspect.isclass(getattr(module, n)) and inspect.isabstract(getattr(module, n))
                and issubclass(getattr(module, n), base) and getattr(module, n) is not base]
        if half:
            lacks = ", ".join(sorted(getattr(module, half[0]).__abstractmethods__))
            raise TypeError(f"{half[0]} does not define {lacks}")
        raise TypeError("plugin.py has no class that derives from BasePlugin")
    if len(found) > 1:
        report.warn(f"{len(found)} plugin classes were found; {found[0].__name__} is the one that counts")
    return found[0]


def unpack(order, stream):
    """Writes the plugin's files, then takes away the right to write to them."""
    folder = pathlib.Path(HERE) / order["package"]
    folder.mkdir(parents=True)
    for name, size in order["files"]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stream.read(size))
        path.chmod(0o444)
    for parent, _, _ in os.walk(HERE):
        os.chmod(parent, 0o555)
    return folder


# ---- calling ------------------------------------------------------------------------------------


def check_metadata(report, plugin):
    meta = run_to_the_end(plugin.get_metadata())
    if meta is None:
        raise TypeError("get_metadata returned None")
    for field in ("pid", "name", "version"):
        value = getattr(meta, field, None)
        if isinstance(value, str):
            report.content["plugin"][field] = cut(value)
    return meta


def make_agent(plugin):
    agent = run_to_the_end(plugin.create_agent())
    if not callable(getattr(agent, "get_tools", None)):
        raise TypeError(f"create_agent returned {type(agent).__name__}, which has no get_tools")
    return agent


def settings_of(order):
    """What an orchestrator would hand over, with something in place of what only a user knows."""
    config = {}
    for entry in order.get("settings") or []:
        value = entry.get("default")
        if value is None and entry.get("required"):
            value = PLACEHOLDERS.get(entry.get("type"))
        config[entry.get("key")] = value
    return config


def initialize(agent, config):
    method = getattr(agent, "initialize", None)
    if not callable(method):
        return
    wants = [p for p in inspect.signature(method).parameters.values() if p.kind != p.VAR_KEYWORD]
    run_to_the_end(method(config) if wants else method())


def type_name(annotation):
    if annotation is inspect.Parameter.empty:
        return None
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", None) or str(annotation)


def function_of(tool):
    for name in ("func", "coroutine", "_run", "fn"):
        value = getattr(tool, name, None)
        if callable(value):
            return value
    return tool if callable(tool) else None


def parameters_of(tool, function):
    schema = getattr(tool, "args_schema", None)
    fields = getattr(schema, "model_fields", None)
    if isinstance(fields, dict):
        return [{"name": cut(n), "type": cut(type_name(f.annotation)), "required": bool(f.is_required())}
                for n, f in list(fields.items())[:PARAMETERS_MAX]]
    described = []
    for p in list(inspect.signature(function).parameters.values())[:PARAMETERS_MAX]:
        if p.name == "self" or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        kind = type_name(p.annotation)
        described.append({"name": cut(p.name), "type": kind and cut(kind), "required": p.default is p.empty})
    return described


def describe_tool(tool):
    """One row of the report, with what is wrong with it; `problems` make the check fail."""
    function = function_of(tool)
    name = getattr(tool, "name", None) or getattr(tool, "__name__", None)
    text = getattr(tool, "description", None) or inspect.getdoc(function or tool)
    row = {"name": cut(name) if isinstance(name, str) else "", "description": cut((text or "").split("\n")[0]),
           "async": inspect.iscoroutinefunction(function), "parameters": [], "problems": [], "remarks": []}
    if not row["name"]:
        row["problems"].append("it has no name")
    if function is None:
        row["problems"].append("it cannot be called")
    else:
        row["parameters"] = parameters_of(tool, function)
    if not row["description"]:
        row["remarks"].append("it has no docstring, so a model does not know what it is for")
    for p in row["parameters"]:
        if p["type"] is None:
            row["remarks"].append(f"its parameter '{p['name']}' has no type")
    return row


def check_tools(report, agent):
    tools = run_to_the_end(agent.get_tools())
    if not isinstance(tools, (list, tuple)):
        raise TypeError(f"get_tools returned {type(tools).__name__} instead of a list")
    if not tools:
        report.warn("get_tools returned no tool")
    if len(tools) > TOOLS_MAX:
        report.warn(f"only the first {TOOLS_MAX} of {len(tools)} tools were looked at")
    seen = set()
    for tool in tools[:TOOLS_MAX]:
        row = describe_tool(tool)
        if row["name"] in seen:
            row["problems"].append("another tool has the same name")
        seen.add(row["name"])
        report.content["tools"].append(row)
    broken = [row for row in report.content["tools"] if row["problems"]]
    if broken:
        raise ValueError(f"tool '{broken[0]['name']}': {broken[0]['problems'][0]}")


def check_health(plugin, agent):
    """What the plugin says of itself: nothing, a bool, or a dictionary with `healthy` or `status`."""
    method = getattr(plugin, "health_check", None) or getattr(agent, "health_check", None)
    if not callable(method):
        return
    said = run_to_the_end(method())
    well = said
    if isinstance(said, dict):
        well = said.get("healthy", said.get("status"))
    if isinstance(well, str):
        well = well.lower() not in ("unhealthy", "failed", "failure", "error", "down")
    if well is False:
        raise RuntimeError(f"health_check says: {cut(said)}")


def check(report, order, folder, sdk):
    report.root = str(folder)
    sys.path.append(str(folder))  # plugins also import their siblings by bare name
    module = report.step("import", lambda: import_package(report, folder))
    plugin = report.step("find_class", lambda: find_class(report, module, sdk))
    report.content["plugin"]["class"] = cut(plugin.__name__)
    report.step("get_metadata", lambda: check_metadata(report, plugin))
    agent = report.step("create_agent", lambda: make_agent(plugin))
    report.step("initialize", lambda: initialize(agent, settings_of(order)), must=False)
    report.step("get_tools", lambda: check_tools(report, agent))
    report.step("health_check", lambda: check_health(plugin, agent))


def main():
    order = json.loads(sys.stdin.buffer.readline())
    folder = unpack(order, sys.stdin.buffer)
    channel = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    report = Report(channel, order["nonce"])
    sys.dont_write_bytecode = True
    if os.path.isdir(ENVIRONMENT):
        sys.path.insert(0, ENVIRONMENT)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sdk = importlib.import_module("larder_sdk")
    del sys.path[0]
    report.content["plugin"]["sdk"] = cut(sdk.install())
    try:
        check(report, order, folder, sdk)
    except Stop:
        pass
    report.send({"report": report.content})
    sys.stderr.flush()
    os._exit(0)  # what the plugin left running, or waiting to run at exit, is not waited for


if __name__ == "__main__":
    main()
