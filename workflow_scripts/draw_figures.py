"""Draw the figures that answer a question."""

import pyarrow as pa
import pyarrow.parquet as pq
from mitosyn.report import Collected, draw_question, save_figures
from mitosyn.support import run
from mitosyn.tables import read_arrow


def main(snakemake) -> None:
    """Read the columns that the question takes of each table, write its figures."""
    params = snakemake.params
    tables = {
        name: read_columns(path, params.tables[name]) for name, path in snakemake.input.items()
    }
    figures = draw_question(
        params.question, Collected(tables, params.voxel_size_nm, **params.shown)
    )
    save_figures(figures, snakemake.output)


def read_columns(path: str, columns: list[str]) -> pa.Table:
    """Read some columns of a collected or of a canonical table."""
    if path.endswith(".parquet"):
        return pq.read_table(path, columns=list(columns))
    return read_arrow(path).select(list(columns))


if __name__ == "__main__":
    run(main, snakemake)
