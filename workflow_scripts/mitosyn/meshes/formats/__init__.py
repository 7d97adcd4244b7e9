"""Mesh formats of layers, one file each."""
