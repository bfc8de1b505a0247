"""Schemas of queries with a first and a last day."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

import marshmallow as ma

from vorex_sessions.web import query_fields
from vorex_sessions.web.schemas import Schema

_EARLIEST = date(1900, 1, 1)  # leaves room for the days before a range


class DatesQuerySchema(Schema):
    """Two days, both optional and included."""

    date_from = query_fields.Day(
        validate=ma.validate.Range(min=_EARLIEST, error=f"must not be before {_EARLIEST}"),
        description="First calendar day (`practiced_on`), included.",
        example="2026-03-01",
    )
    date_to = query_fields.Day(
        description="Last calendar day (`practiced_on`), included.", example="2026-03-31"
    )

    @ma.validates_schema
    def _check_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        if {"date_from", "date_to"} <= data.keys() and data["date_from"] > data["date_to"]:
            raise ma.ValidationError("must not be after date_to", "date_from")


class RangeQuerySchema(DatesQuerySchema):
    """Two days instead of a parameter that has a default: both or neither, and not too far apart."""

    most_days: ClassVar[int]
    instead_of: ClassVar[str]

    @ma.validates_schema(pass_original=True)
    def _check_range(self, data: dict[str, Any], sent: Mapping[str, Any], **kwargs: Any) -> None:
        given = [name for name in ("date_from", "date_to") if name in data]
        if not given:
            return
        if len(given) == 1:
            other = "date_to" if given == ["date_from"] else "date_from"
            raise ma.ValidationError(f"is required with {given[0]}", other)
        if self.instead_of in sent:
            raise ma.ValidationError(
                "must be left out where date_from and date_to are used", self.instead_of
            )
        if (data["date_to"] - data["date_from"]).days >= self.most_days:
            rule = f"must be at most {self.most_days} days from date_from, both included"
            raise ma.ValidationError(rule, "date_to")
