"""What is agreed between who asks for a kernel, the server that forks it, and the kernel."""

from __future__ import annotations

import struct

# What the server says on a line: the pid (with a file descriptor of the process), later the exit status.
NUMBER = struct.Struct("q")
OUTDATED = 0

# A request is the folder in which the fork will work.
LONGEST_REQUEST = 16_384

# In a kernel's environment: a folder that belongs to it alone, and goes with it.
OWN_PLACE = "SPP_WORKSHOP_KERNEL"
