"""Creates a bug in Jira with what the engineers need to know, and names issues that look like the same one."""

import json
import os
import re

import requests

JIRA = f"https://{os.environ['JIRA_DOMAIN']}"
PROJECT = os.environ["JIRA_PROJECT_KEY"]
SIMILAR_SHOWN = 3
WORDS_COMPARED = 4
NOT_GIVEN = "not given"

jira = requests.Session()
jira.auth = (os.environ["JIRA_EMAIL"], os.environ["JIRA_API_TOKEN"])
jira.headers["Accept"] = "application/json"


def main() -> None:
    summary = " ".join(os.environ["summary"].split())
    priority = os.environ.get("priority", "Medium")
    # Looked up before, or the new issue would be the most similar of all.
    similar = similar_issues(summary)
    created = call("POST", "/rest/api/3/issue", json={"fields": fields(summary, priority, similar)})
    result = {
        "key": created["key"],
        "url": f"{JIRA}/browse/{created['key']}",
        "summary": summary,
        "priority": priority,
        "customer_email": given("customer_email"),
        "has_steps": bool(given("steps")),
        "similar": similar,
    }
    print(json.dumps(result, indent=2))


def fields(summary: str, priority: str, similar: list) -> dict:
    steps = [step.strip() for step in re.split(r"[\n;]+", given("steps") or "") if step.strip()]
    reporter = " ".join(filter(None, (os.environ["GURUBASE_USER_NAME"], os.environ["GURUBASE_USER_EMAIL"])))
    content = [paragraph("Steps to reproduce:" if steps else f"Steps to reproduce: {NOT_GIVEN}")]
    if steps:
        items = [{"type": "listItem", "content": [paragraph(step)]} for step in steps]
        content.append({"type": "orderedList", "content": items})
    content.append(paragraph(f"Customer: {given('customer_email') or NOT_GIVEN}"))
    content.append(paragraph(f"Reported through {os.environ['GURUBASE_GURU_SLUG']} by {reporter or 'an unknown user'}"))
    if similar:
        content.append(paragraph("Perhaps the same: " + ", ".join(issue["key"] for issue in similar)))
    return {
        "project": {"key": PROJECT},
        "issuetype": {"name": "Bug"},
        "summary": summary,
        "priority": {"name": priority},
        "labels": ["from-support"],
        "description": {"type": "doc", "version": 1, "content": content},
    }


def paragraph(text: str) -> dict:
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def similar_issues(summary: str) -> list:
    """Issues that hold the summary's longest words. Only letters and digits get into the query."""
    words = sorted(set(re.findall(r"\w{4,}", summary.lower())), key=lambda word: (-len(word), word))
    if not words:
        return []
    jql = f'project = {PROJECT} AND text ~ "{" ".join(words[:WORDS_COMPARED])}"'
    query = {"jql": jql, "fields": "summary,status", "maxResults": SIMILAR_SHOWN}
    found = call("GET", "/rest/api/3/search/jql", params=query)["issues"]
    return [describe(issue) for issue in found]


def describe(issue: dict) -> dict:
    about = issue["fields"]
    return {"key": issue["key"], "summary": about["summary"], "status": about["status"]["name"]}


def given(name: str) -> str | None:
    """A parameter that was really given, and not left at its default."""
    value = os.environ.get(name, "").strip()
    return value if value and value != NOT_GIVEN else None


def call(method: str, path: str, **options) -> dict:
    reply = jira.request(method, JIRA + path, timeout=10, allow_redirects=False, **options)
    if not reply.ok:
        answer = reply.json()
        reasons = answer.get("errorMessages", []) + [f"{field}: {why}" for field, why in answer.get("errors", {}).items()]
        raise SystemExit(f"Jira refused: {'; '.join(reasons) or answer.get('message', reply.reason)}")
    return reply.json()


main()
