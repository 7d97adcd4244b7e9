"""Where tables come from: the adapters of published and of own datasets."""

from mitosyn.sources.partition import MitochondriaTables, partition_mitochondria
