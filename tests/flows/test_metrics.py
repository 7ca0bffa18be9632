"""What the shipped dashboard and alert rules name is what the running product shows, its workers' counts among it."""

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.flows.product import Product, eventually
from tests.flows.test_button import open_socket

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = re.compile(r"\bmailsync_\w+")


def scraped(product: Product) -> dict[str, float]:
    """Samples summed over their labels, with the names of families of which nothing happened yet."""
    text = requests.get(product.address + "/metrics", timeout=60).text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name + ("_total" if family.type == "counter" else ""), 0)
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def test_a_socket_is_counted_while_it_is_open(product: Product) -> None:
    with open_socket(product):
        eventually(lambda: scraped(product)["mailsync_sockets"] >= 1, within=60)
    eventually(lambda: scraped(product)["mailsync_sockets"] == 0, within=60)  # what a killed process had open included


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    panels = json.loads((DEPLOY / "grafana" / "mailsync.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules()]


def test_workers_counts_reach_one_scrape_and_every_name_in_use_is_in_it(product: Product, account: int) -> None:
    before = scraped(product)
    job = product.finished(product.start(account).json()["task_id"])

    def told() -> bool:
        now = scraped(product)
        units = now["mailsync_quota_units_total"] - before["mailsync_quota_units_total"]
        ended = now["mailsync_jobs_finished_total"] - before["mailsync_jobs_finished_total"]
        return units >= job["stats"]["units"] > 0 and ended >= 1

    eventually(told, within=60)
    found = scraped(product)
    assert found["mailsync_claims_total"] > before["mailsync_claims_total"]
    assert found["mailsync_claim_latency_seconds_count"] > before["mailsync_claim_latency_seconds_count"]
    used = {name for expression in expressions() for name in NAME.findall(expression)}
    assert used - found.keys() == set()
    shown = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in found}
    assert {name for name in shown if name.startswith("mailsync_")} - {
        name.removesuffix("_bucket") for name in used
    } == set()


@pytest.mark.parametrize("expression", expressions())
def test_every_expression_is_valid(expression: str) -> None:
    promql_parser.parse(expression)


def test_every_rule_says_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 10
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"].keys() == {"summary", "description"}
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m"))


def test_a_wrong_expression_is_noticed() -> None:
    with pytest.raises(Exception, match="unclosed"):
        promql_parser.parse("sum by (state (mailsync_jobs)")
