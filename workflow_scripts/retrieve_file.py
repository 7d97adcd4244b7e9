"""Retrieve one published file: resume, verify, remember what came."""

import logging
from pathlib import Path

from mitosyn.retrieval import Expected, check_space, policy_from, refuse_offline, retrieve
from mitosyn.support import run


def main(snakemake) -> None:
    """Bring the file to its place, unless the network is off or the disk too full."""
    target = Path(snakemake.output.file)
    download, config = snakemake.params.download, snakemake.config
    disk_gb = config["datasets"][config["dataset"]]["disk_gb"]
    if config["offline"]:
        raise refuse_offline(target, download["url"])
    if disk_gb is not None:
        check_space([target.parent, Path(snakemake.params.results)], disk_gb)
    receipt = retrieve(
        download["url"],
        target,
        Expected(download["size"], download["checksum"]),
        policy_from(config["retrieval"]),
    )
    logging.info("%s", receipt)


if __name__ == "__main__":
    run(main, snakemake)
