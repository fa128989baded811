"""Placeholder: the package is made from bench.py on another branch."""
