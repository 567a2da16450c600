"""What the code of the lessons sends: run as it stands, and recorded from the server's MONITOR.

`python lessons.py` compares what is recorded with the blocks `sent` in www/lessons, and
`python lessons.py --write` writes them anew.
"""

import re
import socket
import sys
from pathlib import Path

from server import Server

LESSONS = Path(__file__).parents[2] / "www" / "lessons"
PYTHON = re.compile(r"```python\n(.*?)```(?P<pair>\s*```sent\n)?", re.DOTALL)
TASK_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What a library says when it connects, which no line of the lesson's code stands for.
GREETINGS = ("HELLO", "CLIENT", "PING", "SELECT")
ARGUMENT_MAX = 60


class Monitor:
    """Hears every command that the server runs."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"MONITOR\r\n")
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        assert self.lines.readline() == "+OK\r\n"
        self.other = socket.create_connection(("127.0.0.1", port))
        self.marks = 0

    def commands(self):
        """The commands since the last call."""
        self.marks += 1
        mark = f"mark {self.marks}"
        self.other.sendall(f'ECHO "{mark}"\r\n'.encode())
        commands = []
        for line in self.lines:
            command = line.rstrip("\r\n").split("] ", 1)[1]
            if command == f'"ECHO" "{mark}"':
                return commands
            commands.append(command)
        raise RuntimeError("the server ended")

    def close(self):
        for it in (self.lines, self.socket, self.other):
            it.close()


def shown(command):
    """A command as one would type it: quotes only where they are needed, ids replaced, long texts cut."""
    arguments = re.findall(r'"((?:[^"\\]|\\.)*)"', command)
    words = []
    for argument in arguments:
        argument = TASK_ID.sub("<task id>", argument)
        if len(argument) > ARGUMENT_MAX:
            argument = argument[:ARGUMENT_MAX].rstrip("\\") + "…"
        plain = re.fullmatch(r"[^\s\"\\]+", argument)
        words.append(argument if plain else f'"{argument}"')
    return " ".join(words)


def is_greeting(command):
    return command.split(" ", 1)[0].strip('"').upper() in GREETINGS


def recorded(text):
    """The text of a lesson with what its blocks of Python send."""
    server = Server()
    monitor = Monitor(server.port)
    names = {"__name__": "__lesson__"}
    out, end = [], 0
    try:
        for block in PYTHON.finditer(text):
            code = block[1].replace("localhost:6379", f"127.0.0.1:{server.port}")
            code = code.replace('host="localhost", port=6379', f'host="127.0.0.1", port={server.port}')
            exec(compile(code, "lesson", "exec"), names)
            commands = [shown(it) for it in monitor.commands() if not is_greeting(it)]
            if block["pair"]:
                out.append(text[end : block.end()])
                out.extend(f"{command}\n" for command in commands)
                end = text.index("```", block.end())
        return "".join(out) + text[end:]
    finally:
        names.clear()
        monitor.close()
        server.stop()


def main(write):
    differ = []
    for path in sorted(LESSONS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if "```python" not in text:
            continue
        now = recorded(text)
        if now != text and write:
            path.write_text(now, encoding="utf-8")
        elif now != text:
            differ.append(f"{path.name} says\n{text}\nand it is\n{now}")
    return differ


if __name__ == "__main__":
    sys.exit("\n".join(main("--write" in sys.argv)))
