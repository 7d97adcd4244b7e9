"""The embedded dataset, generated."""

from mitosyn.sample.branch_inputs import make_branch_inputs
from mitosyn.sample.dataset import make_dataset
