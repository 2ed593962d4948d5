"""Children: processes that do one side of a measurement, told what to do line by line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.bed import ROOT

_PATIENCE = 20


class Child:
    """A module of this package running as a process; `tell` a word, then `hear` the answer."""

    def __init__(self, module: str) -> None:
        command = [sys.executable, "-m", f"tests.benchmarks.{module}"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, word: str, **given: Any) -> None:
        """Start something without waiting for its end."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([word, given]) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Wait for the answer to the last word."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a child of the benchmarks ended with code {self._process.wait(_PATIENCE)}")
        return json.loads(line)

    def ask(self, word: str, **given: Any) -> Any:
        """Tell and hear."""
        self.tell(word, **given)
        return self.hear()

    def end(self) -> None:
        """Let it leave; one that does not is killed."""
        assert self._process.stdin
        self._process.stdin.close()
        _wait(self._process)


@contextmanager
def running(module: str, count: int) -> Iterator[list[Child]]:
    """Run a module as several children for as long as the block does."""
    children: list[Child] = []
    try:
        children += [Child(module) for _ in range(count)]
        yield children
    finally:
        for child in children:
            child.end()


@contextmanager
def program(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one of the portal's own programs for as long as the block does."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        _wait(process)


def ask_all(children: list[Child], word: str, **given: Any) -> list[Any]:
    """Tell all of them at once, then hear each."""
    for child in children:
        child.tell(word, **given)
    return [child.hear() for child in children]


def serve(words: Mapping[str, Callable[..., Any]]) -> None:
    """Be a child: do what each line says and answer with a line."""
    for line in sys.stdin:
        word, given = json.loads(line)
        sys.stdout.write(json.dumps(words[word](**given)) + "\n")
        sys.stdout.flush()


def _wait(process: "subprocess.Popen[Any]") -> None:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
