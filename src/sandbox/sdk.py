"""sdk.py - the names that plugins import from `cadence_sdk`, so that a check needs no SDK.

It offers both generations of them, as far as importing a plugin, making its agent and listing its
tools goes; nothing here talks to a model or runs a conversation. runner.py puts it in place only
where the real SDK is not installed. A plugin that asks for a name not listed here fails its import
the way it would with an SDK that lacks the name.
"""

import abc
import dataclasses
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import logging
import sys
import typing

__version__ = "2.0.0+larder"
REGISTERED = []  # classes given to register_plugin, in order


class CadenceException(Exception):
    """Base of the SDK's own errors."""


@dataclasses.dataclass
class ModelConfig:
    """What language model a plugin of the first generation wants."""

    provider: typing.Optional[str] = None
    model_name: typing.Optional[str] = None
    temperature: float = 0.0
    max_tokens: int = 1024
    additional_params: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class PluginMetadata:
    """Fields of both generations; the first knows no pid, the second no language model."""

    pid: str = ""
    name: str = ""
    version: str = ""
    description: str = ""
    capabilities: list = dataclasses.field(default_factory=list)
    dependencies: list = dataclasses.field(default_factory=list)
    sdk_version: str = ">=2.0.0,<3.0.0"
    stateless: bool = True
    agent_type: str = "specialized"
    llm_requirements: dict = dataclasses.field(default_factory=dict)
    response_schema: typing.Any = None
    response_suggestion: typing.Optional[str] = None
    tag: typing.Optional[str] = None

    def __post_init__(self):
        for field in ("name", "version", "description"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value:
                raise ValueError(f"PluginMetadata needs a {field}")

    def to_dict(self):
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields):
        return cls(**fields)

    def get_model_config(self):
        known = {"provider", "temperature", "max_tokens"}
        given = {k: v for k, v in self.llm_requirements.items() if k in known}
        return ModelConfig(model_name=self.llm_requirements.get("model"), **given)


class Loggable:
    """Gives a class a logger of its own."""

    @property
    def logger(self):
        return logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")


class BaseAgent(abc.ABC):
    """What makes the tools; options of its constructor are kept and otherwise ignored."""

    def __init__(self, metadata=None, parallel_tool_calls=True, **options):
        self.metadata = metadata
        self.parallel_tool_calls = parallel_tool_calls
        self.options = options
        self.config = {}

    @abc.abstractmethod
    def get_tools(self):
        """The tools of this agent."""

    def get_system_prompt(self):
        return ""

    def initialize(self, config=None):
        self.config = dict(config or {})

    async def cleanup(self):
        return None


class BaseSpecializedAgent(BaseAgent):
    """Works for a supervisor."""


class BaseScopedAgent(BaseAgent):
    """Is bound to one anchor."""

    async def load_anchor(self, anchor_id):
        return {}

    def build_scope_rules(self, context):
        return ""


class BasePlugin(abc.ABC):
    """What describes itself and makes an agent."""

    @staticmethod
    @abc.abstractmethod
    def get_metadata():
        """What the plugin is."""

    @staticmethod
    @abc.abstractmethod
    def create_agent():
        """An agent of this plugin."""

    @staticmethod
    def validate_dependencies():
        return []

    @classmethod
    def get_settings_schema(cls):
        return list(getattr(cls, "_settings", []))

    @staticmethod
    def get_config_schema():
        return None

    @staticmethod
    def health_check():
        return {"healthy": True}


class UvTool:
    """A function with a name and a description."""

    def __init__(self, name, description, func, args_schema=None, cache=None, metadata=None, is_async=None, **options):
        self.name = name
        self.description = description
        self.func = func
        self.args_schema = args_schema
        self.cache = cache
        self.metadata = dict(metadata or {}, **options)
        self.is_async = inspect.iscoroutinefunction(func) if is_async is None else is_async

    def __call__(self, *args, **kwargs):
        if self.is_async:
            raise RuntimeError(f"Tool '{self.name}' is async, so it is called by ainvoke")
        return self.func(*args, **kwargs)

    def invoke(self, *args, **kwargs):
        if len(args) == 1 and isinstance(args[0], dict) and not kwargs:
            return self(**args[0])
        return self(*args, **kwargs)

    run = invoke

    async def ainvoke(self, *args, **kwargs):
        made = self.func(*args, **kwargs)
        return await made if inspect.isawaitable(made) else made


def _make_tool(func, name, description, options):
    known = {k: options.pop(k) for k in ("args_schema", "cache") if k in options}
    text = inspect.getdoc(func) or ""
    made = UvTool(name or func.__name__, description or text.split("\n")[0].strip(), func, **known, metadata=options)
    functools.update_wrapper(made, func, updated=())
    return made


def uvtool(*given, name=None, description=None, **options):
    """Bare, with a name in front of it, or with options."""
    if given and callable(given[0]):
        return _make_tool(given[0], name, description, dict(options))
    if given and isinstance(given[0], str):
        name = given[0]
    return lambda func: _make_tool(func, name, description, dict(options))


