"""The command line without a server: help, exit codes, settings, refusals, secrets."""

import json
import re
import secrets
import subprocess

import pytest
from conftest import clean_environment

PROMISED = {
    "serve", "setup-link", "admin create", "admin passwd", "admin list", "token create",
    "token list", "token revoke", "audit verify", "backup", "restore", "verify", "config",
    "routes", "openapi", "version", "help",
}  # fmt: skip


def test_version(cli):
    text = cli("version", check=0).stdout
    assert re.fullmatch(r"larder \d+\.\d+\.\d+\S*\n", text)
    assert cli("--version", check=0).stdout == text
    version = json.loads(cli("version", "--json", check=0).stdout)
    assert text == f"larder {version['version']}\n"


def verbs(cli):
    return re.findall(r"^  (\S+(?: \S+)?) {2,}\S", cli("help", check=0).stdout, re.M)


def test_help_lists_every_verb(cli):
    listed = verbs(cli)
    assert PROMISED <= set(listed) and len(listed) == len(set(listed))
    assert cli("--help", check=0).stdout == cli("help", check=0).stdout


def test_every_verb_explains_itself_both_ways(cli):
    for verb in verbs(cli):
        by_verb = cli("help", *verb.split(), check=0)
        by_flag = cli(*verb.split(), "--help", check=0)
        assert by_verb.stdout == by_flag.stdout
        assert by_verb.stdout.startswith(f"Usage: larder {verb}")
        assert by_verb.stderr == by_flag.stderr == ""
        assert "--json" in by_verb.stdout


def test_a_group_lists_its_verbs(cli):
    text = cli("help", "admin", check=0).stdout
    assert "admin create" in text and "admin passwd" in text and "token" not in text
    assert "admin create" in cli("admin", check=2).stderr


@pytest.mark.parametrize(
    "args, words",
    [
        ([], "No verb was given"),
        (["sevre"], "did you mean 'serve'?"),
        (["no-such-verb-at-all"], "`larder help` lists them"),
        (["admin", "destroy"], "There is no verb 'admin destroy'"),
        (["version", "extra"], "'extra' is one word too many"),
        (["backup"], "Something is missing. Usage: larder backup FILE"),
        (["version", "--jsn"], "did you mean --json?"),
        (["serve", "--lisen", "x"], "did you mean --listen?"),
        (["serve", "--listen"], "--listen needs a value"),
        (["version", "--json=1"], "--json takes no value"),
        (["version", "-v"], "flags are long here"),
        (["config", "--threads", "many"], "flag --threads: threads must be a whole number"),
        (["config", "--no-migrate=true"], "flag --no-migrate takes no value"),
        (["config", "--config", "/proc/nonexistent"], "/proc/nonexistent cannot be read"),
        (["token", "create", "x"], "--user and --scopes are needed"),
    ],
)
def test_wrong_usage_is_exit_2_with_a_sentence(cli, args, words):
    done = cli(*args, check=2)
    assert words in done.stderr
    assert done.stdout == ""


def test_failures_have_their_exit_status(cli, tmp_path):
    missing = ["--data", tmp_path / "none"]
    assert "There is no Larder in" in cli("admin", "list", *missing, check=3).stderr
    assert "There is no Larder in" in cli("setup-link", *missing, check=3).stderr
    assert "There is no Larder in" in cli("backup", tmp_path / "b.tar", *missing, check=3).stderr
    assert "cannot be read" in cli("restore", tmp_path / "no.tar", "--data", tmp_path / "d", check=3).stderr
    assert not (tmp_path / "none").exists()


def test_failures_in_json(cli, tmp_path):
    done = cli("admin", "list", "--json", "--data", tmp_path / "none", check=3)
    failure = json.loads(done.stderr)
    assert failure["error"] == "not_found"
    assert "There is no Larder in" in failure["message"]
    assert done.stdout == ""


def settings(done):
    return {row["key"]: row for row in json.loads(done.stdout)}


def test_config_shows_values_with_their_origin(cli, tmp_path):
    conf = tmp_path / "my.conf"
    conf.write_text("# mine\nlog-level = warn\nthreads = 16\n")
    done = cli("config", "--json", "--config", conf, "--listen=127.0.0.1:1", check=0, LARDER_THREADS="32")
    rows = settings(done)
    assert (rows["listen"]["value"], rows["listen"]["origin"]) == ("127.0.0.1:1", "flag")
    assert (rows["threads"]["value"], rows["threads"]["origin"]) == ("32", "env")
    assert (rows["log-level"]["value"], rows["log-level"]["origin"]) == ("warn", "file")
    assert rows["log-level"]["where"] == f"{conf} line 2"
    assert (rows["max-upload"]["value"], rows["max-upload"]["origin"]) == ("5MiB", "default")
    text = cli("config", "--config", conf, check=0).stdout
    assert re.search(rf"^log-level +warn +{re.escape(str(conf))} line 2$", text, re.M)


