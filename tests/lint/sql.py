"""SQL stands in src/store only, tables are made in schema.sql only."""

import re

from source import Findings, files, line_of, strings, text

SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|PRAGMA\s+\w+|"
    r"(CREATE|DROP|ALTER)\s+(TABLE|INDEX|VIRTUAL|TRIGGER|VIEW)\s|BEGIN(\s+IMMEDIATE|\s+EXCLUSIVE)?;?$|COMMIT;?$|"
    r"ROLLBACK\b|SAVEPOINT\s|VACUUM\b|ATTACH\s)", re.S)
CREATE = re.compile(r"\bCREATE\s+(VIRTUAL\s+)?TABLE\b", re.I)


def main():
    found = Findings()
    for path in files("src/*.c", "src/*.h"):
        code = text(path)
        for offset, literal in strings(code):
            literal = literal.replace("\\n", "\n")
            if path.parts[1] != "store" and SQL.match(literal):
                found.add(path, line_of(code, offset), f"SQL outside src/store: {literal.strip()[:40]!r}")
            elif CREATE.search(literal):
                found.add(path, line_of(code, offset), "a table made outside schema.sql")
    for path in files("*.sql"):
        if str(path) != "schema.sql" and path.parts[0] != "tests" and CREATE.search(text(path)):
            found.add(path, 1, "a table made outside schema.sql")
    found.end()


main()
