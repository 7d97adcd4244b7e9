"""Bringing inputs here: downloads, archives, mesh fragments."""

from mitosyn.retrieval.archives import pack, plain_files, unpack_files, unpack_member
from mitosyn.retrieval.fetch import MeshLayer, fetch_in_batches
from mitosyn.retrieval.layer_files import LayerFiles, Transfer
from mitosyn.retrieval.receipts import Expected, check_in_place, file_digests, read_receipt
from mitosyn.retrieval.retrieval import check_space, refuse_offline, retrieve
from mitosyn.retrieval.skeletons import fetch_skeletons
from mitosyn.retrieval.transfer import policy_from
