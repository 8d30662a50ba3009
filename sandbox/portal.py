"""The agenda as an Opendatasoft portal re-publishes it: Explore API v2.1 and Search API v1.0 (documents read in 2026).

`/api/explore/v2.1/catalog/datasets/{id}/exports/{jsonl|json|csv}` tells all rows at once, `/records` pages of `limit`
(10, at most 100) up to the 10,000th row; both take `where` with `updatedat >= date'…'`. v1 has `/records/1.0/search/`
and `/records/1.0/download/`. What was removed from the agenda is simply not there. `Authorization: Apikey …` where a
key is asked for.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.listings import Agenda, Listing
from sandbox.stock_paging import answer

DATASET = "evenements-publics-openagenda"
_DEFAULT, _MOST, _DEEPEST = 10, 100, 10_000
_WHERE = re.compile(r"updatedat >= date'([^']+)'")


def build(agenda: Agenda, faults: Faults, *, key: str | None = None) -> web.Application:
    """Returns the application over one agenda."""

    def checked(request: web.Request, dataset: str) -> list[Listing]:
        if key is not None and request.headers.get("Authorization") != f"Apikey {key}":
            raise _refused(web.HTTPUnauthorized, "AuthenticationRequired", "Clé absente ou refusée.")
        if dataset != DATASET:
            raise _refused(web.HTTPNotFound, "DatasetNotFoundError", f"The dataset {dataset} does not exist.")
        listed = [one for _, one in sorted(agenda.listings.items()) if not one.removed]
        where = request.query.get("where")
        if where is None:
            return listed
        found = _WHERE.fullmatch(where)
        if found is None:
            raise _refused(web.HTTPBadRequest, "ODSQLError", f"ODSQL query is malformed: {where}")
        since = datetime.fromisoformat(found[1])
        return [one for one in listed if one.updated_at >= since]

    async def export(request: web.Request) -> web.Response:
        rows = [fields(one) for one in checked(request, request.match_info["dataset"])]
        match request.match_info["format"]:
            case "jsonl":
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                return web.Response(text=text, content_type="application/jsonl")
            case "json":
                return answer_list(rows)
            case "csv":
                return web.Response(text=_csv(rows), content_type="text/csv")
            case other:
                raise _refused(web.HTTPBadRequest, "InvalidRESTParameterError", f"{other} is not a known format")

    async def records(request: web.Request) -> web.Response:
        listed = checked(request, request.match_info["dataset"])
        limit, offset = (
            int(request.query.get(name, default)) for name, default in (("limit", _DEFAULT), ("offset", 0))
        )
        if limit > _MOST or limit + offset > _DEEPEST:
            raise _refused(web.HTTPBadRequest, "InvalidRESTParameterError", "limit + offset is too large")
        page = [fields(one) for one in listed[offset : offset + limit]]
        return answer({"total_count": len(listed), "results": page})

    async def download(request: web.Request) -> web.Response:
        dataset = request.query.get("dataset", "")
        return answer_list([_record(one) for one in checked(request, dataset)])

    async def search(request: web.Request) -> web.Response:
        dataset = request.query.get("dataset", "")
        rows, start = int(request.query.get("rows", _DEFAULT)), int(request.query.get("start", 0))
        listed = checked(request, dataset)
        told = [_record(one) for one in listed[start : start + rows]]
        parameters = {"dataset": dataset, "rows": rows, "start": start, "format": "json", "timezone": "UTC"}
        return answer({"nhits": len(listed), "parameters": parameters, "records": told})

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/api/explore/v2.1/catalog/datasets/{dataset}/exports/{format}", export)
    app.router.add_get("/api/explore/v2.1/catalog/datasets/{dataset}/records", records)
    app.router.add_get("/api/records/1.0/download/", download)
    app.router.add_get("/api/records/1.0/search/", search)
    return app


def fields(listing: Listing) -> dict[str, Any]:
    """One row: flat, with JSON inside texts, dates in UTC beside timings with their offsets."""
    timings = [{"begin": begin.isoformat(), "end": end.isoformat()} for begin, end in listing.timings]
    row: dict[str, Any] = {
        "uid": str(listing.uid),
        **{f"title_{language}": text for language, text in listing.title.items()},
        **{f"description_{language}": text for language, text in listing.description.items()},
        "keywords_fr": listing.keywords or None,
        "updatedat": zulu(listing.updated_at),
        "firstdate_begin": zulu(listing.timings[0][0]),
        "lastdate_end": zulu(listing.timings[-1][1]),
        "timings": json.dumps(timings),
        "status": json.dumps({"id": listing.status, "label": {"io": "crwdns16100:0crwdne16100:0"}}),
        "attendancemode": json.dumps({"id": listing.attendance_mode, "label": {"fr": "Sur place"}}),
        "onlineaccesslink": listing.link,
        "registration": "[]",
    }
    if (location := listing.location) is not None:
        place = location.place
        row |= {
            "location_uid": str(location.uid),
            "location_name": location.name,
            "location_address": place.street or None,
            "location_postalcode": place.postal_code,
            "location_city": place.city,
            "location_insee": place.insee,
            "location_countrycode": "FR",
            "location_coordinates": {"lon": place.longitude, "lat": place.latitude},
        }
    return row


def answer_list(rows: list[dict[str, Any]]) -> web.Response:
    """Returns a bare JSON list."""
    return web.json_response(rows)


def _record(listing: Listing) -> dict[str, Any]:
    row = {name: value for name, value in fields(listing).items() if value is not None}
    point = row.get("location_coordinates")
    if point is not None:
        row["location_coordinates"] = [point["lat"], point["lon"]]
    recordid = f"{listing.uid:040x}"
    return {"datasetid": DATASET, "recordid": recordid, "fields": row, "record_timestamp": zulu(listing.updated_at)}


def _csv(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([list(_cells(row, names)) for row in rows])
    return "\ufeff" + made.getvalue()


def _cells(row: dict[str, Any], names: list[str]) -> Iterator[str]:
    for name in names:
        value = row.get(name)
        if isinstance(value, dict):
            value = f"{value['lat']}, {value['lon']}"
        yield ",".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _refused(kind: type[web.HTTPException], code: str, why: str) -> web.HTTPException:
    return kind(text=json.dumps({"error_code": code, "message": why}), content_type="application/json")
