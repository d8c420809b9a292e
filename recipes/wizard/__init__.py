"""Propose a talk in four steps: a resumable draft, rows, uploads that survive mistakes, checks in the browser."""
