"""The binary COPY that numpy builds is read by PostgreSQL as it was meant."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store import binary_copy
from pipelines.store.subjects import group

rows = st.lists(
    st.tuples(
        st.integers(-(2**15), 2**15 - 1), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1),
        st.booleans(), st.dates(date(1, 1, 1), date(9999, 12, 31)), st.binary(min_size=16, max_size=16),
        st.binary(min_size=3, max_size=3),
    ),
    max_size=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def connection(homes):
    with psycopg.connect(homes.blank().admin) as connection:
        connection.execute(
            "CREATE TEMPORARY TABLE t (a smallint, b integer, c bigint, d boolean, e date, f uuid, g bytea)"
        )
        yield connection


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows)
def test_what_is_copied_in_is_read_back(connection, rows):
    columns = list(zip(*rows, strict=True)) or [()] * 7
    arrays = [
        np.array(columns[0], dtype=np.int16),
        np.array(columns[1], dtype=np.int32),
        np.array(columns[2], dtype=np.int64),
        np.array(columns[3], dtype=bool),
        np.array(columns[4], dtype="datetime64[D]"),
        np.frombuffer(b"".join(columns[5]), dtype=np.uint8).reshape(-1, 16),
        np.frombuffer(b"".join(columns[6]), dtype=np.uint8).reshape(-1, 3),
    ]
    connection.execute("TRUNCATE t")
    with connection.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
        for piece in binary_copy.fixed_rows(arrays):
            copy.write(piece)
    expected = [(*row[:5], UUID(bytes=row[5]), row[6]) for row in rows]
    assert sorted(connection.execute("SELECT * FROM t").fetchall(), key=repr) == sorted(expected, key=repr)


@given(
    digests=st.lists(st.sampled_from([b"a" * 16, b"a" * 15 + b"b", b"b" * 16, bytes(16), b"\xff" * 16]), max_size=12)
)
def test_equal_digests_are_numbered_equally_and_others_not(digests):
    labels = group(np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 16)).tolist()
    assert len(set(zip(labels, digests, strict=True))) == len(set(labels)) == len(set(digests))
