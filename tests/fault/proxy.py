"""A wire that can be cut: a TCP proxy in front of one address, for one node.

    with Proxy("127.0.0.1:7480") as wire:
        wire.endpoint                  "http://127.0.0.1:<port>"
        wire.cut()                     nothing comes through any more; what was open is reset
        wire.heal()
        wire.limit = 100               a connection is reset after so many bytes towards the server
        wire.lose("PUT /b/log/")       the next such request takes effect, and its answer is lost;
        wire.lost                      how many were
"""

import contextlib
import select
import socket
import struct
import threading


class Proxy:
    def __init__(self, target):
        host, _, port = target.partition("://")[2].rpartition(":") if "://" in target else target.rpartition(":")
        self.target = (host, int(port))
        self.limit = None
        self.is_cut = False
        self.to_lose, self.lost = None, 0
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.over = False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.reset_all()
        self.thread.join(10)

    def cut(self):
        self.is_cut = True
        self.reset_all()

    def heal(self):
        self.is_cut = False

    def lose(self, beginning):
        self.to_lose = beginning.encode()

    def takes(self, piece):
        """Is this the request whose answer is to be lost? Only one is."""
        with self.lock:
            found = self.to_lose is not None and piece.startswith(self.to_lose)
            if found:
                self.to_lose = None
            return found

    def reset_all(self):
        with self.lock:
            pairs, self.open = self.open, set()
        for pair in pairs:
            self.reset(pair)

    @staticmethod
    def reset(pair):
        for end in pair:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                end.close()

    def accept(self):
        while not self.over:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        if self.is_cut:
            return self.reset((near,))
        try:
            far = socket.create_connection(self.target, timeout=10)
        except OSError:
            return self.reset((near,))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (near, far)
        with self.lock:
            self.open.add(pair)
        sent, loses = 0, False
        try:
            while not self.is_cut:
                for end in select.select(pair, [], [], 60)[0]:
                    piece = end.recv(65536)
                    if not piece:
                        return None
                    if end is near and self.limit is not None and sent + len(piece) > self.limit:
                        far.sendall(piece[: self.limit - sent])
                        return self.reset(pair)
                    if end is far and loses:
                        self.lost += 1
                        return self.reset(pair)
                    if end is near:
                        sent += len(piece)
                        loses = loses or self.takes(piece)
                    (far if end is near else near).sendall(piece)
        except (OSError, ValueError):
            return None
        finally:
            with self.lock:
                self.open.discard(pair)
            for end in pair:
                with contextlib.suppress(OSError):
                    end.close()
