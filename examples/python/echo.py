#!/usr/bin/env python3
"""The service echo_python, with nothing but a socket: it registers, says what it understands, and answers ECHO."""

import os
import re
import socket
import time

LINE = re.compile(r"(?:<(\S*) )?(?:[^ /]*/)?([A-Z_][A-Z0-9_]*)(?: (.*))?")
PARAMETER = re.compile(r'(\w+)=(?:"((?:\\.|[^\\"])*)"|([^;]*))(?:;|$)', re.ASCII)
ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", '\\"': '"'}


def connect():
    """Connects to the communicator that SNAPCOMMUNICATOR names: sc://HOST:PORT or sc:///PATH."""
    address = os.environ.get("SNAPCOMMUNICATOR", "sc://127.0.0.1:4040").removeprefix("sc://")
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    return connection


def read(text):
    """The parameters of a line, as a dictionary."""
    parameters = {}
    for name, quoted, plain in PARAMETER.findall(text or ""):
        escapes = r'\\[\\nr"]' if quoted else r"\\[\\nr]"
        parameters[name] = re.sub(escapes, lambda escape: ESCAPES[escape[0]], quoted or plain)
    return parameters


def write(parameters):
    """A dictionary, as the parameters of a line."""
    names = sorted(parameters)
    return ";".join(f"{name}={escape(str(parameters[name]), name == names[-1])}" for name in names)


def escape(value, is_last):
    """A value, as it stands on a line."""
    text = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    if ";" in text or text.startswith('"') or (is_last and text.endswith((" ", "\t"))):
        return '"' + text.replace('"', '\\"') + '"'
    return text


def main():
    """Serves until STOP comes or the communicator goes."""
    # For reading alone: a text file that is read and written forgets what it has read ahead.
    with connect() as connection, connection.makefile("r", encoding="utf-8", newline="\n") as lines:

        def send(line):
            connection.sendall(f"{line}\n".encode())

        send("REGISTER service=echo_python;version=1")
        for line in lines:
            sender, command, text = LINE.fullmatch(line.rstrip("\r\n")).groups()
            parameters = read(text)
            # Whoever asked knows the answer by these, which therefore go back.
            asked = {name: parameters[name] for name in ("correlation_id", "serial", "timestamp") if name in parameters}
            if command == "STOP":
                send("UNREGISTER service=echo_python")
            elif sender is None:
                continue  # A datagram: there is nobody to answer.
            elif command == "HELP":
                send(f"{sender}/COMMANDS " + write({**asked, "list": "ALIVE,ECHO,HELP,STOP"}))
            elif command == "ALIVE":
                send(f"{sender}/ABSOLUTELY " + write({**asked, "reply_timestamp": f"{time.time():.6f}"}))
            elif command == "ECHO":
                send(f"{sender}/ECHOED " + write({**asked, "text": parameters.get("text", "")}))


main()
