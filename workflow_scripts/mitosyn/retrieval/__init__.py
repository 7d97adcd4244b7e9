"""Bringing inputs here: downloads, archives, mesh fragments."""

from mitosyn.retrieval.fetch import Transfer, fetch_in_batches
from mitosyn.retrieval.retrieval import (
    Expected, check_in_place, check_space, file_digests, read_receipt, refuse_offline, retrieve,
)
from mitosyn.retrieval.transfer import policy_from
