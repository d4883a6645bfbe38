"""What operators watch by: dashboard, alert rules and their page name the metrics that exist, and all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from casefeed.kafka.reachability import ATTENTION_AFTER_MS
from casefeed.publish import metrics as publishing
from casefeed.read import metrics as reading
from casefeed.runtime.metrics import PROCESS_METRICS, Histogram
from tests.house.checkout import ROOT
from tests.house.pages import Page

OPERATE = ROOT / "docs" / "operate"
PAGE = Page(OPERATE / "watching.md")
DASHBOARD: dict[str, Any] = json.loads((OPERATE / "casefeed.dashboard.json").read_text(encoding="utf-8"))
RULES: dict[str, Any] = yaml.safe_load((OPERATE / "casefeed.rules.yml").read_text(encoding="utf-8"))
CASES: dict[str, Any] = yaml.safe_load((OPERATE / "casefeed.rules.test.yml").read_text(encoding="utf-8"))
SCRAPING: dict[str, Any] = yaml.safe_load((OPERATE / "prometheus.yml").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
ALERTS: dict[str, dict[str, Any]] = {each["alert"]: each for group in RULES["groups"] for each in group["rules"]}
METRICS = [each for room in (PROCESS_METRICS, reading.METRICS, publishing.OUTBOX_METRICS) for each in room]

# What Prometheus adds to every series, and the one series that is its own.
ADDED = {"job", "instance"}
LANGUAGE = {
    "and", "or", "on", "by", "ignoring", "without", "unless", "time", "vector", "sum", "min", "max", "count", "rate",
    "increase", "clamp_min", "histogram_quantile", "label_values",
}  # fmt: skip
WORD = re.compile(r"(?<![\w$.:])[a-zA-Z_:][\w:]*")
MATCHERS = re.compile(r"\{([^}]*)\}")
GROUPING = re.compile(r"\b(by|on|ignoring|without) *\(([^)]*)\)")
RANGE = re.compile(r"\[[^]]*\]")
QUOTED = re.compile(r'"[^"]*"')


def series() -> dict[str, set[str]]:
    """Every series that is exported, with its labels; and `up`."""
    found: dict[str, set[str]] = {"up": set()}
    for each in METRICS:
        if isinstance(each, Histogram):
            found |= {f"{each.name}{part}": set(each.labels) for part in ("_sum", "_count")}
            found[f"{each.name}_bucket"] = {*each.labels, "le"}
        else:
            found[each.name] = set(each.labels)
    return found


def faults(expression: str) -> list[str]:
    """What an expression of PromQL names that does not exist: series, labels, functions."""
    known = series()
    plain = RANGE.sub("", QUOTED.sub('""', expression))
    labels = {label for inside in MATCHERS.findall(plain) for label in WORD.findall(inside)}
    labels |= {label for _, inside in GROUPING.findall(plain) for label in WORD.findall(inside)}
    rest = GROUPING.sub(r"\1", MATCHERS.sub("", plain))
    named = set(WORD.findall(rest))
    if "label_values" in named:
        label = rest.rpartition(",")[2].strip(" )")
        labels, named = labels | {label}, named - {label}
    used = named & known.keys()
    found = [f"no series or function {each}" for each in sorted(named - known.keys() - LANGUAGE)]
    there = ADDED.union(*(known[each] for each in used))
    return found + [f"no label {each} of {sorted(used)}" for each in sorted(labels - there)]


def expressions() -> Iterator[tuple[str, str]]:
    """(where it stands, expression) of every alert, panel and variable."""
    for name, alert in ALERTS.items():
        yield name, alert["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def test_every_expression_names_what_exists() -> None:
    """Series, labels and functions of rules and dashboard are there."""
    assert [(where, found) for where, text in expressions() if (found := faults(text))] == []


def test_the_check_would_see_a_fault() -> None:
    """A metric, a label in a matcher, in a grouping or in a variable that does not exist is found."""
    assert not faults('sum by (topic) (rate(casefeed_lag_records{topic=~"$topic"}[5m])) > 1e3')
    assert faults("casefeed_lag_record > 0") == ["no series or function casefeed_lag_record"]
    assert faults('casefeed_lag_records{reason="x"}') == ["no label reason of ['casefeed_lag_records']"]
    assert faults("sum by (child_key) (casefeed_parked_records)")
    assert faults("histogram_quantile(0.5, casefeed_batch_seconds)")
    assert faults("label_values(casefeed_ready, topic)")
    assert faults("nonsense(up)")


def test_every_metric_is_on_the_page() -> None:
    """A row each, with kind, labels and what it says; and no row of one that does not exist."""
    rows = [f"| `{each.name}` | {each.kind} | {', '.join(each.labels)} | {each.help} |" for each in METRICS]
    assert [row for row in PAGE.text.splitlines() if row.startswith("| `casefeed_")] == rows
    assert len({each.name for each in METRICS}) == len(METRICS)


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_and_leads_to_what_to_do(name: str) -> None:
    """It has a severity, a summary, and a heading of its own on the page; and a case that shows it begin."""
    alert = ALERTS[name]
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"]["summary"]
    path, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert (ROOT / path, anchor) == (PAGE.path, name.lower())
    assert anchor in PAGE.anchors()
    cases = [case for test in CASES["tests"] for case in test["alert_rule_test"]]
    assert [case for case in cases if case["alertname"] == name and case["exp_alerts"]]


def test_ten_thousand_parked_records_of_one_cause_are_one_alert() -> None:
    """Reason is all that tells one from another: the count is in the text alone, and a restart is no all-clear."""
    alert = ALERTS["CasefeedRecordsParked"]
    assert alert["expr"] == "sum by (reason) (casefeed_parked_records) > 0"
    assert "$value" in alert["annotations"]["summary"]
    assert alert["for"]
    assert alert["keep_firing_for"]


def test_late_is_late_for_the_rules_as_for_the_commands() -> None:
    """`ice status`, `orr status` and the alerts have one deadline."""
    for name in ("CasefeedBehind", "CasefeedEndsNotSeen", "CasefeedOutboxWaits"):
        assert ALERTS[name]["expr"].endswith(f"> {ATTENTION_AFTER_MS // 1000}")


def test_the_dashboard_can_be_imported_anywhere() -> None:
    """It names no data source of ours, every panel says what it shows, and none lies over another."""
    panels = DASHBOARD["panels"]
    assert len({each["id"] for each in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            sources = [panel["datasource"], *(each["datasource"] for each in panel["targets"])]
            assert {each["uid"] for each in sources} == {"${datasource}"}
            assert panel["description"]
    variables = {each["name"]: each["type"] for each in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "instance": "query"}
    used = set(re.findall(r"\$(\w+)", " ".join(text for _, text in expressions())))
    assert used - {"__rate_interval"} <= variables.keys()


def test_the_scraping_asks_where_the_services_listen() -> None:
    """Every service of the compose file that listens is a target, at its port; the rules are those of the file."""
    listening = {
        f"{name}:{words[words.index('--listen') + 1].rpartition(':')[2]}"
        for name, service in COMPOSE["services"].items()
        if "--listen" in (words := service.get("command", []))
    }
    (job,) = SCRAPING["scrape_configs"]
    assert set(job["static_configs"][0]["targets"]) == listening
    assert job["job_name"] == "casefeed"
    assert [OPERATE / name for name in SCRAPING["rule_files"]] == [OPERATE / "casefeed.rules.yml"]
    assert [OPERATE / name for name in CASES["rule_files"]] == [OPERATE / "casefeed.rules.yml"]
