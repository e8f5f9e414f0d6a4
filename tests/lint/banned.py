"""Calls that are banned in the house, everywhere or outside their one home.

Lengths travel with bytes, time and randomness come from clock and crypto, handlers and domain take
memory from the arena. Words that say "unfinished" are banned as well.
"""

import re

from source import Findings, code_only, files, line_of, text

EVERYWHERE = """strcpy strcat strncpy sprintf vsprintf strtok strtok_r atoi atol atoll atof gmtime localtime
asctime ctime alloca gets rand srand random srandom drand48 system popen tmpnam tempnam mktemp scanf fscanf
vfork bcopy stpcpy wcscpy""".split()
HOMES = {
    r"time|gettimeofday|clock_gettime|gmtime_r|localtime_r|mktime|timegm": r"src/base/clock\.c",
    r"getrandom|getentropy|RAND_bytes|randombytes_buf": r"src/base/crypto\.c",
    r"malloc|calloc|realloc|free|strdup|strndup": r"src/(?!api/|domain/|auth/).*",
    r"sscanf|strncat|strtol|strtoul|strtoll|strtoull": r"(?!)",
    # of a node that is not there they read what is not there; those of pyread_node.h do not
    r"ts_node_named_child|ts_node_named_child_count|ts_node_child_by_field_name": r"src/package/pyread_node\.c",
    r"mg_handle_form_request|mg_printf|mg_send_http_ok|mg_send_file": r"(?!)",
}
# In the rooms that take memory from the arena, a file may use the heap for what lives as long as the
# process; such a file has a _new or _open. Handlers never do.
MAKES = re.compile(r"^[^\s].*\b\w+_(new|open)\(", re.M)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def main():
    found = Findings()
    everywhere = re.compile(r"(?<![\w.>])(" + "|".join(EVERYWHERE) + r")\s*\(")
    homes = [(re.compile(rf"(?<![\w.>])({names})\s*\("), re.compile(home)) for names, home in HOMES.items()]
    for path in files("src/*.c", "src/*.h", "tests/unit/*.c", "tests/fuzz/*.c"):
        code = code_only(text(path))
        for m in everywhere.finditer(code):
            found.add(path, line_of(code, m.start()), f"{m[1]} is banned")
        for pattern, home in homes:
            if path.parts[0] == "tests" or home.fullmatch(str(path)):
                continue
            if "malloc" in pattern.pattern and MAKES.search(code) and not path.name.endswith("_api.c"):
                continue
            for m in pattern.finditer(code):
                found.add(path, line_of(code, m.start()), f"{m[1]} is banned here")
    for path in files("src", "web", "packaging", "build.sh", "CMakeLists.txt", "schema.sql"):
        if path.suffix == ".png":
            continue
        for m in UNFINISHED.finditer(text(path)):
            found.add(path, line_of(text(path), m.start()), f"'{m[1]}' says something is unfinished")
    found.end()


main()
