"""Rows as data frames of pandas and polars, column by column, with the types that the columns have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from .extras import needed
from .times import to_ms


class Column(NamedTuple):
    """A column: its name, its type (``time``: a ``datetime`` with a zone), and how a row's value is had; ``None``: it has none."""

    name: str
    kind: Literal["text", "int", "bool", "time"]
    value: Callable[[Any], Any]


def to_arrow(columns: Sequence[Column], rows: Sequence[Any]) -> Any:
    """An Arrow array of these columns, as nanoarrow has it: a struct for each row."""
    nanoarrow = needed("nanoarrow", "Arrow's C interface", "'livekeeper[arrow]'")
    types = {
        "text": nanoarrow.string(),
        "int": nanoarrow.int64(),
        "bool": nanoarrow.bool_(),
        "time": nanoarrow.timestamp("ms", timezone="UTC"),
    }
    arrays = [nanoarrow.c_array(_values(column, rows), types[column.kind]) for column in columns]
    schema = nanoarrow.struct({column.name: types[column.kind] for column in columns}, nullable=False)
    # A table is a struct whose rows are all there: it needs no bits that say which are missing.
    table = nanoarrow.c_array_from_buffers(schema, len(rows), buffers=[None], null_count=0, children=arrays)
    return nanoarrow.Array(table)


def _values(column: Column, rows: Sequence[Any]) -> list[Any]:
    values = [column.value(row) for row in rows]
    return [value and to_ms(value) for value in values] if column.kind == "time" else values


def to_pandas(columns: Sequence[Column], rows: Sequence[Any]) -> Any:
    """A pandas data frame of these columns."""
    pandas = needed("pandas", "a data frame", "pandas")
    types = {"text": "string", "int": "Int64", "bool": "boolean", "time": "datetime64[ms, UTC]"}
    series = {
        column.name: pandas.Series([column.value(row) for row in rows], dtype=types[column.kind]) for column in columns
    }
    return pandas.DataFrame(series)


def to_polars(columns: Sequence[Column], rows: Sequence[Any]) -> Any:
    """A polars data frame of these columns."""
    polars = needed("polars", "a data frame", "polars")
    types = {"text": polars.String, "int": polars.Int64, "bool": polars.Boolean, "time": polars.Datetime("ms", "UTC")}
    values = {column.name: [column.value(row) for row in rows] for column in columns}
    return polars.DataFrame(values, schema={column.name: types[column.kind] for column in columns})
