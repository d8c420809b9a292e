"""The tests of kit; `tests.servers` starts the real servers they talk to."""
