"""Rows as data frames of pandas and polars, column by column, with the types that the columns have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from .extras import needed


class Column(NamedTuple):
    """A column: its name, its type (``time``: a ``datetime`` with a zone), and how a row's value is had; ``None``: it has none."""

    name: str
    kind: Literal["text", "int", "bool", "time"]
    value: Callable[[Any], Any]


def to_arrow(columns: Sequence[Column], rows: Sequence[Any]) -> Any:
    """An Arrow table of these columns, as pyarrow has it."""
    pyarrow = needed("pyarrow", "Arrow's C interface", "pyarrow")
    types = {"text": pyarrow.string(), "int": pyarrow.int64(), "bool": pyarrow.bool_(), "time": pyarrow.timestamp("ms", "UTC")}
    arrays = [pyarrow.array([column.value(row) for row in rows], types[column.kind]) for column in columns]
    return pyarrow.Table.from_arrays(arrays, names=[column.name for column in columns])


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

