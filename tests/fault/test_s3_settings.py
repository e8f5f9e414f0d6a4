"""Where the object store's settings come from, what is said of them, and what never is."""

import json
import os
import re

import pytest

from s3_stub import S3Stub

KEY, SECRET, TOKEN = "AKIDSETTINGS", "secret/of+the=settings", "token/of+a=session"


@pytest.fixture
def stub():
    """A store that knows these keys and no others."""
    with S3Stub() as made:
        from s3_stub import Secret

        made.users = {KEY: Secret(SECRET)}
        made.buckets["bucket"] = {}
        made.buckets["cadence-plugins"] = {}
        yield made


def run_cli(larder_bin, *args, **env):
    from http_conftest import run_cli as run

    env.setdefault("HOME", "/nonexistent")
    return run(larder_bin, *args, **env)


def settings(larder_bin, **env):
    done = run_cli(larder_bin, "config", "--json", check=0, **env)
    for secret in (SECRET, TOKEN):
        assert secret not in done.stdout + done.stderr
    return {s["key"]: s for s in json.loads(done.stdout)}


def why(larder_bin, **env):
    """What a verb that needs the store says when there is none."""
    done = run_cli(larder_bin, "backup", "s3", "--list", **env)
    assert SECRET not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("names", [
    {"LARDER_S3_ACCESS_KEY": KEY, "LARDER_S3_SECRET_KEY": SECRET, "LARDER_S3_BUCKET": "bucket"},
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "bucket"},
    {"AWS_ACCESS_KEY_ID": f" {KEY}  ", "AWS_SECRET_ACCESS_KEY": f"{SECRET} ", "LARDER_S3_BUCKET": "bucket"},
    {"CADENCE_S3_ACCESS_KEY_ID": KEY, "CADENCE_S3_SECRET_ACCESS_KEY": SECRET},  # and Cadence's bucket
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "CADENCE_S3_BUCKET_NAME": "bucket"},
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "s3://bucket/team/larder"},
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "bucket",
     "CADENCE_PLUGIN_S3_ENABLED": "True"},
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "bucket",
     "LARDER_S3_ENABLED": "on"},
    # a whole pair of ours goes before a whole pair of theirs
    {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "bucket",
     "CADENCE_S3_ACCESS_KEY_ID": "other", "CADENCE_S3_SECRET_ACCESS_KEY": "other"},
    # a token belongs to the pair it came with
    {"CADENCE_S3_ACCESS_KEY_ID": KEY, "CADENCE_S3_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
     "LARDER_S3_BUCKET": "bucket"},
])
@pytest.mark.parametrize("endpoint", ["LARDER_S3_ENDPOINT", "AWS_ENDPOINT_URL", "CADENCE_S3_ENDPOINT_URL"])
def test_names_that_lead_there(larder_bin, stub, names, endpoint):
    code, said = why(larder_bin, **names, **{endpoint: stub.endpoint})
    assert (code, said) == (0, "")
    assert [(r[1], r[5]) for r in stub.requests] == [("GET", 200)]
    prefix = "team/larder/backup/" if "/team" in names.get("LARDER_S3_BUCKET", "") else "backup/"
    assert stub.requests[0][4]["prefix"] == prefix


BOTH = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_BUCKET": "bucket"}


