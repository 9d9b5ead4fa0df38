"""Edits made from real code, each with an answer that can be checked, split by file."""
