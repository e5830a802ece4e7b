"""Writes to itself through `sotto serve`: once openly, once anonymously, and answers that.

    pip install -r requirements.txt
    python hello.py [ws://127.0.0.1:1977]
"""

import json
import sys

from websockets.sync.client import connect


def ask(socket, kind, **fields):
    socket.send(json.dumps({"type": kind, **fields}))


def receive(socket, kind):
    """What is told next of this kind."""
    while True:
        told = socket.recv(timeout=120)
        if isinstance(told, bytes):
            # It was here before our first request. Until that, sotto speaks in bytes.
            continue
        told = json.loads(told)
        if told["type"] == "error":
            raise SystemExit(told["message"])
        if told["type"] == kind:
            return told


def main(url):
    with connect(url, max_size=None) as socket:
        ask(socket, "selfAddress")
        address = receive(socket, "selfAddress")["address"]
        print("I am", address)

        ask(socket, "send", recipient=address, message="Hello, me!")
        print("received:", receive(socket, "received")["message"])

        # The recipient sees a tag instead of an address, and can answer it.
        ask(socket, "sendAnonymous", recipient=address, message="Who am I?", replySurbs=10)
        question = receive(socket, "received")
        print("received:", question["message"], "from", question["senderTag"])

        ask(socket, "reply", senderTag=question["senderTag"], message="Nobody knows.")
        print("received:", receive(socket, "received")["message"])


main(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:1977")
