"""Sum the dataset up in one page: counts, what is missing and why, costs, origin, files."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from mitosyn.catalogue import QUESTIONS
from mitosyn.report import (
    absent_of_cells,
    compare_counts,
    costs_by_rule,
    count_placements,
    count_reasons,
    describe_files,
    embedded_figures,
    explain_incomplete,
    headline,
    render_page,
    write_run_times,
)
from mitosyn.support import run, write_text
from mitosyn.tables import read_arrow, read_cells

HERE = Path(__file__).parent


def main(snakemake) -> None:
    """Collect what the other outputs and the logs say, write the page and the run times."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    folder = Path(output.page).parent
    check = json.loads(Path(source.check).read_text())
    costs = costs_by_rule(params.logs)
    write_run_times(output.run_times, costs)
    left_out = read_arrow(source.left_out).select(["cell_type", "cell_subtype", "reason"])
    columns = list(QUESTIONS["incomplete"].tables["mitochondria"])
    mitochondria = pq.read_table(source.mitochondria, columns=columns).to_pandas()
    positions = source.positions and pq.read_table(source.positions, columns=["kind", "nodes"])
    content = {
        "dataset": folder.name,
        "description": params.description,
        "headline": headline(check),
        "warnings": json.loads(Path(source.inputs).read_text())["warnings"],
        "compared": any(params.expectations.values()),
        "counts": compare_counts(check, params.expectations),
        "absent": [*params.absent, *absent_of_cells(read_cells(source.cells).values())],
        "left_out": count_reasons(left_out.to_pandas()),
        "incomplete": count_reasons(explain_incomplete(mitochondria)),
        "placements": count_placements(positions) if positions else (0, 0),
        "questions": embedded_figures(source.figures, HERE.parent / "report"),
        "costs": costs,
        "provenance": json.loads(Path(source.provenance).read_text()),
        "files": describe_files(params.listed, folder),
    }
    page = render_page(HERE / "templates" / "dataset.html.jinja2", content)
    write_text(output.page, page)


if __name__ == "__main__":
    run(main, snakemake)
