"""Probes and metrics."""

import re
import secrets


def test_livez_and_healthz(module_server):
    for path in ("/livez", "/healthz"):
        answer = module_server.client().get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert set(body) == {"status", "uptime"} and body["status"] == "alive"
        assert re.fullmatch(r"(\d+h)?(\d+m)?\d+s", body["uptime"])


def test_readyz(module_server):
    answer = module_server.client().get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    parts = body["components"]
    assert parts["database"] == {"status": "up"}
    assert parts["initial_load"] == {"status": "complete"}
    assert parts["plugins"]["status"] == "healthy"
    assert parts["leader_election"] == {"status": "not_configured"}
    # every value is a string: clients read these as maps of strings
    assert all(isinstance(v, str) for part in parts.values() for v in part.values())


def test_health(module_server):
    body = module_server.client().get("/health").json()
    assert body == {"status": "healthy", "service": "larder", "version": module_server.version}


def test_probes_answer_head_and_refuse_the_rest(module_server):
    client = module_server.client()
    for path in ("/livez", "/readyz", "/healthz", "/health"):
        head = client.head(path)
        assert head.status_code == 200 and head.text == ""
        refused = client.post(path)
        assert refused.status_code == 405 and "GET" in refused.headers["Allow"]


def test_probes_do_not_care_for_credentials(module_server):
    headers = {"Authorization": "Bearer " + secrets.token_hex(20)}
    assert module_server.client().get("/readyz", headers=headers).status_code == 200


def metric(text, line):
    found = re.search("^" + re.escape(line) + r" (\S+)$", text, re.M)
    assert found, f"no {line} in\n{text}"
    return float(found[1])


def test_metrics_count_what_happens(module_server):
    client = module_server.admin()
    name = 'larder_http_requests_total{route="/health",method="GET",status="200"}'
    before = client.get("/health") and metric(client.get("/metrics").text, name)
    for _ in range(5):
        client.get("/health")
    client.get("/there/is/nothing/here")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    assert metric(text, name) == before + 5
    assert metric(text, 'larder_http_requests_total{route="none",method="",status="404"}') >= 1
    bucket = 'larder_http_request_seconds_bucket{route="/health",method="GET",le="+Inf"}'
    assert metric(text, bucket) == before + 5
    assert metric(text, "larder_http_in_flight") == 1  # this very request
    assert metric(text, f'larder_build_info{{version="{module_server.version}"}}') == 1
    assert metric(text, "larder_database_bytes") > 0
    assert metric(text, "process_resident_memory_bytes") > 1 << 20
    assert metric(text, "process_open_fds") > 3
    writes, commits = (metric(text, f"larder_store_{n}_total") for n in ("writes", "commits"))
    assert writes >= commits >= 1


def test_the_page_is_well_formed(module_server):
    text = module_server.admin().get("/metrics").text
    kind = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"# TYPE (\S+) (counter|gauge|histogram)", line):
            assert match[1] not in kind, f"{match[1]} is described twice"
            kind[match[1]] = match[2]
        elif not line.startswith("# HELP "):
            name = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+', line)
            assert name, line
            base = re.sub(r"_(bucket|sum|count)$", "", name[1])
            assert name[1] in kind or kind.get(base) == "histogram", line
    assert text.endswith("\n")


def test_metrics_need_a_permission(module_server, start_server):
    assert module_server.client().get("/metrics").status_code == 401
    public = start_server(args=("--metrics", "open"))
    assert public.client().get("/metrics").status_code == 200


def test_a_stranger_cannot_make_the_page_grow(module_server):
    client = module_server.admin()
    size = len(client.get("/metrics").text.splitlines())
    for i in range(50):
        client.get(f"/nowhere/{i}/{secrets.token_hex(4)}")
    assert len(client.get("/metrics").text.splitlines()) <= size + 20
