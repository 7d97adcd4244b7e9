"""Write what editors and the docs say of the configuration."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mitosyn.config import config_schema, with_key_tables
from mitosyn.files import write_text
from mitosyn.jobs import run

if TYPE_CHECKING:
    from snakemake.script import Snakemake, snakemake


def main(snakemake: "Snakemake") -> None:
    """Write the schema as JSON, and the tables of keys into their page."""
    write_text(
        snakemake.output.schema, json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"
    )
    page = Path(snakemake.output.page).read_text(encoding="utf-8")
    write_text(snakemake.output.page, with_key_tables(page))


if __name__ == "__main__":
    run(main, snakemake)
