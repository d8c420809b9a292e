"""Recipes: small, whole applications made of kit, to run as they are and to copy: `kit copy NAME FOLDER`."""
