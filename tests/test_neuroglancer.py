"""Views in Neuroglancer: links into public layers, and sources read back as it would."""

from __future__ import annotations

import ast
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

import navis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cloudvolume import CloudVolume
from cloudvolume.cloudvolume import from_cloudpath
from cloudvolume.datasource.precomputed.skeleton.unsharded import Skeleton
from cloudvolume.server import ViewerServerHandler
from mitosyn.catalogue import colours
from mitosyn.catalogue.names import COMPARTMENTS
from mitosyn.skeletons.formats.registry import read_skeleton
from mitosyn.support.errors import InputError
from mitosyn.tables.cells import Cell, read_cells
from mitosyn.views.precomputed import (
    link_mesh_layer,
    precomputed_skeleton,
    write_skeletons,
    write_synapses,
)
from mitosyn.views.shaders import point_shader
from mitosyn.views.states import (
    LOCAL_SERVER,
    NO_SYNAPSES,
    SHOWN,
    URL_LIMIT,
    Layers,
    cell_views,
    served_state,
    state_text,
)
from mitosyn.views.tables import read_synapses
from tubes import export
from workflow import ROOT, Run

BIG = 2**60 + 1

CELL = Cell(
    648518346349538179,
    "pyramidal",
    "pyramidal cell",
    (3580.0, 7160.0, 4000.0),
    None,
    "published",
    True,
)
LAYERS = Layers(
    cells="precomputed://gs://bucket/seg",
    mitochondria="precomputed://https://host/mito",
    image="precomputed://gs://bucket/em",
    voxel_size_nm=(3.58, 3.58, 40.0),
    layer_voxel_size_nm=(4.0, 4.0, 40.0),
)
COMPARTMENT_OF = {2740474: "Axonal", 9007199254740993: "Somatic"}
VIEWER = "https://viewer.example.org/"


def ends(count: int) -> pd.DataFrame:
    """Make ends of synapses, the first of them an output."""
    partner = 648518346349515987
    return pd.DataFrame(
        {
            "cell_id": CELL.cell_id,
            "synapse_type": ["pre", *["post"] * count][:count],
            **dict(zip("xyz", (358.0, 716.0, 1200.0), strict=True)),
            "pre_root_id": [CELL.cell_id, *[partner] * count][:count],
            "post_root_id": [partner, *[CELL.cell_id] * count][:count],
        }
    )


def nodes(cell_id: int, rows: Sequence[tuple[int, float, float, float, int]]) -> pa.Table:
    """Make skeleton nodes from labels, positions and parents."""
    table = pd.DataFrame(rows, columns=["label", *"xyz", "parent_id"])
    return pa.Table.from_pandas(table.assign(cell_id=cell_id, radius=1.0))


def by_name(state: dict) -> dict[str, dict]:
    return {layer["name"]: layer for layer in state["layers"]}