def test_the_file_in_the_data_folder_is_found(cli, tmp_path):
    (tmp_path / "larder.conf").write_text("threads = 17\n")
    rows = settings(cli("config", "--json", "--data", tmp_path, check=0))
    assert rows["threads"]["value"] == "17"
    (tmp_path / "larder.conf").write_text("data = /elsewhere\n")
    assert "data cannot be set in this file" in cli("config", "--data", tmp_path, check=2).stderr


def test_unknown_keys_are_refused_with_a_guess(cli, tmp_path):
    conf = tmp_path / "larder.conf"
    conf.write_text("listen = 127.0.0.1:0\nlog_level = info\n")
    done = cli("config", "--data", tmp_path, check=2)
    assert "line 2: unknown setting 'log_level'; did you mean 'log-level'?" in done.stderr
    done = cli("config", check=2, LARDER_LISTN="x")
    assert "Unknown variable LARDER_LISTN; did you mean LARDER_LISTEN?" in done.stderr


def test_names_of_cadence_are_accepted_and_unknown_ones_ignored(cli):
    done = cli(
        "config", "--json", check=0,
        CADENCE_CORS_ORIGINS="https://a.example", MAX_PLUGIN_UPLOAD_BYTES="1048576",
        CADENCE_ACCESS_TOKEN_TTL_SECONDS="600", CADENCE_SOMETHING_ELSE="x",
    )  # fmt: skip
    rows = settings(done)
    assert rows["cors-origins"]["value"] == "https://a.example"
    assert rows["max-upload"]["where"] == "variable MAX_PLUGIN_UPLOAD_BYTES"
    assert rows["access-token-ttl"]["value"] == "600"


def test_the_data_folder_follows_the_environment(cli):
    def data(**env):
        return settings(cli("config", "--json", check=0, **env))["data"]["value"]

    assert data(HOME="/h", XDG_DATA_HOME="") == "/h/.local/share/larder"
    assert data(HOME="/h", XDG_DATA_HOME="/x") == "/x/larder"
    assert data(HOME="/h", XDG_DATA_HOME="/x", STATE_DIRECTORY="/var/lib/larder") == "/var/lib/larder"
    assert data(HOME="/h", STATE_DIRECTORY="/s", LARDER_DATA="/own") == "/own"


def test_secrets_are_masked_and_never_taken_from_a_flag(cli, tmp_path):
    secret = "marked-" + secrets.token_hex(12)
    done = cli("config", check=0, LARDER_ADMIN_PASSWORD=secret)
    assert "********" in done.stdout and secret not in done.stdout + done.stderr
    done = cli("config", "--json", check=0, LARDER_ADMIN_PASSWORD=secret)
    assert settings(done)["admin-password"]["value"] == "********" and secret not in done.stdout
    done = cli("config", "--admin-password", secret, check=2)
    assert "use --admin-password-file" in done.stderr and secret not in done.stderr
    file = tmp_path / "password"
    file.write_text(secret + "\n")
    for args, env in [
        (["--admin-password-file", file], {}),
        ([], {"LARDER_ADMIN_PASSWORD_FILE": file}),
    ]:
        done = cli("config", "--json", *args, check=0, **env)
        assert settings(done)["admin-password"]["value"] == "********"
        assert secret not in done.stdout + done.stderr


def test_routes_lists_what_the_server_answers(cli):
    rows = json.loads(cli("routes", "--json", check=0).stdout)
    assert {"method", "path", "permission", "body", "max_body", "summary", "table"} <= set(rows[0])
    assert all(row["permission"] and row["summary"] for row in rows)
    known = {(row["method"], row["path"]) for row in rows}
    assert len(known) == len(rows)
    assert {("GET", "/livez"), ("GET", "/readyz"), ("GET", "/metrics"), ("POST", "/oauth2/token")} <= known
    assert len(cli("routes", check=0).stdout.splitlines()) == len(rows)


def test_openapi_is_printed_whole(cli):
    document = json.loads(cli("openapi", check=0).stdout)
    assert document["openapi"].startswith("3.")


def test_output_that_cannot_be_written_is_a_failure(larder_bin):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [larder_bin, "routes"], stdout=full, stderr=subprocess.PIPE, timeout=30, env=clean_environment()
        )
    assert done.returncode == 1
    assert b"could not be written" in done.stderr


def test_nothing_is_ever_coloured(cli):
    for args in (["help"], ["config"], ["sevre"]):
        done = cli(*args, TERM="xterm-256color", CLICOLOR_FORCE="1")
        assert "\x1b" not in done.stdout + done.stderr