@pytest.mark.parametrize("names, sentence", [
    ({}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ({"AWS_ACCESS_KEY_ID": KEY}, "AWS_SECRET_ACCESS_KEY .* missing or blank"),
    ({"AWS_SECRET_ACCESS_KEY": SECRET}, "AWS_ACCESS_KEY_ID .* missing or blank"),
    ({**BOTH, "AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID .* missing or blank"),
    ({**BOTH, "AWS_SECRET_ACCESS_KEY": "  "}, "AWS_SECRET_ACCESS_KEY .* missing or blank"),
    ({"AWS_ACCESS_KEY_ID": KEY, "CADENCE_S3_SECRET_ACCESS_KEY": SECRET}, "halves of two pairs"),
    ({"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}, "LARDER_S3_BUCKET is not set"),
    ({**BOTH, "LARDER_S3_ENABLED": "off"}, "Switched off"),
    ({**BOTH, "CADENCE_S3_ENABLED": "false"}, "Switched off"),
    ({**BOTH, "LARDER_S3_ENABLED": "maybe"}, "one of auto, on, off"),
    ({**BOTH, "LARDER_S3_ENDPOINT": "http://192.0.2.1"}, "s3-plain-http"),
    ({**BOTH, "LARDER_S3_ENDPOINT": "minio:9000"}, "must begin with https"),
    ({**BOTH, "AWS_CA_BUNDLE": "/nonexistent/ca.pem"}, "s3-ca-file: /nonexistent/ca.pem cannot be read"),
    ({**BOTH, "LARDER_S3_BUCKET": "s3://bucket/a", "LARDER_S3_PREFIX": "b"}, "cannot both be set"),
    ({**BOTH, "LARDER_S3_BUCKET": "b"}, "3 to 63"),
    ({"AWS_PROFILE": "work", "LARDER_S3_BUCKET": "bucket"}, "AWS_PROFILE names a profile that is in no file"),
])
def test_what_is_missing_is_named(larder_bin, names, sentence):
    code, said = why(larder_bin, **names)
    assert code == 2 and re.search(sentence, said), said


@pytest.fixture
def profiles(tmp_path, stub):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "# a comment\n[default]\naws_access_key_id = OTHER\naws_secret_access_key = other\n\n"
        f"[work]\r\naws_access_key_id={KEY}\r\naws_secret_access_key = {SECRET}\n"
        "[half]\naws_access_key_id = OTHER\n"
    )
    (tmp_path / ".aws" / "config").write_text(
        f"[profile work]\nregion = us-east-1\nendpoint_url = {stub.endpoint}\ns3 =\n  region = nested\n"
        f"[default]\nregion = eu-nowhere-1\n[profile half]\nendpoint_url = {stub.endpoint}\n"
    )
    return tmp_path


def test_a_profile(larder_bin, profiles, stub):
    env = {"HOME": str(profiles), "AWS_PROFILE": "work", "LARDER_S3_BUCKET": "bucket"}
    assert why(larder_bin, **env) == (0, "")
    rows = settings(larder_bin, **env)
    assert rows["s3-access-key"]["value"] == KEY
    assert rows["s3-secret-key"]["value"] == "********"
    assert rows["s3-secret-key"]["where"] == f"profile work in {profiles}/.aws/credentials"
    assert rows["s3-endpoint"]["where"] == f"profile work in {profiles}/.aws/config"
    # files that are named, and the default profile
    moved = {"AWS_SHARED_CREDENTIALS_FILE": str(profiles / ".aws/credentials"), "LARDER_S3_BUCKET": "bucket",
             "LARDER_S3_ENDPOINT": stub.endpoint}
    assert settings(larder_bin, **moved)["s3-access-key"]["value"] == "OTHER"
    assert settings(larder_bin, **moved, AWS_PROFILE="work")["s3-access-key"]["value"] == KEY
    # variables go before profiles, also in parts that are not keys
    rows = settings(larder_bin, **env, AWS_REGION="eu-mine-1", AWS_ACCESS_KEY_ID="X", AWS_SECRET_ACCESS_KEY="y")
    assert (rows["s3-region"]["value"], rows["s3-region"]["where"]) == ("eu-mine-1", "variable AWS_REGION")
    assert rows["s3-access-key"]["where"] == "variable AWS_ACCESS_KEY_ID"
    code, said = why(larder_bin, **{**env, "AWS_PROFILE": "half"})
    assert code == 2 and "half a pair" in said


@pytest.mark.parametrize("kind", ["closed", "folder"])
def test_a_profile_that_cannot_be_read_stops_nobody(larder_bin, start_server, profiles, stub, kind):
    """It may belong to another program of this user; with keys from elsewhere it is not needed either."""
    file = profiles / ".aws" / "credentials"
    file.unlink()
    if kind == "folder":
        file.mkdir()
    elif os.geteuid() == 0:  # root may read everything
        file.symlink_to("credentials")
    else:
        file.touch(mode=0)
    server = start_server(HOME=str(profiles))
    assert server.client().get("/readyz").status_code == 200
    said = [line for line in server.log_text().split("\n") if str(file) in line]
    assert len(said) == 1 and "level=warn" in said[0] and "object_store.local_only" in said[0], said
    server.stop()
    code, said = why(larder_bin, HOME=str(profiles), LARDER_S3_BUCKET="bucket")
    assert code == 2 and f"There is no object store: {file}" in said
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "LARDER_S3_ENDPOINT": stub.endpoint,
            "AWS_REGION": "us-east-1"}
    assert why(larder_bin, HOME=str(profiles), LARDER_S3_BUCKET="bucket", **keys) == (0, "")


def test_each_value_says_where_it_came_from(larder_bin, tmp_path):
    file, secret = tmp_path / "larder.conf", tmp_path / "secret"
    file.write_text("s3-bucket = from-file\ns3-region = from-file\n")
    secret.write_text(SECRET + "\n")
    rows = settings(larder_bin, LARDER_CONFIG=str(file), LARDER_S3_REGION="from-ours", AWS_REGION="from-aws",
                    CADENCE_S3_REGION="from-cadence", AWS_SECRET_ACCESS_KEY_FILE=str(secret))
    assert (rows["s3-region"]["value"], rows["s3-region"]["where"]) == ("from-ours", "variable LARDER_S3_REGION")
    assert rows["s3-bucket"]["value"] == "from-file" and "line 1" in rows["s3-bucket"]["where"]
    assert rows["s3-secret-key"]["where"] == "variable AWS_SECRET_ACCESS_KEY_FILE"
    rows = settings(larder_bin, CADENCE_S3_ACCESS_KEY_ID="x")
    assert (rows["s3-bucket"]["value"], rows["s3-bucket"]["where"]) == ("cadence-plugins", "the name that Cadence uses")


def test_a_secret_is_no_flag(larder_bin):
    done = run_cli(larder_bin, "config", "--s3-secret-key", SECRET)
    assert done.returncode == 2 and SECRET not in done.stderr
