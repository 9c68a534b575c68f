"""What is paid ahead must leave nothing behind: it runs in a process that is forked again and again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# In a process of its own, as a fork server would: everything that must be as it was, before and after.
PRELOADED = """
import gc, json, os, random, sys, threading
import matplotlib._pylab_helpers, numpy, pandas, sqlalchemy.dialects.sqlite  # as they come with the server
from matplotlib import rcParams
from spp_workshop import charts, warming

def state():
    gc.collect()
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    engines = [one for one in gc.get_objects() if type(one).__name__ in ("Connection", "_ConnectionFairy")]
    return {
        "files": sorted(os.readlink(link) for link in links if os.path.exists(link)),
        "threads": [thread.name for thread in threading.enumerate()],
        "sockets": "zmq" in sys.modules,
        "random": str(random.getstate()) + str(numpy.random.get_state()),
        "figures": len(matplotlib._pylab_helpers.Gcf.figs),
        "connections": [type(one).__name__ for one in engines],
        "settings": str(dict(rcParams)),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "options": str(pandas.describe_option(_print_desc=False)),
    }

charts.use_japanese_font()
before = state()
warming.preload()
print(json.dumps([before, state()]))
"""


@pytest.fixture(scope="module")
def states() -> list[dict]:
    done = subprocess.run([sys.executable, "-c", PRELOADED], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    "what",
    [
        "files",
        "threads",
        "sockets",
        "random",
        "figures",
        "connections",
        "settings",
        "environment",
        "folder",
        "options",
    ],
)
def test_preloading_leaves_everything_as_it_was(states: list[dict], what: str) -> None:
    before, after = states
    assert after[what] == before[what]


FIRST = """
import os, sys
from spp_workshop import documents, warming
from spp_workshop.charts import drawing
from spp_workshop.workshop import load_definitions

warming.preload()
read = []
documents._read = lambda path: read.append(path)
load_definitions(__import__("pathlib").Path(sys.argv[1]))
before = drawing._slip.cache_info().misses
from spp_workshop.reports import blocks
print(len(read), before > 30)
"""


def test_what_is_shipped_is_not_read_again(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST, str(tmp_path)], capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["0", "True"]
