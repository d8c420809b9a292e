"""The composition contract: layers, how they are nested, and how a stack is checked. Standard library only."""

from kit.wsgi.environ import environ_of, provided
from kit.wsgi.layer import Closing, Layer

__all__ = ["Closing", "Layer", "environ_of", "provided"]
