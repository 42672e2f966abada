"""Tables, indexes and the log."""

from dataclasses import replace
from typing import Any

from loadtests.people import DESCRIPTION, TITLE
from loadtests.scaling import requests, space, storage
from loadtests.scaling.page.markdown import amount, table
from loadtests.scaling.plan import tiers
from loadtests.scaling.space import KEYS, KEYS_INDEXES, Space

LONGER = 1_800  # seconds between checkpoints, in place of the default


def sizes(measured: dict[str, Any]) -> str:
    """What a user, a task and a key take."""
    found = measured["random"] | measured["keyed"]
    texts = {
        "a user": ("users", ("users_pkey", "users_email_key")),
        "a task": ("tasks", ("tasks_pkey", "tasks_list_idx")),
        "an idempotency key": (KEYS, KEYS_INDEXES),
    }
    rows = []
    for name, (heap, indexes) in texts.items():
        of_indexes = sum(found[index] for index in indexes)
        packed = sum(found.get(f"{index}_packed", 0) for index in indexes)
        cells = (found[heap], of_indexes, packed, found[heap] + of_indexes)
        rows.append((name, *(f"{cell:.0f}" if cell else "–" for cell in cells)))
    header = ("bytes", "row", "its index entries", "the same after `REINDEX`", "in all")
    how = (
        f"Titles of {len(TITLE.format(1))} characters, descriptions of {len(DESCRIPTION)}, keys "
        "that are UUIDs."
    )
    return f"{table(header, rows)}\n\n{how}"


def images(measured: dict[str, Any]) -> str:
    """What it is that the log of the last tier is made of."""
    found = Space(tiers(measured)[-1])
    share = found.images_of_add * space.image(measured) / found.wal_bytes_of_add
    return (
        "What one PostgreSQL then hardly bears is its log: each task added writes "
        f"{amount(found.images_of_add)} whole pages\ninto it (below), {share:.0%} of all its "
        "bytes, which go to disk, to each standby and to the backup."
    )


def checkpoints(measured: dict[str, Any]) -> str:
    """What more time between checkpoints would save there."""
    plan = tiers(measured)[-1]
    longer = replace(plan, assumed=replace(plan.assumed, checkpoint_s=LONGER))
    before, after = (Space(each).wal_bytes_of_add for each in (plan, longer))
    return (
        f"At {plan.users:,} users and a checkpoint every {plan.assumed.checkpoint_s:.0f} s a task "
        f"more logs {amount(before)} bytes,\nevery {LONGER:,} s {amount(after)}."
    )


def keys(measured: dict[str, Any]) -> str:
    """Random keys beside ordered ones."""
    all_ = [measured[name] for name in ("random", "ordered", "compressed")]
    random = space.images_while_growing(measured, space.KEY, space.LIST)
    ordered = space.images_while_growing(measured, space.LIST)
    rows = [
        ("tasks inserted in a second", *(f"{each['rate']:,.0f}" for each in all_)),
        ("primary key, bytes a task", *(f"{each[space.KEY]:.0f}" for each in all_)),
        ("how full its pages are", *(f"{each['density']:.0f} %" for each in all_)),
        ("pages written for a task", *(f"{each['pages']:.1f}" for each in all_)),
        ("page images in the log for a task", *(f"{each['images']:.2f}" for each in all_)),
        ("the same by the formula", *(f"{each:.2f}" for each in (random, ordered, random))),
        ("bytes of log for a task", *(f"{each['wal']:,.0f}" for each in all_)),
    ]
    header = ("", "random (version 4)", "ordered (as version 7)", "random, `wal_compression = lz4`")
    how = (
        f"{storage.TASKS:,} tasks, a checkpoint every {storage.BETWEEN_CHECKPOINTS:,}, "
        f"{storage.SMALL['shared_buffers']} of shared buffers."
    )
    return f"{table(header, rows)}\n\n{how}"


def room(measured: dict[str, Any]) -> str:
    """Changes on full pages, and on pages that were left some room."""
    both = (measured["full_pages"], measured["pages_with_room"])
    rows = [
        ("changes that touch no index", *(f"{each['hot']:.0%}" for each in both)),
        ("CPU in the database, µs", *(f"{each['us']:.0f}" for each in both)),
    ]
    return table(("", "full pages", f"`fillfactor = {requests.FILL_FACTOR}`"), rows)
