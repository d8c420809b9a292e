"""A store of your own for sessions, rate limits and tokens: Redis or Valkey."""