tool = uvtool


def create_tool(name, description, func, **options):
    return _make_tool(func, name, description, dict(options))


def plugin_settings(settings):
    """Hangs the list of settings on the plugin's class."""
    for entry in settings:
        for key in ("key", "type", "description"):
            if key not in entry:
                raise ValueError(f"a setting lacks '{key}'")

    def decorate(cls):
        cls._settings = [dict(entry) for entry in settings]
        return cls

    return decorate


def _as_it_is(*given, **options):
    """A decorator whose meaning a check does not need: bare or with options."""
    if len(given) == 1 and not options and (inspect.isclass(given[0]) or callable(given[0])):
        return given[0]
    return lambda decorated: decorated


object_schema = list_schema = llmcache = agent_settings = _as_it_is


@dataclasses.dataclass
class CacheConfig:
    enabled: bool = True
    ttl: int = 3600
    similarity_threshold: float = 0.85
    cache_key_fields: typing.Optional[list] = None


@dataclasses.dataclass
class StreamFilter:
    allow: list = dataclasses.field(default_factory=list)
    deny: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class ToolCall:
    id: str = ""
    name: str = ""
    args: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class UvMessage:
    content: typing.Any = ""
    role: str = "user"
    tool_calls: list = dataclasses.field(default_factory=list)
    metadata: dict = dataclasses.field(default_factory=dict)


class UvHumanMessage(UvMessage):
    pass


class UvAIMessage(UvMessage):
    pass


class UvSystemMessage(UvMessage):
    pass


class UvToolMessage(UvMessage):
    pass


class UvState(dict):
    """A conversation's state: a dictionary."""


AgentState = UvState


class PluginContract:
    """What a registry keeps of a plugin."""

    def __init__(self, plugin_class):
        self.plugin_class = plugin_class


class PluginRegistry:
    """One list for the whole process."""

    @classmethod
    def instance(cls):
        return cls()

    def register(self, plugin_class, *_):
        return register_plugin(plugin_class)

    def list_registered_plugins(self):
        return [PluginContract(c) for c in REGISTERED]


def register_plugin(plugin_class, *_, **__):
    if plugin_class not in REGISTERED:
        REGISTERED.append(plugin_class)
    return PluginContract(plugin_class)


def discover_plugins(*_, **__):
    return [PluginContract(c) for c in REGISTERED]


class DirectoryPluginDiscovery:
    def __init__(self, *_, **__):
        pass


def validate_plugin_structure(*_, **__):
    return True


def validate_plugin_structure_shallow(*_, **__):
    return True


def check_dependency_installed(name, *_):
    return importlib.util.find_spec(name) is not None


def install_dependencies(*_, **__):
    raise CadenceException("nothing is installed while a plugin is checked")


# ---- what else plugins of the first generation import -------------------------------------------


class BaseTool(UvTool):
    pass


class Tool(BaseTool):
    pass


class StructuredTool(BaseTool):
    @classmethod
    def from_function(cls, func=None, coroutine=None, name=None, description=None, **options):
        made = func or coroutine
        return cls(name or made.__name__, description or inspect.getdoc(made) or "", made, **options)


def _message(role):
    def make(content="", **fields):
        return UvMessage(content=content, role=role, metadata=fields)

    return make


LANGCHAIN_TOOLS = {"tool": tool, "Tool": Tool, "BaseTool": BaseTool, "StructuredTool": StructuredTool}
LANGCHAIN_MESSAGES = {
    "BaseMessage": UvMessage,
    "SystemMessage": _message("system"),
    "HumanMessage": _message("user"),
    "AIMessage": _message("assistant"),
    "ToolMessage": _message("tool"),
}


def _names_of_typing():
    return {name: getattr(typing, name) for name in dir(typing) if not name.startswith("_")}


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers for one module and everything below it, with the same names on every level."""

    def __init__(self, root, names, below=True):
        self.root, self.names, self.below = root, names, below

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.root and not (self.below and fullname.startswith(self.root + ".")):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=self.below)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__dict__.update(self.names)


def _is_there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def install():
    """Puts in place what is not there. Returns the version of the SDK that a plugin will see."""
    own = {k: v for k, v in globals().items() if not k.startswith("_") and k not in ("install", "Finder")}
    own["__version__"] = __version__
    real = _is_there("cadence_sdk")
    if not real:
        sys.meta_path.append(Finder("cadence_sdk", own))
    if not _is_there("langchain_core"):
        sys.meta_path.append(Finder("langchain_core", {**LANGCHAIN_TOOLS, **LANGCHAIN_MESSAGES}))
    if not _is_there("typing_extensions"):
        sys.meta_path.append(Finder("typing_extensions", _names_of_typing(), below=False))
    if real:
        try:
            return str(getattr(__import__("cadence_sdk"), "__version__", "unknown"))
        except ImportError:
            return "unknown"
    return "built-in"
