"""Notebooks from percent scripts: build them, execute them, the same bytes every time."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jinja2
import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mitosyn.support import write_text

MARKER = re.compile(r"^# %%( \[markdown\])?[ \t]*$", re.MULTILINE)
# Written instead of what the kernel says about itself, which differs between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python"},
}
CELL_SECONDS = 1500
# What the templates' conditions name: the published data have it all.
EVERYTHING = dict.fromkeys(("published", "pia", "skeletons", "synapses", "meshes"), True)
# The system allows 107 characters, some of which the kernel needs for itself. Sockets in a
# private folder are for this user alone; ports are open to everyone on the machine.
LONGEST_SOCKET_PATH = 95
# A job is given one core; progress bars and the order of sets would differ between runs.
KERNEL_ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")},
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
}
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

logger = logging.getLogger(__name__)


class CellError(RuntimeError):
    """A cell that failed, in one line: which one, where it begins, and why."""


def notebook_from_percent(text: str) -> NotebookNode:
    """Build a notebook, not executed, from a percent script.

    Parameters
    ----------
    text : str
        Cells begin with a line ``# %%`` (code) or ``# %% [markdown]`` (text, each line a
        comment). Lines before the first marker are no part of the notebook. The cells' ids are
        their numbers: ``cell-01``, ``cell-02``, …

    Raises
    ------
    ValueError
        If there is no cell, or a line of a markdown cell is not a comment.
    """
    _, *parts = MARKER.split(text)
    if not parts:
        raise ValueError("no cell: no line begins with '# %%'")
    cells = []
    for number, (markdown, source) in enumerate(zip(parts[::2], parts[1::2], strict=True), 1):
        name = f"cell-{number:02d}"
        if markdown:
            cells.append(new_markdown_cell(_uncommented(source.splitlines(), name), id=name))
        else:
            cells.append(new_code_cell(source.strip("\n"), id=name))
    return new_notebook(cells=cells, metadata=METADATA)


def _uncommented(lines: list[str], name: str) -> str:
    for line in lines:
        if line.strip() and not line.startswith("#"):
            raise ValueError(f"{name}: a line of a markdown cell is not a comment: {line!r}")
    return "\n".join(re.sub(r"^# ?", "", line) for line in lines).strip("\n")


def execute_notebook(
    notebook: NotebookNode, folder: str | Path, cell_seconds: int = CELL_SECONDS
) -> None:
    """Execute a notebook in place, with this interpreter.

    What varies between runs on the same files is not kept: times, the kernel's account of
    itself, and messages on the standard error stream, which go to the log. ``cell_seconds`` is
    the time that one cell may take.

    Raises
    ------
    CellError
        If a cell raises, takes too long or kills its kernel.
    """
    with _kernel(notebook, folder, cell_seconds) as client:
        for index, cell in enumerate(notebook.cells):
            _execute_cell(client, index, cell)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _kept_outputs(cell)
    notebook.metadata = nbformat.from_dict(METADATA)


@contextmanager
def _kernel(
    notebook: NotebookNode, folder: str | Path, cell_seconds: int
) -> Iterator[NotebookClient]:
    """Start a kernel that knows neither the user's IPython profile nor their connections."""
    with tempfile.TemporaryDirectory() as scratch:
        connection_file = str(Path(scratch, "connection.json"))
        manager = AsyncKernelManager(
            kernel_spec_manager=_ThisInterpreter(),
            connection_file=connection_file,
            transport="ipc" if len(connection_file) < LONGEST_SOCKET_PATH else "tcp",
        )
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=cell_seconds,
            startup_timeout=300,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
        )
        environment = {**os.environ, **KERNEL_ENVIRONMENT, "IPYTHONDIR": scratch}
        with client.setup_kernel(env=environment, cleanup_kc=True):
            yield client


class _ThisInterpreter(KernelSpecManager):
    """Knows one kernel: a ``python3`` installed by the user may be another interpreter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


def _execute_cell(client: NotebookClient, index: int, cell: NotebookNode) -> None:
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        reason = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
        reason = TERMINAL_COLOURS.sub("", reason).strip().splitlines()[-1]
        raise CellError(f"{cell.id} ({first!r}, …) failed: {reason}") from error
    except CellTimeoutError as error:
        reason = f"took longer than {client.timeout} s"
        raise CellError(f"{cell.id} ({first!r}, …) {reason}") from error
    except DeadKernelError as error:
        reason = "killed its kernel (out of memory?)"
        raise CellError(f"{cell.id} ({first!r}, …) {reason}") from error


def _kept_outputs(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs of a cell but for the standard error stream, which is logged."""
    errors = [output for output in cell.outputs if output.get("name") == "stderr"]
    for output in errors:
        logger.info("%s: %s", cell.id, output.text.strip())
    return [output for output in cell.outputs if output not in errors]


def write_notebook(path: str | Path, notebook: NotebookNode) -> None:
    """Check a notebook against its format and write it, whole or not at all."""
    nbformat.validate(notebook)
    write_text(path, nbformat.writes(notebook) + "\n")


def choose_lines(text: str, there: Mapping[str, bool]) -> str:
    """Leave out the lines of a template between ``#: if …`` and ``#: endif`` that do not hold.

    ``there`` says what is there by the names in the conditions, which are those of Jinja.
    """
    environment = jinja2.Environment(
        line_statement_prefix="#:",
        # What no Python script has: only lines are statements.
        block_start_string="<<block",
        variable_start_string="<<variable",
        comment_start_string="<<comment",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.from_string(text).render(there)


def run_template(
    template: str | Path,
    folder: str | Path,
    values: Mapping[str, object] | None = None,
    there: Mapping[str, bool] = EVERYTHING,
) -> NotebookNode:
    """Build the notebook of a percent script and execute it in a folder.

    ``values``, by name, are written in place of the template's, each set in one line of it;
    ``there`` as in :func:`choose_lines`.
    """
    text = choose_lines(Path(template).read_text(encoding="utf-8"), there)
    for name, value in (values or {}).items():
        text, found = re.subn(f"^{name} = .*$", f"{name} = {value!r}", text, flags=re.MULTILINE)
        if found != 1:
            raise ValueError(f"{found} lines of {template} set {name}, expected one")
    notebook = notebook_from_percent(text)
    execute_notebook(notebook, folder)
    return notebook
