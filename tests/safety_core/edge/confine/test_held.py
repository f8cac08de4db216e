"""Bytes for a child: in a pipe where they fit, else in memory; each gives them and ends."""

from __future__ import annotations

import fcntl
import os
import stat

import pytest

from safety_core.edge.confine.held import held


def read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
def test_what_fits_into_a_pipe_is_in_one(size: int) -> None:
    descriptor = held(b"x" * size)
    assert stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    assert read(descriptor) == b"x" * size


def test_what_fits_into_none_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError("too large a pipe")

    monkeypatch.setattr(fcntl, "fcntl", refused)
    descriptor = held(b"y" * 100)
    assert stat.S_ISREG(os.fstat(descriptor).st_mode)
    assert read(descriptor) == b"y" * 100
