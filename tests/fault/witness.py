"""Appliances over Ceph's gateway: what is in the bucket is asked of other people's programs."""

import json
import pathlib
import tempfile

from ceph import aws
from nodes import Cluster
from s3_client import client_of


class Witnessed(Cluster):
    """The bucket as the AWS command line sees it."""

    def keys(self, prefix=""):
        done = aws(self.store, "s3api", "list-objects-v2", "--bucket", self.bucket, "--prefix", prefix, "--output", "json")
        return sorted(o["Key"] for o in (json.loads(done.stdout or b"{}").get("Contents") or []))

    def read(self, key):
        return aws(self.store, "s3", "cp", f"s3://{self.bucket}/{key}", "-").stdout

    def log(self):
        with tempfile.TemporaryDirectory() as folder:  # in one go: each start of `aws` takes a second
            aws(self.store, "s3", "cp", "--quiet", "--recursive", f"s3://{self.bucket}/log/", folder)
            return [json.loads(path.read_bytes()) for path in sorted(pathlib.Path(folder).iterdir())]

    def head(self):  # asked often, and `aws` takes a second to start
        with client_of(self.store, self.bucket) as client:
            return max([int(k[4:24]) for k in client.keys_below("log/")], default=0)
