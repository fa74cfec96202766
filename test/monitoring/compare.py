# compare.py queries|metrics|tested FOLDER [TESTS]: see test/monitoring/run. Says what differs, and exits with 1.
import json
import re
import sys

import yaml


def load(name):
    with open(f"{sys.argv[2]}/{name}", encoding="utf-8") as file:
        return next(yaml.safe_load_all(file))


def expressions():
    for group in load("alerts.yaml")["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    with open(f"{sys.argv[2]}/grafana.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def queries():
    ours = load("postgres_exporter.yaml")
    theirs = yaml.safe_load(load("cloudnative-pg.yaml")["data"]["queries"])
    return [] if ours == theirs else [f"{name}: differs" for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)]


def metrics():
    known, labels = set(), {"instance", "job", "server"}
    for query, what in load("postgres_exporter.yaml").items():
        for metric in what["metrics"]:
            for name, column in metric.items():
                (labels if column["usage"] == "LABEL" else known).add(name if column["usage"] == "LABEL" else f"{query}_{name}")
    texts = list(expressions())
    used = {name for text in texts for name in re.findall(r"pg_safe_index_\w+", text)}
    with open(f"{sys.argv[2]}/alerts.yaml", encoding="utf-8") as rules, open(f"{sys.argv[2]}/grafana.json", encoding="utf-8") as dashboard:
        braces = re.findall(r"\{\{ ?\$labels\.(\w+) ?\}\}", rules.read()) + re.findall(r"\{\{(\w+)\}\}", dashboard.read())
    by = [name for text in texts for group in re.findall(r"by \(([^)]*)\)", text) for name in re.split(r", *", group)]
    return (
        [f"{name}: no query has it" for name in used - known]
        + [f"{name}: no query has this label" for name in {*braces, *by} - labels]
        + ([] if used and braces and by else ["nothing is used"])
    )


def tested():
    rules = {rule["alert"] for group in load("alerts.yaml")["groups"] for rule in group["rules"]}
    with open(sys.argv[3], encoding="utf-8") as file:
        tests = yaml.safe_load(file)["tests"]
    fired = {test["alertname"] for each in tests for test in each["alert_rule_test"] if test.get("exp_alerts")}
    return [f"{name}: no test in which it fires" for name in rules - fired]


wrong = {"queries": queries, "metrics": metrics, "tested": tested}[sys.argv[1]]()
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
