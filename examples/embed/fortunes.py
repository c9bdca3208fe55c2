"""Tells a fortune to everybody who connects; the child process of `visits.py`."""

import itertools
import socket

FORTUNES = (b"You will meet a patient process.", b"A port in a storm is free.", b"Ask again tomorrow.")

with socket.create_server(("127.0.0.1", 0)) as server:
    print("listening on", server.getsockname()[1], flush=True)
    for fortune in itertools.cycle(FORTUNES):
        connection, _ = server.accept()
        with connection:
            connection.sendall(fortune)
