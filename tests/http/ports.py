"""Ports for programs that have to be told theirs; one of our own takes port 0 instead."""

import contextlib
import pathlib
import secrets
import socket


def free_ports(count):
    """None that the kernel gives to others meanwhile, be it to one that listens anywhere or to one that
    connects: below the range that it takes those from, where that leaves room."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = range(low - 8000, low) if low > 10000 else range(20000, 28000)
    with contextlib.ExitStack() as stack:
        found = []
        while len(found) < count:
            taken = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                taken.bind(("127.0.0.1", secrets.choice(candidates)))
                found.append(taken.getsockname()[1])
        return found
