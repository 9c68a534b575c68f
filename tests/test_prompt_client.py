"""A client that knows at once when its kernel is ready, and when it never will be."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from spp_workshop.batch import starter
from spp_workshop.batch.starter import Kernel


def waited(kernel: Kernel, timeout: float = 60) -> float:
    """Seconds between the second time that the kernel is asked, and its being ready."""

    async def wait() -> float:
        client = kernel.manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=timeout)
        began = time.monotonic()
        await client.wait_for_ready(timeout=timeout)
        return time.monotonic() - began

    # Not in this thread: a test in a browser may have left a loop that runs here.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, wait()).result()


@pytest.fixture(params=["pipe", "sockets"])
def kernel(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    if request.param == "sockets":
        # As where nothing can be forked.
        monkeypatch.setattr(starter, "can_fork", lambda: False)
    return Kernel(tmp_path)


def test_a_kernel_that_has_nothing_to_do_is_ready_at_once(kernel: Kernel) -> None:
    try:
        # jupyter_client's own client cannot answer before 0.2 seconds of silence are over.
        assert min(waited(kernel) for _ in range(5)) < 0.15
    finally:
        kernel.end()


def test_a_conversation_leaves_no_file_open(kernel: Kernel) -> None:
    waited(kernel)
    before = open_files()
    waited(kernel)
    assert open_files() >= before
    kernel.end()
    waiting = time.monotonic() + 10
    while open_files() >= before and time.monotonic() < waiting:
        time.sleep(0.02)
    assert open_files() < before


def open_files() -> int:
    return psutil.Process().num_fds()


def test_a_kernel_that_died_never_will_be(kernel: Kernel) -> None:
    kernel.kill()
    with pytest.raises(RuntimeError, match="died"):
        waited(kernel)
    kernel.end()


def test_the_time_may_be_over_before(kernel: Kernel) -> None:
    with pytest.raises(RuntimeError, match="in time"):
        waited(kernel, timeout=0)
    kernel.end()
