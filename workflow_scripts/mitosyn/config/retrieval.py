"""The section ``retrieval``, of which :class:`mitosyn.retrieval.transfer.Policy` is made."""

from __future__ import annotations

from mitosyn.config.values import PositiveInt, Section, Size


class Retrieval(Section):
    """How patient and how polite retrieval is."""

    attempts: PositiveInt = 6
    """Tries in a row that may bring nothing before a transfer is given up."""
    backoff_s: Size = 1.0
    """Longest wait before the second try, in s; it doubles with every try."""
    timeout_s: Size = 60.0
    """Longest wait for a connection, an answer or its next bytes, in s."""
    connections_per_job: PositiveInt = 32
    """Requests at once by one job."""
    connections: PositiveInt = 64
    """Requests at once by all jobs together."""
