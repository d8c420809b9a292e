"""The composition contract: layers, how they are nested, and how a stack is checked. Standard library only.

Read in this order: `layer` (what a layer is), `compose` (how layers become a stack), `tree` and `check` (how a stack is
seen and judged), `lint` (how a layer is held to the contract; SPEC.md is printed from it).
"""

from kit.wsgi.check import StackError, check
from kit.wsgi.compose import compose, shutdown
from kit.wsgi.environ import environ_of, provided
from kit.wsgi.layer import Closing, Layer
from kit.wsgi.tree import Node, chain, declare

__all__ = [
    "Closing",
    "Layer",
    "Node",
    "StackError",
    "chain",
    "check",
    "compose",
    "declare",
    "environ_of",
    "provided",
    "shutdown",
]
