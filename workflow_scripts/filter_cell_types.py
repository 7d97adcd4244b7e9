"""Write the table of neurons with their types, in the order of the cell type table."""

from mitosyn.catalogue import columns_of
from mitosyn.support import run
from mitosyn.tables import ID, TEXT, in_table_order, read_cells, read_table, write_csv


def main(snakemake) -> None:
    """Read the selected cells, write the neurons among them."""
    source = snakemake.input
    cells = read_cells(source.cells).values()
    neurons = [cell for cell in cells if cell.skeleton]
    table = read_table(source.cell_types, {"cell_segid": ID, "cell_type": TEXT})
    rows = [
        [cell.cell_id, *cell.centroid, cell.cell_type, cell.cell_subtype]
        for cell in in_table_order(neurons, table)
    ]
    write_csv(
        snakemake.output.cell_types, columns_of("cell_type_classification_filtered.csv"), rows
    )


if __name__ == "__main__":
    run(main, snakemake)
