"""Jobs of the past, as far as somebody asks for them."""

import re
import sqlite3
from itertools import islice

from nodeflow.server.jobs.job import Job, Wanted
from nodeflow.server.jobs.prompts import says
from nodeflow.server.store.jobs import COLUMNS, from_row

_ALIKE = re.compile(r"[ -!#-\[\]-~\u2e80-\u9fff\uac00-\ud7a3]+")
"""What JSON writes as it is, and SQLite makes lower case as Python does."""
_TEXT = "lower(cast(body as text) || '\n' || name || '\n' || workflow || '\n' || report || number)"


def select(connection: sqlite3.Connection, wanted: Wanted, before: int, limit: int) -> list[Job]:
    """At most so many jobs with numbers below `before`, newest first.

    SQLite leaves out documents that have a word nowhere; where in them it stands is looked at in
    those that are left, until there are enough.
    """
    marks = ", ".join("?" * len(wanted.states))
    where = f"number < ? and (? = '' or user = ?) and state in ({marks})"
    arguments: list[object] = [before, wanted.user, wanted.user, *wanted.states]
    for column, value in (("client", wanted.client), ("workflow", wanted.workflow)):
        if value:
            where += f" and {column} = ?"
            arguments.append(value)
    if wanted.variants:
        where += """ and instr(options, '"variant":{') > 0"""
    for word in wanted.words:
        where += f" and instr({_TEXT}, ?) > 0"
        arguments.append(max(_ALIKE.findall(word.removeprefix("#")), key=len, default=""))
    rows = connection.execute(
        f"select {COLUMNS}, body from jobs join documents on digest = document where {where} "
        "order by number desc", arguments,
    )  # fmt: skip
    jobs = ((from_row(row[:-1]), bytes(row[-1])) for row in rows)
    return list(islice((job for job, body in jobs if says(job, body, wanted.words)), limit))
