"""A stranger cannot tell by the clock whether a user name exists."""

import os
import statistics
import time

TRIES = 1000 if os.environ.get("LARDER_TEST_ALL") else 100
# Of the time. A missing hash would show as nearly all of it; few tries on a busy machine show as a tenth.
ALLOWED = 0.05 if os.environ.get("LARDER_TEST_ALL") else 0.25


def quartiles(client):
    """Of a known name and of an unknown one, in seconds."""
    taken = {"admin": [], "nobody-of-that-name": []}
    for turn in range(TRIES):
        # by turns, so that whatever else the machine does falls on both alike
        name = list(taken)[turn % 2]
        while True:
            begun = time.perf_counter()
            r = client.post("/api/auth/login", json={"username": name, "password": f"wrong password {turn}"})
            seconds = time.perf_counter() - begun
            if r.status_code != 429:  # a machine that is quicker than the limit waits for the next second
                break
            time.sleep(0.1)
        assert r.status_code == 401 and r.json()["message"] == "Invalid username or password", r.text
        taken[name].append(seconds)
    # the first quartile: what the work costs when nothing else happens to be in its way
    return [statistics.quantiles(taken[name], n=4)[0] for name in taken]


def test_unknown_names_take_as_long_as_wrong_passwords(start_server):
    # a window of one second, so that this many tries are answered at all
    server = start_server(LARDER_LOGIN_LIMIT="64", LARDER_LOGIN_WINDOW="1s")
    apart = []
    while len(apart) < 5 and (not apart or apart[-1] >= ALLOWED):  # what a name tells, it tells each time
        known, unknown = quartiles(server.client())
        print(f"\nquartile of {TRIES // 2}: known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms")
        assert known > 0.01, "a password hash costs more than that: was anything computed?"
        apart.append(abs(known - unknown) / max(known, unknown))
    assert apart[-1] < ALLOWED, apart
