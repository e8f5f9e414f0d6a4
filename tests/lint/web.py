"""The pages: markup is never made from strings, api.js alone calls the server, nothing leaves it.

Only the component that shows a README may set HTML (web/parts/readme.js, through the sanitizer). The
strict content security policy allows no inline script, handler or style, so none may stand here.
"""

import re
import subprocess

from source import ROOT, Findings, code_only, files, line_of, text

MARKUP = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|setHTMLUnsafe|setHTML|srcdoc|DOMParser|"
                    r"createContextualFragment|document\.write|eval|new Function)\b")
CALLS = re.compile(r"\b(fetch|XMLHttpRequest|sendBeacon|EventSource|WebSocket)\s*\(")
OUTSIDE = re.compile(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|
                         (?:from|import)\s*\(?\s*["'](?:https?:)?//""", re.X)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\son\w+\s*=\s*[\"']|\sstyle\s*=\s*[\"']", re.I)


def say(found, path, content, pattern, sentence):
    for m in pattern.finditer(content):
        found.add(path, line_of(content, m.start()), sentence.format(m[0].strip()))


def main():
    found = Findings()
    for path in files("web/*.js"):
        content = text(path)
        code = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), content, flags=re.S)
        if str(path) != "web/parts/readme.js":
            say(found, path, code, MARKUP, "{}: markup is not made from strings")
        if str(path) != "web/api.js":
            say(found, path, code_only(content), CALLS, "{}: api.js alone calls the server")
        say(found, path, code, OUTSIDE, "{}: no request leaves the appliance")
        done = subprocess.run(["node", "--input-type=module", "--check"], input=content, capture_output=True, text=True,
                              cwd=ROOT, check=False)
        if done.returncode != 0:
            error = next((e for e in done.stderr.split("\n") if "Error" in e), "does not parse")
            found.add(path, 1, error)
    for path in [*files("web/*.html"), *files("web/*.css"), *files("web/*.svg")]:
        content = text(path)
        say(found, path, content, OUTSIDE, "{}: no request leaves the appliance")
        if path.suffix == ".html":
            say(found, path, content, INLINE, "{}: the content security policy refuses inline code")
    found.end()


main()
