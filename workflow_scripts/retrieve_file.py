"""Retrieve one published file: resume, verify, remember what came."""

import logging
from pathlib import Path

from mitosyn.retrieval import Expected, check_space, policy_from, refuse_offline, retrieve
from mitosyn.support import run


def main(snakemake) -> None:
    """Bring the file to its place, unless the network is off or the disk too full."""
    target, params = Path(snakemake.output.file), snakemake.params
    url = params.download["url"]
    if params.offline:
        raise refuse_offline(target, url)
    if params.disk_gb is not None:
        check_space([target.parent, Path(params.results)], params.disk_gb)
    expected = Expected(params.download["size"], params.download["checksum"])
    receipt = retrieve(url, target, expected, policy_from(params.patience))
    logging.info("%s", receipt)


if __name__ == "__main__":
    run(main, snakemake)
