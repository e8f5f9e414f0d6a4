/*
 * test_shapes.c - the shapes plugins are written in: which are read, and what is said of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support_python.h"
#include "support_source.h"

enum { MORE = 4 };

/* What a package gives; NULL and 0 are not checked. */
struct shape {
    const char *label;
    const char *plugin; /* text of plugin.py */
    struct {
        const char *name, *text;
    } more[MORE];
    const char *rule; /* the finding it is refused with; NULL: accepted */
    const char *says; /* words of that finding; of an accepted one: the description */
    int line, column;
    const char *warns; /* a warning that must be there */
    const char *plugin_class, *agent_class;
};

#define OK_SHAPE .says = "d"
#define REFUSED(rule_, says_, line_, column_)                                                      \
    .rule = rule_, .says = says_, .line = line_, .column = column_

// clang-format off
static const struct shape shapes[] = {
    {"keywords", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE, {{0}}, OK_SHAPE,
     .plugin_class = "P", .agent_class = "A"},
    {"positions", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', '1.0', 'd', ['c'], "
     "['httpx'], '>=2.0.0,<3.0.0', False") CREATE, {{0}}, OK_SHAPE},
    {"unpacked tuple", SDK AGENT "T = ('com.acme.x', 'X')\nclass P(BasePlugin):\n"
     RETURN("*T, '1.0', description='d'") CREATE, {{0}}, OK_SHAPE},
    {"unpacked dict", SDK AGENT "META = {'pid': 'com.acme.x', 'name': 'X', 'version': '1.0'}\n"
     "class P(BasePlugin):\n" RETURN("**META, description='d'") CREATE, {{0}}, OK_SHAPE},
    {"from_dict", SDK AGENT "META = {'pid': 'com.acme.x', 'name': 'X', 'version': '1.0', 'description': "
     "'d', 'other': 1}\nclass P(BasePlugin):\n" METHOD("        return PluginMetadata.from_dict(META)\n")
     CREATE, {{0}}, OK_SHAPE},
    {"dict call", SDK AGENT "class P(BasePlugin):\n" RETURN("**dict(" FOUR ")") CREATE, {{0}}, OK_SHAPE},
    {"local variable", SDK AGENT "class P(BasePlugin):\n" METHOD(
     "        \"\"\"Says who it is.\"\"\"\n        m: PluginMetadata = PluginMetadata(pid='com.acme.x', "
     "name='X', version='1.0', description='e')\n        m.description = 'd'\n        return m\n")
     CREATE, {{0}}, OK_SHAPE},
    {"steps", SDK AGENT "import logging\nlogger = logging.getLogger(__name__)\nclass P(BasePlugin):\n"
     METHOD("        caps = ['a']\n        caps = caps + ['b']\n        text = 'd'\n        logger.info('x')\n"
     "        pass\n        return PluginMetadata('com.acme.x', 'X', '1.0', text, caps)\n") CREATE,
     {{0}}, OK_SHAPE},
    {"record in the module", SDK AGENT "META = PluginMetadata(" FOUR ")\nclass P(BasePlugin):\n"
     METHOD("        return META\n") CREATE, {{0}}, OK_SHAPE},
    {"record in the class", SDK AGENT "class P(BasePlugin):\n    META = PluginMetadata(" FOUR ")\n"
     "    @classmethod\n    def get_metadata(cls) -> PluginMetadata:\n        return cls.META\n" CREATE,
     {{0}}, OK_SHAPE},
    {"class attributes", SDK AGENT "class P(BasePlugin):\n    name: str = 'X'\n    version = '1.0'\n"
     "    @classmethod\n    def get_metadata(cls):\n        return PluginMetadata('com.acme.x', cls.name, "
     "P.version, 'd')\n" CREATE, {{0}}, OK_SHAPE},
    {"plain method", SDK AGENT "class P(BasePlugin):\n    V = '1.0'\n    def get_metadata(self):\n"
     "        return PluginMetadata('com.acme.x', self.__class__.__name__, self.V, 'd')\n" CREATE,
     {{0}}, OK_SHAPE},
    {"aliases", "import cadence_sdk as sdk\nfrom cadence_sdk.base.plugin import BasePlugin as Base\n"
     "from cadence_sdk.base import metadata\nclass A(sdk.BaseSpecializedAgent): pass\nclass P(Base):\n"
     METHOD("        return metadata.PluginMetadata(" FOUR ")\n") CREATE, {{0}}, OK_SHAPE},
    {"import of the package", "import cadence_sdk\nclass A(cadence_sdk.BaseAgent): pass\n"
     "class P(cadence_sdk.BasePlugin):\n" METHOD("        return cadence_sdk.PluginMetadata(" FOUR ")\n")
     CREATE, {{0}}, OK_SHAPE},
    {"import inside the method", "from cadence_sdk import BasePlugin, BaseAgent\nclass A(BaseAgent): pass\n"
     "class P(BasePlugin):\n" METHOD("        from cadence_sdk import PluginMetadata as M\n"
     "        return M(" FOUR ")\n") CREATE, {{0}}, OK_SHAPE},
    {"fallback import", "try:\n    from cadence_sdk import BasePlugin, BaseAgent, PluginMetadata\n"
     "except ImportError:\n    BasePlugin = object\n    from old_sdk import BaseAgent, PluginMetadata\n"
     "class A(BaseAgent): pass\nclass P(BasePlugin):\n" RETURN(FOUR) CREATE, {{0}}, OK_SHAPE},
    {"relative import", SDK AGENT "from .const import VERSION as V, TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', V, TEXT") CREATE,
     {{"const.py", "VERSION = '1.0'\nTEXT = 'd'\n"}}, OK_SHAPE},
    {"import from beside", SDK AGENT "from const import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{"const.py", "TEXT = 'd'\n"}}, OK_SHAPE},
    {"module import", SDK AGENT "from . import const\nimport deep.er as e\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', const.NAME, '1.0', e.TEXT") CREATE,
     {{"const.py", "NAME = 'X'\n"}, {"deep/er.py", "TEXT = 'd'\n"}}, OK_SHAPE},
    {"dotted module import", SDK AGENT "import deep.er\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', deep.er.TEXT") CREATE,
     {{"deep/__init__.py", ""}, {"deep/er.py", "from .est import TEXT\n"},
      {"deep/est.py", "from ..const import TEXT\n"}, {"const.py", "TEXT = 'd'\n"}}, OK_SHAPE},
    {"star import of constants", SDK AGENT "from .const import *\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE,
     {{"const.py", "TEXT = 'd'\n_HIDDEN = 'x'\n"}}, OK_SHAPE},
    {"package constant", SDK AGENT "from . import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE,
     {{"__init__.py", "TEXT = 'd'\nfrom .plugin import P\n"}}, OK_SHAPE},
    {"inherited metadata", SDK AGENT "from .base import Base\nclass P(Base):\n    TEXT = 'd'\n" CREATE,
     {{"base.py", SDK "class Base(BasePlugin):\n    @classmethod\n    def get_metadata(cls):\n"
       "        return PluginMetadata('com.acme.x', 'X', '1.0', cls.TEXT)\n"}},
     .says = "not this", .rule = "meta.not_literal", .warns = "meta.several_classes",
     .plugin_class = "Base"}, /* Cadence would take Base: B comes before P */
    {"inherited metadata, base hidden", SDK AGENT "from . import base\nclass P(base.Base):\n    TEXT = 'd'\n"
     CREATE, {{"base.py", SDK "class Base(BasePlugin):\n    @classmethod\n    def get_metadata(cls):\n"
     "        return PluginMetadata('com.acme.x', 'X', '1.0', cls.TEXT)\n"}}, OK_SHAPE,
     .plugin_class = "P"},
    {"re-exported class", "from .impl import ThePlugin\n",
     {{"impl.py", SDK AGENT "class ThePlugin(BasePlugin):\n" RETURN(FOUR) CREATE}}, OK_SHAPE,
     .plugin_class = "ThePlugin", .agent_class = "A"},
    {"re-exported by star", "from .impl import *\n",
     {{"impl.py", SDK AGENT "class ThePlugin(BasePlugin):\n" RETURN(FOUR) CREATE}}, OK_SHAPE,
     .plugin_class = "ThePlugin"},
    {"two classes", SDK AGENT "class Zed(BasePlugin):\n" RETURN("'com.acme.z', 'Z', '1.0', 'z'") CREATE
     "class Alpha(BasePlugin):\n" RETURN(FOUR) CREATE, {{0}}, OK_SHAPE,
     .warns = "meta.several_classes", .plugin_class = "Alpha"},
    {"other decorators", SDK AGENT "import x\n@x.register\nclass P(BasePlugin):\n" RETURN(FOUR) CREATE,
     {{0}}, OK_SHAPE, .warns = "meta.decorator"},
    {"overridden method", SDK AGENT "from typing_extensions import override\nclass P(BasePlugin):\n"
     "    @staticmethod\n    @override\n    def get_metadata():\n        return PluginMetadata(" FOUR ")\n"
     CREATE, {{0}}, OK_SHAPE},
    {"registered at the end", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) CREATE
     "register_plugin(P)\n", {{0}}, OK_SHAPE},
    {"agent in a sibling", SDK "class P(BasePlugin):\n" RETURN(FOUR)
     "    @staticmethod\n    def create_agent() -> BaseAgent:\n        from .agent import Mine\n\n"
     "        return Mine(P.get_metadata())\n",
     {{"agent.py", "from cadence_sdk import BaseAgent\nclass Mine(BaseAgent):\n    pass\n"}}, OK_SHAPE,
     .agent_class = "Mine"},
    {"agent behind a branch", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR) "    @staticmethod\n"
     "    def create_agent():\n        try:\n            import fast\n        except ImportError:\n"
     "            fast = None\n        if fast:\n            return A(fast)\n        return None\n",
     {{0}}, OK_SHAPE, .agent_class = "A"},
    {"agent of its own module", SDK "class P(BasePlugin):\n" RETURN(FOUR) "    @staticmethod\n"
     "    def create_agent():\n        return build()\n",
     {{"agent.py", SDK AGENT}}, OK_SHAPE, .agent_class = "A"},
    {"agent nowhere", SDK "class P(BasePlugin):\n" RETURN(FOUR) "    @staticmethod\n"
     "    def create_agent():\n        return build()\n", {{0}}, OK_SHAPE, .warns = "agent.not_found"},
    {"generic base", SDK AGENT "from typing import Generic, TypeVar\nT = TypeVar('T')\n"
     "class P(Generic[T], BasePlugin):\n" RETURN(FOUR) CREATE, {{0}}, OK_SHAPE},
    {"cosmetic layout", SDK AGENT "class P(BasePlugin):\n    @staticmethod\n    def get_metadata():\n"
     "        return PluginMetadata(pid=\n'com.acme.x', name=\n 'X', version=('1.'\n+\n'0'), # why\n"
     "description=\\\n'd')\n" CREATE, {{0}}, OK_SHAPE},
    {"python 3.12", SDK AGENT "type Names = list[str]\nclass P(BasePlugin):\n" RETURN(FOUR) CREATE
     "async def f[T](x: T | None) -> T:\n    match x:\n        case {'a': [1, *rest]}: return rest\n"
     "        case _: return f'{x!r:>{10}}'\n", {{0}}, OK_SHAPE},
    /* ---- refused ------------------------------------------------------------------------- */
    {"syntax error", SDK "class P(BasePlugin):\n    def get_metadata(:\n        pass\n", {{0}},
     REFUSED("python.unreadable", "a bracket is never closed", 3, 21)},
    {"unclosed string", SDK "x = 'abc\n", {{0}}, REFUSED("python.unreadable", "a string is never closed", 2, 5)},
    {"wrong bracket", SDK "x = [1, 2)\n", {{0}}, REFUSED("python.unreadable", "one of another kind", 2, 10)},
    {"no statement", SDK "a b c\n", {{0}}, REFUSED("python.unreadable", "syntax error near", 2, 1)},
    {"no class", SDK "x = 1\n", {{0}}, REFUSED("meta.no_class", "defines no plugin class", 0, 0)},
    {"foreign base", "from other_sdk import BasePlugin\nclass P(BasePlugin):\n    pass\n", {{0}},
     REFUSED("meta.no_class", "P inherits from other_sdk.BasePlugin", 1, 23)},
    {"base not there", "from .missing import Base\nclass P(Base):\n    pass\n", {{0}}, REFUSED("meta.no_class",
     "imported from .missing, which is not in the package", 1, 22)},
    {"broken sibling", "from .base import Base\nclass P(Base):\n    pass\n",
     {{"base.py", "x = (\n"}}, REFUSED("meta.no_class", "a bracket is never closed", 1, 5)},
    {"no get_metadata", SDK AGENT "class P(BasePlugin):\n" CREATE, {{0}}, REFUSED("meta.no_metadata",
     "P has no get_metadata", 4, 1)},
    {"no create_agent", SDK "class P(BasePlugin):\n" RETURN(FOUR), {{0}}, REFUSED("meta.no_create_agent",
     "P has no create_agent", 2, 1)},
    {"a branch", SDK AGENT "class P(BasePlugin):\n" METHOD("        if True:\n            return 1\n"
     "        return PluginMetadata(" FOUR ")\n") CREATE, {{0}}, REFUSED("meta.not_literal",
     "decides when it runs", 7, 9)},
    {"a loop", SDK AGENT "class P(BasePlugin):\n" METHOD("        for x in y:\n            pass\n") CREATE,
     {{0}}, REFUSED("meta.not_literal", "runs a loop", 7, 9)},
    {"a try", SDK AGENT "class P(BasePlugin):\n" METHOD("        try:\n            pass\n"
     "        finally:\n            pass\n") CREATE, {{0}}, REFUSED("meta.not_literal", "depends on what fails", 7, 9)},
    {"a with", SDK AGENT "class P(BasePlugin):\n" METHOD("        with open('x') as f:\n"
     "            pass\n") CREATE, {{0}}, REFUSED("meta.not_literal", "opens something", 7, 9)},
    {"a helper", SDK AGENT "def make():\n    return PluginMetadata(" FOUR ")\nclass P(BasePlugin):\n"
     METHOD("        return make()\n") CREATE, {{0}}, REFUSED("meta.not_literal", "it calls make(...)", 9, 16)},
    {"a changed list", SDK AGENT "class P(BasePlugin):\n" METHOD("        caps = []\n"
     "        caps.append('x')\n") CREATE, {{0}}, REFUSED("meta.not_literal", "may change its values", 8, 9)},
    {"a decorated method", SDK AGENT "class P(BasePlugin):\n    @wrapped\n    def get_metadata(self):\n"
     "        return PluginMetadata(" FOUR ")\n" CREATE, {{0}}, REFUSED("meta.not_literal", "decorated with @wrapped",
     5, 6)},
    {"nothing returned", SDK AGENT "class P(BasePlugin):\n" METHOD("        pass\n") CREATE, {{0}},
     REFUSED("meta.not_literal", "returns None", 6, 5)},
    {"unknown keywords", SDK AGENT "class P(BasePlugin):\n" RETURN("**load()") CREATE, {{0}},
     REFUSED("meta.not_literal", "the name load is not defined", 7, 33)},
    {"a field twice", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', '1.0', 'd', name='Y'")
     CREATE, {{0}}, REFUSED("meta.not_literal", "it is given twice", 7, 62)},
    {"a field too many", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", colour='red'") CREATE, {{0}},
     REFUSED("meta.field", "no field colour", 7, 91)},
    {"no description", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', '1.0'") CREATE, {{0}},
     REFUSED("meta.missing", "description is missing", 7, 16)},
    {"empty name", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', '', '1.0', 'd'") CREATE, {{0}},
     REFUSED("meta.missing", "name is empty", 7, 45)},
    {"name of two lines", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'a\\nb', '1.0', 'd'")
     CREATE, {{0}}, REFUSED("meta.text", "one line of at most 255 bytes", 7, 45)},
    {"version as number", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', 1.0, 'd'") CREATE,
     {{0}}, REFUSED("meta.type", "version is a float", 7, 50)},
    {"version of four parts", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', '1.2.3.4', 'd'")
     CREATE, {{0}}, REFUSED("meta.version", "two or three parts", 7, 50)},
    {"version of no scheme", SDK AGENT "class P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0.0-beta.x', 'd'") CREATE, {{0}}, REFUSED("meta.version",
     "not one that Python packages use", 7, 50)},
    {"version without dot", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme.x', 'X', '1', 'd'")
     CREATE, {{0}}, REFUSED("meta.version", "two or three parts", 7, 50)},
    {"pid of one part", SDK AGENT "class P(BasePlugin):\n" RETURN("'acme', 'X', '1.0', 'd'") CREATE, {{0}},
     REFUSED("meta.pid", "at least two parts", 7, 31)},
    {"pid with a slash", SDK AGENT "class P(BasePlugin):\n" RETURN("'com.acme/../x', 'X', '1.0', 'd'")
     CREATE, {{0}}, REFUSED("meta.pid", "cannot be used", 7, 31)},
    {"capabilities as text", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", capabilities='x'") CREATE,
     {{0}}, REFUSED("meta.type", "capabilities is a str", 7, 104)},
    {"capability as number", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", capabilities=['a', 1]")
     CREATE, {{0}}, REFUSED("meta.type", "An entry of capabilities is an int", 7, 110)},
    {"stateless as number", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", stateless=1") CREATE, {{0}},
     REFUSED("meta.type", "stateless is an int", 7, 101)},
    {"dependency as option", SDK AGENT "class P(BasePlugin):\n" RETURN(FOUR ", dependencies=['httpx', '-e .']")
     CREATE, {{0}}, REFUSED("dependency.option", "-e .", 7, 114)},
    {"standard name", SDK AGENT "from types import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{"types.py", "TEXT = 'd'\n"}},
     REFUSED("meta.not_literal", "a module of the standard library; import it as .types", 4, 19)},
    {"out of the package", SDK AGENT "from ..other import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{0}}, REFUSED("meta.not_literal",
     "leaves the package with 2 dots", 4, 21)},
    {"not in the module", SDK AGENT "from .const import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{"const.py", "X = 1\n"}}, REFUSED("meta.not_literal",
     "const defines no TEXT", 4, 20)},
    {"reason in a sibling", SDK AGENT "from .const import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{"const.py", "import os\n\nTEXT = os.getenv('T')\n"}},
     REFUSED("meta.not_literal", "it calls os.getenv(...)", 3, 8)},
    {"a ring of imports", SDK AGENT "from .a import TEXT\nclass P(BasePlugin):\n"
     RETURN("'com.acme.x', 'X', '1.0', TEXT") CREATE, {{"a.py", "from .b import TEXT\n"},
     {"b.py", "from .a import TEXT\n"}}, REFUSED("meta.not_literal", "in terms of itself", 1, 16)},
    {"class of itself", SDK "class P(P):\n    pass\n", {{0}}, REFUSED("meta.no_class", NULL, 0, 0)},
};
// clang-format on

