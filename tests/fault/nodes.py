"""Appliances over one object store, and what a test wants to know of them.

    with cluster(start_server, store) as c:   nothing is started yet
        a, b = c.node("a"), c.node("b")       servers that share the bucket
        a.upload("com.acme.x", "1.0.0")       the answer of a system upload
        c.settle()                            until all agree and nothing waits
        c.keys("log/")                        what stands in the bucket, seen from outside

A wait is a question that is asked until the answer is right; each has a deadline that fails.
"""

import hashlib
import json
import time

from packages import package, v1_package

PATIENCE = 180
PASSWORD = "a-password-of-the-first-admin"
QUICK = {"LARDER_S3_POLL": "100ms"}
V1 = "/api/v1/plugins"


def eventually(question, what="it", seconds=PATIENCE):
    """The first answer that is true."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} s"
        time.sleep(0.05)


def sha(content):
    return hashlib.sha256(content).hexdigest()


def math_plugin(words):
    return v1_package(description=f"Does sums, {words}", dependencies="[]")


class Node:
    def __init__(self, start, name, **env):
        self.start_server, self.name, self.env, self.data = start, name, env, None
        self.server = self.client = None

    def start(self, **more):
        env = {**QUICK, "LARDER_NODE_NAME": self.name, **self.env, **more}
        self.server = self.start_server(data=self.data, admin_password=PASSWORD, **env)
        self.data = self.server.data
        self.client = self.server.admin()
        return self

    def stop(self):
        self.server.stop()

    def kill(self):
        self.server.kill()

    @property
    def log(self):
        return self.server.log_text()

    def view(self):
        answer = self.client.get("/api/admin/replication")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sync(self):
        assert self.client.post("/api/admin/replication/sync").status_code == 202

    def until(self, state, seconds=PATIENCE):
        eventually(lambda: self.view()["state"] == state, f"{self.name}: {state}, not {self.view()}", seconds)
        return self.view()

    def upload(self, pid="com.acme.tool", version="1.0.0", org=None, expect=201, content=None, **about):
        content = content or package(pid, version, **about)
        path = f"/api/orgs/{org}/plugins/upload" if org else "/api/admin/plugins/upload"
        answer = self.client.post(path, files={"file": ("p.zip", content)})
        assert expect is None or answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer

    def rows(self, org=None):
        path = f"/api/admin/orgs/{org}/plugins" if org else "/api/admin/plugins"
        answer = self.client.get(path + "?all_versions=true&include_disabled=true")
        assert answer.status_code == 200, answer.text
        return {(r["pid"], r["version"]): r for r in answer.json()}

    def row(self, pid="com.acme.tool", version="1.0.0", org=None):
        return self.rows(org).get((pid, version))

    def download(self, row):
        base = f"/api/orgs/{row['org_id']}/plugins" if row["org_id"] else "/api/admin/plugins"
        return self.client.get(f"{base}/{row['id']}/download")

    def change(self, row, **what):
        base = f"/api/orgs/{row['org_id']}/plugins" if row["org_id"] else "/api/admin/plugins"
        return self.client.patch(f"{base}/{row['id']}", json=what)

    def upload_v1(self, content, force=False):
        answer = self.client.post(V1 + "/upload", files={"file": ("math_plugin-1.0.0.zip", content)},
                                  data={"force_overwrite": str(force).lower()})
        assert answer.status_code in (200, 201), answer.text
        return sha(content)

    def delete_v1(self):
        answer = self.client.delete(V1 + "/uploaded/math_plugin/1.0.0")
        assert answer.status_code in (200, 204), answer.text

    def conflicts(self):
        answer = self.client.get("/api/admin/replication/conflicts")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def kept(self, conflict):
        """The bytes that lost."""
        answer = self.client.get(f"/api/admin/replication/conflicts/{conflict['id']}/download")
        assert answer.status_code == 200, answer.text
        return answer.content


class Cluster:
    """`list_keys` and `read` look into the bucket without an appliance."""

    def __init__(self, start, store, bucket=None):
        self.start_server, self.store = start, store
        self.bucket = bucket or store.new_bucket()
        self.nodes = []

    def node(self, name, run=True, **env):
        made = Node(self.start_server, name, **{**self.store.environment(self.bucket), **env})
        self.nodes.append(made)
        return made.start() if run else made

    def keys(self, prefix=""):
        return [k for k in sorted(self.store.objects(self.bucket)) if k.startswith(prefix)]

    def read(self, key):
        return self.store.objects(self.bucket)[key]

    def log(self):
        return [json.loads(self.read(k)) for k in self.keys("log/")]

    def head(self):
        return max([int(k[4:24]) for k in self.keys("log/")], default=0)

    def settle(self, *nodes, seconds=300):
        """Until nothing waits anywhere, every package is here and all made the same of the log."""
        nodes = nodes or [n for n in self.nodes if n.server and n.server.process.poll() is None]

        def settled():
            for n in nodes:
                n.sync()
            views = [n.view() for n in nodes]
            quiet = all(v["backlog"]["changes"] == 0 and v["packages"]["missing"] == 0 for v in views)
            same = len({(v["log"]["applied"], v["log"]["state_hash"]) for v in views}) == 1
            return quiet and same and views[0]["log"]["applied"] == self.head() and views

        return eventually(settled, "agreement of " + ", ".join(n.name for n in nodes), seconds)


def facts(node, org=None):
    """What must be equal on all nodes: ids, bytes, flags."""
    return {
        key: (r["id"], r["sha256"], r["enabled"], r["tag"], r["quarantined"], r["is_latest"], r["created_at"])
        for key, r in node.rows(org).items()
    }
