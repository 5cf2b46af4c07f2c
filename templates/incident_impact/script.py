"""Who is hit by an incident and how hard, with a draft of the e-mail to those customers. It sends nothing."""

import json
import os
from datetime import datetime
from textwrap import dedent

import requests

ANALYTICS = "https://analytics.example.com"
CUSTOMERS_MAX = 200
LARGEST_SHOWN = 10

analytics = requests.Session()
analytics.headers["Authorization"] = f"Bearer {os.environ['ANALYTICS_API_KEY']}"


def main() -> None:
    asked, region = os.environ["incident_type"], os.environ.get("region", "")
    impact = get("/v1/incident-impact", incident_type=asked, region=region or None, limit=CUSTOMERS_MAX)
    customers = impact["customers"]
    if not customers:
        known = get("/v1/incident-types")["incident_types"]
        print(json.dumps({"incident_type": asked, "affected_customers": 0, "known_types": known}))
        return
    since = datetime.fromisoformat(impact["window"]["from"])
    result = {
        "incident_type": impact["incident_type"],
        "since": since.isoformat(),
        "affected_customers": impact["affected_customers"],
        "affected_users": impact["affected_users"],
        "failed_requests": impact["failed_requests"],
        "revenue_at_risk": impact["revenue_at_risk"],
        "largest": customers[:LARGEST_SHOWN],
        "more": impact["affected_customers"] - len(customers[:LARGEST_SHOWN]),
        "draft": draft(impact, since),
    }
    print(json.dumps(result, indent=2))


def draft(impact: dict, since: datetime) -> dict:
    body = f"""\
        Hello,

        since {since:%-d %b %Y, %H:%M} UTC, some of your requests have failed: {impact["symptom"]} Our engineers are working on it. We will write again as soon as it is resolved, or within two hours.

        We are sorry for the trouble."""
    return {
        "subject": f"Problems with {impact['incident_type']} since {since:%-d %b %Y}",
        "body": dedent(body),
        "to": [customer["email"] for customer in impact["customers"]],
    }


def get(path: str, **query) -> dict:
    reply = analytics.get(ANALYTICS + path, params=query, timeout=10)
    if not reply.ok:
        raise SystemExit(f"The analytics service refused: {reply.json()['error']['message']}")
    return reply.json()


main()