static bool check_shape(const struct shape *s)
{
    struct bench b;
    struct text_package p = {.count = 0};
    bench_start(&b);
    package_add(&p, "wrap/plugin.py", s->plugin, 0);
    for (size_t i = 0; i < MORE && s->more[i].name; i++)
        package_add(&p, str_printf(&b.arena, "wrap/%s", s->more[i].name), s->more[i].text, 0);
    inspect(&b, &p);
    const struct fault_item *item = s->rule ? finding(&b.found.errors, s->rule) : NULL;
    bool right = s->rule ? b.err == ERR_INVALID && item != NULL : b.err == OK;
    if (right && s->rule && s->says && strcmp(s->says, "not this") != 0)
        right = strstr(item->sentence, s->says) != NULL;
    if (right && s->rule && s->line)
        right = item->line == s->line && item->column == s->column;
    if (right && s->rule == NULL)
        right = strcmp(b.found.meta.description, s->says) == 0;
    if (right && s->warns)
        right = finding(&b.found.warnings, s->warns) != NULL;
    if (right && s->plugin_class)
        right = strcmp(b.found.meta.plugin_class, s->plugin_class) == 0;
    if (right && s->agent_class)
        right = b.found.meta.agent_class && strcmp(b.found.meta.agent_class, s->agent_class) == 0;
    if (!right) {
        show_findings(&b.found);
        print_error("shape \"%s\": class %s, agent %s\n", s->label,
                    b.found.meta.plugin_class ? b.found.meta.plugin_class : "-",
                    b.found.meta.agent_class ? b.found.meta.agent_class : "-");
    }
    bench_end(&b);
    return right;
}

static void test_shapes(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        wrong += !check_shape(&shapes[i]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
