"""What every room needs: errors, files, jobs, seals, units."""

from mitosyn.support.code import CodeBase
from mitosyn.support.errors import BadInputsError, CHECKS, CONFIGURATION, InputError, RETRIEVAL
from mitosyn.support.files import flush_to_disk, link_files, whole_file, whole_folder, write_text
from mitosyn.support.hdf5 import (
    open_h5, read_positions, read_text_or_numbers, read_vertex_number, read_vertex_numbers,
)
from mitosyn.support.jobs import COST_LINE, failed_jobs, run
from mitosyn.support.seals import refuse_broken_seals, remove_strays
from mitosyn.support.units import FARTHEST_NM, NM2_PER_UM2, NM3_PER_UM3, NM_PER_UM
