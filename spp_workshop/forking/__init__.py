"""Kernels at the price of a fork: a process has everything imported, and each kernel is a fork of it.

`provisioner` is what Jupyter sees, `client` asks for a fork, `server` is the process that forks, `preload` is
what it has imported, `kernel` is what a fork becomes, and `protocol` is what they agree on. Where forking is
not to be had (Windows, macOS), or a kernel is asked for that only a new Python can be, an ordinary one is
started, and all else stays the same.
"""
