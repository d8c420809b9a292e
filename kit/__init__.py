"""kit: six independent WSGI packages, put together by recipes that people copy.

Nothing is re-exported here: import what you use, `from kit.sessions import Sessions`.
"""

__version__ = "0.1.0"
