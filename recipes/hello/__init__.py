"""The smallest app: a router is one."""
