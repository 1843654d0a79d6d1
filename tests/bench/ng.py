"""rtpengine's control protocol "ng", as much of it as a benchmark needs: bencoded dictionaries in datagrams."""

from __future__ import annotations

import re
import socket
from typing import Any

TIMEOUT_S = 5.0


class NgClient:
    """Asks for ports and waits for the answers."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)
        self._number = 0

    def __enter__(self) -> NgClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def offer(self, call: str, address: str, port: int) -> int:
        """The caller's media are here; returns the port that the callee is to send to."""
        return self._ask({"command": "offer", "call-id": call, "from-tag": "a", "sdp": sdp(address, port)})

    def answer(self, call: str, address: str, port: int) -> int:
        """The callee's media are here; returns the port that the caller is to send to."""
        return self._ask(
            {"command": "answer", "call-id": call, "from-tag": "a", "to-tag": "b", "sdp": sdp(address, port)}
        )

    def _ask(self, question: dict[str, Any]) -> int:
        self._number += 1
        cookie = f"c{self._number} ".encode()
        for _ in range(int(TIMEOUT_S / 0.2)):  # it may not be there yet
            try:
                self._socket.sendto(cookie + bencode(question), self._address)
                answer = self._socket.recv(65536)
            except (TimeoutError, ConnectionRefusedError):
                continue
            found = re.search(rb"m=audio (\d+) ", answer)
            if answer.startswith(cookie) and found is not None:
                return int(found[1])
        raise RuntimeError(f"rtpengine gave no port for {question['call-id']}")


def sdp(address: str, port: int) -> str:
    """One stream of PCMU."""
    lines = ["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0", f"m=audio {port} RTP/AVP 0"]
    return "".join(f"{line}\r\n" for line in lines)


def bencode(value: str | dict[str, Any]) -> bytes:
    """Texts and dictionaries."""
    if isinstance(value, str):
        return f"{len(value)}:{value}".encode()
    return b"d" + b"".join(bencode(key) + bencode(inner) for key, inner in sorted(value.items())) + b"e"
