"""Sends a file to itself through `sotto serve`, in bytes: all numbers are big-endian.

    pip install -r requirements.txt
    python bytes.py FILE [ws://127.0.0.1:1977]
"""

import pathlib
import struct
import sys

from websockets.sync.client import connect

SEND, SELF_ADDRESS_REQUEST = 0, 3
ERROR, RECEIVED, SELF_ADDRESS, LANE_QUEUE_LENGTH = 0, 1, 2, 3


def receive(socket, kind):
    """The rest of what is told next of this kind."""
    while True:
        told = socket.recv(timeout=120)
        if told[0] == ERROR:
            error, length = struct.unpack_from(">BQ", told, 1)
            raise SystemExit(f"error {error:#x}: {told[10 : 10 + length].decode()}")
        if told[0] == kind:
            return told[1:]


def main(file, url):
    with connect(url, max_size=None) as socket:
        socket.send(bytes([SELF_ADDRESS_REQUEST]))
        address = receive(socket, SELF_ADDRESS)

        data = pathlib.Path(file).read_bytes()
        # A connection id has the queue's length told after each send.
        connection_id = 7
        socket.send(struct.pack(">B96sQQ", SEND, address, connection_id, len(data)) + data)
        lane, length = struct.unpack(">QQ", receive(socket, LANE_QUEUE_LENGTH))
        print(f"connection {lane}: {length} packets to go")

        told = receive(socket, RECEIVED)
        tag, told = (told[1:17], told[17:]) if told[0] else (None, told[1:])
        (length,) = struct.unpack_from(">Q", told)
        same = told[8 : 8 + length] == data
        print(f"received {length} bytes,", "the same" if same else "others")


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "ws://127.0.0.1:1977")
