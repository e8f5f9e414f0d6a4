"""Two nodes behind one address: who signs in stays where they did, what they upload is everywhere."""

import requests
from balancer import Balancer
from nodes import PASSWORD, PATIENCE, Cluster, eventually
from packages import package


def browser(front):
    """A client that keeps cookies, as a browser does; signed in by cookie."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Origin": front.url, "X-Larder-CSRF": "1"})
    answer = session.post(front.url + "/api/auth/login", timeout=PATIENCE,
                          json={"username": "admin", "password": PASSWORD, "cookie": True})
    assert answer.status_code == 200, answer.text
    return session


def test_sign_in_and_upload_behind_a_balancer(start_server, stub_store):
    cluster = Cluster(start_server, stub_store)
    a, b = cluster.node("a"), cluster.node("b")
    with Balancer([a.server.url, b.server.url]) as front:
        ada, gus = browser(front), browser(front)
        assert sorted(front.met.values()) == [0, 1]  # one of them on each node
        for who, name in ((ada, "com.acme.of_ada"), (gus, "com.acme.of_gus")):
            for _ in range(10):  # a session is known to one node only: each request must find it
                answer = who.get(front.url + "/api/me", timeout=PATIENCE)
                assert answer.status_code == 200 and answer.json()["username"] == "admin", answer.text
            answer = who.post(front.url + "/api/admin/plugins/upload", timeout=PATIENCE,
                              files={"file": ("p.zip", package(name, "1.0.0"))})
            assert answer.status_code == 201, answer.text

        def names(who):
            return {row["pid"] for row in who.get(front.url + "/api/admin/plugins", timeout=PATIENCE).json()}

        both = {"com.acme.of_ada", "com.acme.of_gus"}
        eventually(lambda: names(ada) == both and names(gus) == both, "both uploads on both nodes")
        cluster.settle()
        for who in (ada, gus):
            for row in who.get(front.url + "/api/admin/plugins", timeout=PATIENCE).json():
                got = who.get(front.url + f"/api/admin/plugins/{row['id']}/download", timeout=PATIENCE)
                assert got.status_code == 200 and got.content == package(row["pid"], "1.0.0")

        # without its cookie a session is a stranger on the other node: that is why it sticks
        ticket = "; ".join(f"{k}={v}" for k, v in ada.cookies.items() if k != "balancer")
        answers = {requests.get(front.url + "/api/me", timeout=PATIENCE, headers={"Cookie": ticket}).status_code for _ in range(2)}
        assert answers == {200, 401}

        # one node goes: those on the other go on
        b.stop()
        on_a = ada if front.met[ada.cookies["balancer"]] == 0 else gus
        assert on_a.get(front.url + "/api/me", timeout=PATIENCE).status_code == 200
