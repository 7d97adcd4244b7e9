"""The configuration: what its keys mean, its check, and where the inputs that it names lie.

The text below a field is the meaning of its key, written there alone: ``schema.json`` and the
tables of ``docs/configuration.md`` are made from it.
"""

from mitosyn.config.locate import locate_inputs
from mitosyn.config.parts import PUBLIC_VIEWER
from mitosyn.config.problems import ConfigError, duplicate_keys
from mitosyn.config.reading import read_config
from mitosyn.config.schema import config_schema, with_key_tables
from mitosyn.config.values import Name
