"""`list`: children who are absent, who failed to appear, whose address mail cannot reach."""

from __future__ import annotations

from datetime import date

import click

from casefeed.cli.agency import output
from casefeed.ledger import display
from casefeed.ledger.lists import ListFilter, ListItem, ListPage, load_list
from casefeed.publish.agency import Agency

COLUMNS = ("child", "area", "since", "what", "known since", "ended", "uncertain")


def list_command(agency: Agency) -> click.Command:
    """`list WHICH` over this agency's ledger."""

    @click.command("list")
    @click.argument("which", type=click.Choice(list(agency.lists)))
    @click.option(
        "--area", callback=output.parse_area, metavar="CODE", help="Only this ERO area, by its three letters."
    )
    @click.option("--since", type=output.DAY, help="Only what came about on this UTC day or later.")
    @click.option("--until", type=output.DAY, help="Only what came about on this UTC day or before.")
    @click.option("--open", "lasting", is_flag=True, help="Only what still lasts.")
    @output.limit_option
    @output.format_option("table", "json", "csv")
    def command(
        which: str,
        area: str | None,
        since: date | None,
        until: date | None,
        lasting: bool,
        limit: int | None,
        form: str,
    ) -> None:
        """Children by what needs somebody, the longest ago first; days are UTC days.

        A missed hearing is one row however often it was told; an address is listed until a correction makes it good.
        Keys that were merged are one child, under the key that stays.
        """
        now = output.now_ms()
        choice = ListFilter(area, since, until, lasting)
        with output.ledger_snapshot(agency) as db:
            page = load_list(db, which, choice, now, limit=output.effective_limit(limit, form))
        output.print_page(page, form, lambda: _print_list(page, agency, now))
        output.exit_by_freshness(page.freshness, agency)

    return command


def _print_list(page: ListPage, agency: Agency, now: int) -> None:
    title = f"{agency.lists[page.name]}, {_scope_text(page.filter)}"
    output.print_table(
        f"{title}: {output.count_text(len(page.items), page.count)}; days are UTC",
        COLUMNS,
        (_table_row(each, page.name, now) for each in page.items),
        if_empty=f"{title}: none. Leave out a filter to see more; where nothing has been read yet, "
        f"`{agency.command} intake` reads the feed.",
    )
    output.print_freshness(page.freshness, agency)


def _scope_text(choice: ListFilter) -> str:
    named = (
        f"in {display.area_name(choice.area)}" if choice.area else "in every area",
        f"since {choice.since}" if choice.since else "",
        f"until {choice.until}" if choice.until else "",
        "that still last" if choice.open else "",
    )
    return ", ".join(filter(None, named))


def _table_row(item: ListItem, name: str, now: int) -> tuple[str, ...]:
    return (
        item.child_key,
        display.area_name(item.area),
        f"{display.iso_day(item.since)} ({display.days_ago(item.since, now)})",
        item.what,
        str(display.iso_day(item.recorded_at)),
        display.iso_day(item.ended) or ("lasts" if name == "absences" else ""),
        "uncertain" if item.uncertain else "",
    )
