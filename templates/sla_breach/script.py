"""Lists the open tickets whose service level is about to be missed, soonest first, and those that missed it already."""

import json
import os

import requests

ZENDESK = f"https://{os.environ['ZENDESK_SUBDOMAIN']}.zendesk.com"
PAGES_MAX = 10  # as far as Zendesk's search goes
PAGE_TICKETS = 100

zendesk = requests.Session()
zendesk.auth = (f"{os.environ['ZENDESK_EMAIL']}/token", os.environ["ZENDESK_API_TOKEN"])


def main() -> None:
    hours_ahead, team = float(os.environ.get("hours_ahead", "4")), os.environ.get("team", "")
    targets = sorted(
        (target for ticket in open_tickets() if of_team(ticket, team) for target in active_targets(ticket)),
        key=lambda target: target["breach_at"],
    )
    due = [target for target in targets if 0 <= target["minutes_left"] < hours_ahead * 60]
    missed = [target for target in targets if target["minutes_left"] < 0]
    result = {"hours_ahead": hours_ahead, "team": team or None, "due": due, "missed": missed}
    print(json.dumps(result, indent=2))


def open_tickets():
    """Every ticket that is not solved, with the names behind its ids."""
    query = {
        "query": "type:ticket status<solved",
        "include": "tickets(slas,users,groups)",
        "sort_by": "created_at",
        "sort_order": "asc",
        "per_page": PAGE_TICKETS,
    }
    for number in range(1, PAGES_MAX + 1):
        reply = zendesk.get(f"{ZENDESK}/api/v2/search.json", params=query | {"page": number}, timeout=10)
        if not reply.ok:
            raise SystemExit(f"Zendesk refused: {reply.json().get('description') or reply.json().get('error')}")
        page = reply.json()
        people = {user["id"]: user["name"] for user in page.get("users", [])}
        groups = {group["id"]: group["name"] for group in page.get("groups", [])}
        for ticket in page["results"]:
            ticket["group"] = groups.get(ticket["group_id"], "no group")
            ticket["assignee"] = people.get(ticket["assignee_id"])
            yield ticket
        if not page.get("next_page"):
            break


def of_team(ticket: dict, team: str) -> bool:
    group, team = ticket["group"].lower(), team.lower()
    return team in group or group in team


def active_targets(ticket: dict):
    for metric in (ticket.get("slas") or {}).get("policy_metrics", []):
        if metric["stage"] == "active":
            yield {
                "ticket": ticket["id"],
                "subject": ticket["subject"],
                "priority": ticket.get("priority") or "no",
                "group": ticket["group"],
                "assignee": ticket["assignee"],
                "metric": metric["metric"].replace("_", " "),
                "minutes_left": minutes_left(metric),
                "breach_at": metric["breach_at"],
            }


def minutes_left(metric: dict) -> int:
    """Zendesk gives the time left in the one unit that suits its size, rounded down."""
    for unit, minutes in (("days", 24 * 60), ("hours", 60), ("minutes", 1)):
        if unit in metric:
            return metric[unit] * minutes
    return 0


main()
