"""Figures of the dataset, by question."""
