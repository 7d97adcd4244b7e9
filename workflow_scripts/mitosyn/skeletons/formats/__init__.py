"""Formats of skeletons, a reader for each."""
