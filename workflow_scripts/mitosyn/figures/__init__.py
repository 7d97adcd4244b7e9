"""Pictures of a dataset, drawn from its tables: one module for each question they answer."""
