"""Are we ready? Everything that a session needs, really tried on this machine before anybody comes."""

from .inspection import Finding, inspect
from .plan import Plan, planned

__all__ = ["Finding", "Plan", "inspect", "planned"]
