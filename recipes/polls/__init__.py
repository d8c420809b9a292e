"""Ask a question, vote once, see the results: the polls of a well-known tutorial, built from kit."""
