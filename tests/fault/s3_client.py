"""Larder's client of object stores, driven line by line through the test program tool_net_s3."""

import contextlib
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tool():
    binary = pathlib.Path(os.environ.get("LARDER_BIN", ROOT / "build" / "larder"))
    folder = pathlib.Path(os.environ.get("LARDER_TOOLS", binary.parent / "unit"))
    return folder / "tool_net_s3"


class Client:
    """One process of the test program: `client.put("k", text="x", create=True)["end"]`."""

    def __init__(self, **options):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("S3_", "AWS_"))}
        env.update({"S3_" + k.upper(): str(v) for k, v in options.items() if v is not None})
        self.process = subprocess.Popen(
            [tool()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True
        )
        self.name = self.process.stdout.readline().rstrip("\n")
        if not self.name:
            self.refusal = self.process.stderr.read().strip()

    def ask(self, verb, key=None, **more):
        question = {"do": verb, "key": key, **more}
        self.process.stdin.write(json.dumps({k: v for k, v in question.items() if v is not None}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the client is gone: {self.process.stderr.read()}")
        return json.loads(line)

    def __getattr__(self, verb):
        return lambda key=None, **more: self.ask(verb, key, **more)

    def keys_below(self, prefix="", **more):
        answer = self.ask("list", prefix=prefix, **more)
        assert answer["end"] == "ok", answer
        return [o["key"] for o in answer["objects"]]

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        status = self.process.wait(60)
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, errors


@contextlib.contextmanager
def client_of(store, bucket, **options):
    options = {"endpoint": store.endpoint, "bucket": bucket, "key": store.key, "secret": store.secret, **options}
    client = Client(**options)
    try:
        yield client
    finally:
        status, errors = client.close()
        assert status == 0, errors  # also what a sanitizer has found