def test_the_notebook_has_the_same_colours() -> None:
    source = (ROOT / "workflow_scripts" / "demonstration.py").read_text()
    assigned = {
        ast.unparse(target): node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    for name in ("COMPARTMENT_COLOURS", "SKELETON_COLOUR"):
        assert ast.literal_eval(assigned[name]) == getattr(colours, name), name
    synapses = ast.literal_eval(assigned["SYNAPSES"])
    assert {kind: (style["name"], style["color"]) for kind, style in synapses.items()} == {
        kind: (style["label"], style["color"]) for kind, style in colours.SYNAPSE_STYLES.items()
    }


def test_labels_count_the_compartments() -> None:
    assert tuple(colours.COMPARTMENT_COLOURS)[: len(COMPARTMENTS)] == COMPARTMENTS


def test_state_of_a_cell() -> None:
    views = cell_views(CELL, COMPARTMENT_OF, ends(3), LAYERS, VIEWER)
    state = json.loads(views.state)
    assert state["dimensions"] == {"x": [3.58e-9, "m"], "y": [3.58e-9, "m"], "z": [4e-8, "m"]}
    assert state["position"] == [1000, 2000, 100]
    layers = by_name(state)
    names = ["EM", "cells", "mitochondria", "synapses: post", "synapses: pre"]
    assert list(layers) == names
    assert layers["cells"]["segments"] == ["648518346349538179"]
    assert layers["mitochondria"]["segments"] == ["2740474", "9007199254740993"]
    assert layers["mitochondria"]["segmentColors"] == {
        "2740474": "#0072B2",
        "9007199254740993": "#E69F00",
    }
    post = layers["synapses: post"]
    assert post["annotationColor"] == "#000000"
    assert [point["id"] for point in post["annotations"]] == ["1", "2"]
    assert post["annotations"][0]["point"] == [100, 200, 30]
    assert post["annotations"][0]["segments"] == [["648518346349515987"]]
    assert post["linkedSegmentationLayer"] == {"segments": "cells"}


def test_no_number_of_a_state_is_beyond_what_a_browser_reads_exactly() -> None:
    def check(text: str) -> int:
        assert abs(int(text)) < 2**53
        return int(text)

    views = cell_views(CELL, COMPARTMENT_OF, ends(3), LAYERS, VIEWER)
    json.loads(views.state, parse_int=check)


def test_layers_that_believe_in_another_voxel_size_are_scaled() -> None:
    state = json.loads(cell_views(CELL, {}, NO_SYNAPSES, LAYERS, VIEWER).state)
    for layer in state["layers"]:
        (source,) = layer["source"]
        matrix = np.array(source["transform"]["matrix"])
        np.testing.assert_allclose(matrix[:, :3], np.diag([0.895, 0.895, 1]))
        assert not matrix[:, 3].any()
        assert "inputDimensions" not in source["transform"]
    true = Layers("precomputed://gs://b", *[(4, 4, 40)] * 2, "precomputed://gs://a")
    state = json.loads(cell_views(CELL, {}, NO_SYNAPSES, true, VIEWER).state)
    assert [layer["name"] for layer in state["layers"]] == ["cells", "mitochondria"]
    assert all("matrix" not in json.dumps(layer["source"]) for layer in state["layers"])


@pytest.mark.parametrize(
    ("mitochondria", "synapses", "shown"), [(3, 3, 0), (3, 3000, 1), (3000, 3, 2)]
)
def test_a_link_leaves_out_what_makes_it_too_long(mitochondria, synapses, shown) -> None:
    compartments = {1000000 + i: "Basal" for i in range(mitochondria)}
    views = cell_views(CELL, compartments, ends(synapses), LAYERS, VIEWER)
    address, fragment = urldefrag(views.url)
    assert (address, views.shown) == (VIEWER, SHOWN[shown])
    assert len(views.url) <= URL_LIMIT
    state = by_name(json.loads(unquote(fragment).removeprefix("!")))
    assert state["cells"]["segments"] == ["648518346349538179"]
    assert len(state["mitochondria"].get("segments", [])) == (0 if shown == 2 else mitochondria)
    assert ("synapses: post" in state) == (shown == 0)
    # The state always has everything.
    full = by_name(json.loads(views.state))
    assert len(full["mitochondria"]["segments"]) == mitochondria
    assert len(full["synapses: post"]["annotations"]) == synapses - 1


def test_states_are_made_without_a_network_and_are_the_same_each_time(monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    first, second = (cell_views(CELL, COMPARTMENT_OF, ends(3), LAYERS, VIEWER) for _ in range(2))
    assert first == second
    layers = Layers("precomputed://https://host/mito", (4, 4, 40), (4, 4, 40))
    places = np.array([[0.0, 0, 0], [4000, 8000, 400]])
    state = served_state([CELL], COMPARTMENT_OF, places, layers)
    local = json.loads(state_text(state))
    assert by_name(local)["cells"]["segments"] == ["648518346349538179"]
    assert (local["position"], local["projectionScale"]) == ([500, 1000, 5], 1600)


def test_the_room_is_entered_without_its_heavy_packages() -> None:
    heavy = ("nglui", "neuroglancer", "cloudvolume")
    code = f"import sys, mitosyn.views; print([m for m in {heavy} if m in sys.modules])"
    path = {"PYTHONPATH": str(ROOT / "workflow_scripts")}
    found = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


def test_state_of_a_dataset_without_mitochondria() -> None:
    layers = Layers("precomputed://https://host/mito", (4, 4, 40), (4, 4, 40))
    state = served_state([], {}, np.zeros((0, 3)), layers)
    assert json.loads(state_text(state))["position"] == [0, 0, 0]


def test_cells_of_a_type_that_is_not_known_have_a_colour_too() -> None:
    layers = Layers("precomputed://https://host/mito", (4, 4, 40), (4, 4, 40))
    state = served_state([replace(CELL, cell_type="purkinje")], {}, np.zeros((0, 3)), layers)
    colour = by_name(json.loads(state_text(state)))["cells"]["segmentColors"][str(CELL.cell_id)]
    assert colour in colours.TYPE_COLOURS.values()


def test_shader_has_the_colours_in_the_order_of_the_numbers() -> None:
    shader = point_shader("kind", {"a": "#FF0000", "b": "#0072B2"})
    assert "colours[0] = vec3(1.000, 0.000, 0.000);" in shader
    assert "colours[1] = vec3(0.000, 0.447, 0.698);" in shader
    assert "prop_kind()" in shader


def test_skeleton_of_one_node_and_of_two_pieces(tmp_path) -> None:
    one_node = nodes(7, [(0, 1.5, 2, 3, -1)])
    two_pieces = nodes(8, [(0, 1, 2, 3, -1), (2, 1, 2, 4, 0), (5, 9, 9, 9, -1)])
    assert len(precomputed_skeleton(one_node).edges) == 0
    np.testing.assert_array_equal(precomputed_skeleton(two_pieces).edges, [[0, 1]])
    write_skeletons(tmp_path / "o", [one_node, two_pieces], {CELL.cell_id: CELL})
    attributes = json.loads((tmp_path / "o" / "info").read_text())["vertex_attributes"]
    one = Skeleton.from_precomputed(
        (tmp_path / "o" / "7").read_bytes(), segid=7, vertex_attributes=attributes
    )
    np.testing.assert_array_equal(one.vertices, [[1.5, 2, 3]])


def test_one_tree_stays_one_tree_in_navis_and_in_cloudvolume(em_block, tmp_path) -> None:
    neurons, pieces = {}, {}
    for h5 in sorted((em_block / "skeletons").glob("*.h5")):
        skeleton = read_skeleton(h5)
        cell_id = int(h5.stem.removesuffix("_skeleton"))
        export(tmp_path / "swc", skeleton)
        neurons[cell_id] = nodes(cell_id, np.loadtxt(tmp_path / "swc")[:, [1, 2, 3, 4, 6]])
        pieces[cell_id] = len(skeleton.pieces)
    assert min(pieces.values()) == 1
    folder = tmp_path / "skeletons"
    write_skeletons(folder, neurons.values(), {CELL.cell_id: CELL})
    for cell_id, rows in neurons.items():
        neuron = navis.read_precomputed(str(folder / str(cell_id)))
        assert neuron.n_trees == pieces[cell_id]
        np.testing.assert_array_equal(neuron.nodes["parent_id"], rows["parent_id"])
        np.testing.assert_array_equal(neuron.nodes["compartment"], rows["label"])
        read = served_volume(folder).skeleton.get(cell_id)
        assert len(read.components()) == pieces[cell_id]
        np.testing.assert_array_equal(read.compartment, rows["label"])


def test_no_synapses_at_all(tmp_path) -> None:
    write_synapses(tmp_path / "o", NO_SYNAPSES)
    info = json.loads((tmp_path / "o" / "info").read_text())
    assert (info["lower_bound"], info["upper_bound"]) == ([0, 0, 0], [1, 1, 1])
    assert len(from_cloudpath(f"precomputed://file://{tmp_path}/o").get_all()) == 0


def test_link_to_a_mesh_layer(tmp_path) -> None:
    layer = tmp_path / "in" / "layer"
    (layer / "m").mkdir(parents=True)
    (layer / "m" / "1:0").write_text("{}")
    for name in ("null", "5", '"../m"'):
        (layer / "info").write_text('{"mesh": %s}' % name)  # noqa: UP031
        with pytest.raises(InputError, match="expected the name of a mesh folder"):
            link_mesh_layer(tmp_path / "out" / "meshes", layer)
    assert not (tmp_path / "out").exists()
    (layer / "info").write_text('{"@type": "segmentation", "mesh": "m", "scales": []}')
    link_mesh_layer(tmp_path / "out" / "meshes", layer)
    info = json.loads((tmp_path / "out" / "meshes" / "info").read_text())
    assert info["@type"] == "neuroglancer_multiscale_volume"
    assert (tmp_path / "out" / "meshes" / "m" / "1:0").read_text() == "{}"
    assert not (tmp_path / "out" / "meshes" / "m").readlink().is_absolute()
    (layer / "deep").mkdir()
    (layer / "m").rename(layer / "deep" / "m")
    (layer / "info").write_text('{"mesh": "deep/m/"}')
    link_mesh_layer(tmp_path / "out" / "meshes", layer)
    assert (tmp_path / "out" / "meshes" / "deep" / "m" / "1:0").read_text() == "{}"


# What a run has written ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(sample_run: Run) -> Path:
    assert sample_run.code == 0, sample_run.text
    return sample_run.folder / "results" / "sample"


def served_volume(folder: Path) -> CloudVolume:
    """Open a folder of skeletons; CloudVolume asks for a volume around it."""
    info = CloudVolume.create_new_info(
        num_channels=1,
        layer_type="segmentation",
        data_type="uint64",
        encoding="raw",
        resolution=(1, 1, 1),
        voxel_offset=(0, 0, 0),
        volume_size=(1, 1, 1),
        skeletons=folder.name,
    )
    return CloudVolume(f"precomputed://file://{folder.parent}", info=info)


@pytest.mark.workflow
def test_skeletons_read_back_as_the_swc_files(results) -> None:
    volume = served_volume(results / "neuroglancer" / "skeletons")
    paths = sorted((results / "cell_morphologies").glob("*.swc"))
    assert paths
    for path in paths:
        swc = pd.read_csv(path, header=None, delimiter=" ").to_numpy()
        skeleton = volume.skeleton.get(int(path.stem))
        np.testing.assert_allclose(skeleton.vertices, swc[:, 2:5], atol=0.05)
        np.testing.assert_array_equal(skeleton.compartment, swc[:, 1])
        np.testing.assert_array_equal(skeleton.radius, swc[:, 5])
        child = swc[swc[:, 6] >= 0]
        np.testing.assert_array_equal(skeleton.edges, child[:, [6, 0]])


@pytest.mark.workflow
def test_cells_have_their_types_as_tags(results) -> None:
    folder = results / "neuroglancer" / "skeletons" / "segment_properties"
    inline = json.loads((folder / "info").read_text())["inline"]
    cells = pd.read_csv(results / "cells.csv", dtype={"cell_id": str})
    assert inline["ids"] == cells["cell_id"].tolist()
    labels, tags = inline["properties"]
    assert labels["values"][0] == f"{cells['cell_subtype'][0]} {cells['cell_id'][0]}"
    for row, numbers in zip(cells.itertuples(), tags["values"], strict=True):
        named = {tags["tags"][number] for number in numbers}
        assert named == {row.cell_type, row.cell_subtype.replace(" ", "_")}


@pytest.mark.workflow
def test_mitochondria_read_back_as_the_tables(results) -> None:
    source = from_cloudpath(f"precomputed://file://{results}/neuroglancer/mitochondria")
    tables = [pd.read_csv(path) for path in (results / "microns_cells").glob("*.csv")]
    expected = pd.concat(tables).set_index("mito_id").sort_index()
    found = source.get_all().pandas().sort_index()
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(found[["x", "y", "z"]], expected[["x", "y", "z"]], atol=0.05)
    # Points have the colours of the skeletons' labels, so they go by number.
    pyramidal = expected["cell_type"] == "pyramidal"
    swapped = {"Unknown": "Unknown dendritic", "Unknown dendritic": "Unknown"}
    named = expected["compartment"].mask(pyramidal, expected["compartment"].replace(swapped))
    assert (named != expected["compartment"]).any()
    assert found["compartment"].tolist() == named.tolist()
    np.testing.assert_allclose(found["volume_um3"], expected["mito size"] / 1e9, rtol=1e-6)
    assert found["volume_um3"].isna().any()
    for cell_id, rows in expected.groupby("cellid"):
        related = source.get_by_relationship("cell", int(cell_id))
        assert sorted(related.ids) == rows.index.tolist()
    one = source.get_by_id(int(expected.index[0]))
    assert one.relationships["rel_cell"].tolist() == [expected["cellid"].iloc[0]]
    assert one.relationships["rel_mitochondrion"].tolist() == [expected.index[0]]


@pytest.mark.workflow
def test_synapses_read_back_as_the_table(results) -> None:
    source = from_cloudpath(f"precomputed://file://{results}/neuroglancer/synapses")
    expected = pd.read_csv(results / "synapse_filtered.csv", index_col=0)
    found = source.get_all().pandas().sort_index()
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(found[["x", "y", "z"]], expected[["x", "y", "z"]], atol=0.05)
    assert found["synapse_type"].tolist() == expected["synapse_type"].tolist()
    columns = {"cell": "cell_id", "pre_cell": "pre_root_id", "post_cell": "post_root_id"}
    for relationship, column in columns.items():
        partner = int(expected[column].iloc[-1])
        rows = expected.index[expected[column] == partner]
        assert sorted(source.get_by_relationship(relationship, partner).ids) == rows.tolist()
        one = source.get_by_id(int(expected.index[-1]))
        assert one.relationships[f"rel_{relationship}"].tolist() == [partner]
    nearest = pq.read_table(results / "synapses.parquet")["nearest_mito_id"].to_pylist()
    for mito_id in {nearest[0], next(i for i in nearest if i is not None)} - {None}:
        rows = [row for row, near in enumerate(nearest) if near == mito_id]
        related = source.get_by_relationship("mitochondrion", mito_id)
        assert sorted(related.ids) == rows


def test_a_synapse_without_a_mitochondrion_is_related_to_none(tmp_path) -> None:
    columns = ["cell_id", "pre_root_id", "post_root_id"]
    table = {name: [BIG, BIG] for name in columns} | {axis: [1.0, 2.0] for axis in "xyz"}
    table |= {"synapse_type": ["pre", "post"], "nearest_mito_id": [None, BIG + 2]}
    pq.write_table(pa.table(table), tmp_path / "synapses.parquet")
    write_synapses(tmp_path / "points", read_synapses(tmp_path / "synapses.parquet"))
    source = from_cloudpath(f"precomputed://file://{tmp_path}/points")
    assert sorted(source.get_by_relationship("mitochondrion", BIG + 2).ids) == [1]
    assert (tmp_path / "points" / "rel_mitochondrion" / str(BIG + 2)).exists()
    assert len(list((tmp_path / "points" / "rel_mitochondrion").iterdir())) == 1


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder with CloudVolume's server, as the documentation does."""

    def handler(*arguments: object) -> ViewerServerHandler:
        return ViewerServerHandler(f"file://{folder}", *arguments)

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.workflow
def test_the_state_opens_what_is_served(results) -> None:
    folder = results / "neuroglancer"
    state = json.loads((folder / "state.json").read_text())
    cells = read_cells(results / "tables" / "cells.arrow")
    layers = by_name(state)
    assert layers["cells"]["segments"] == [str(cell_id) for cell_id in cells]
    assert len(layers["mitochondria"]["segments"]) == len(layers["mitochondria"]["segmentColors"])
    with served(folder) as url:

        def get(path: str) -> tuple[bytes, str]:
            with urllib.request.urlopen(url + path, timeout=10) as answer:
                return answer.read(), answer.headers["Access-Control-Allow-Origin"]

        kinds = {}
        for layer in state["layers"]:
            address = layer["source"][0]["url"] if isinstance(layer["source"], list) else ""
            assert address.startswith(f"precomputed://{LOCAL_SERVER}/")
            path = address.removeprefix(f"precomputed://{LOCAL_SERVER}")
            content, cors = get(f"{path}/info")
            kinds[path] = json.loads(content)["@type"]
            assert cors == "*"
        assert kinds == {
            "/skeletons": "neuroglancer_skeletons",
            "/meshes": "neuroglancer_multiscale_volume",
            "/mitochondria": "neuroglancer_annotations_v1",
            "/synapses": "neuroglancer_annotations_v1",
        }
        neuron = next(c for c in cells.values() if c.cell_type == "pyramidal")
        skeleton, _ = get(f"/skeletons/{neuron.cell_id}")
        assert skeleton == (folder / "skeletons" / str(neuron.cell_id)).read_bytes()
        manifest, cors = get(f"/meshes/mesh/{layers['mitochondria']['segments'][0]}:0")
        assert json.loads(manifest)["fragments"]
        assert get("/state.json")[0] == (folder / "state.json").read_bytes()


@pytest.mark.workflow
def test_logs_of_jobs_whose_libraries_log_too(sample_run: Run) -> None:
    for rule in ("write_precomputed_annotations", "write_neuroglancer_state"):
        assert "MB at most" in (sample_run.folder / f"logs/sample/{rule}.log").read_text()
