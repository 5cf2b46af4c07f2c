"""Looks for charges of the same amount within a day of each other among a customer's payments."""

import json
import os
from datetime import UTC, datetime

import requests

STRIPE = "https://api.stripe.com"
PAGES_MAX = 4  # of a hundred charges
WINDOW_SECONDS = 24 * 60 * 60
LATEST_SHOWN = 5

stripe = requests.Session()
stripe.headers["Authorization"] = f"Bearer {os.environ['STRIPE_API_KEY']}"
stripe.headers["Stripe-Version"] = "2024-06-20"


def main() -> None:
    email, amount = os.environ["customer_email"], os.environ.get("amount")
    charges = sorted(succeeded(email), key=lambda charge: (charge["created"], charge["id"]))
    wanted = round(float(amount) * 100) if amount else None
    pairs = [compare(*pair) for pair in equal_pairs(charges) if wanted in (None, pair[0]["amount"])]
    result = {
        "customer_email": email,
        "charges_checked": len(charges),
        "amount_checked": wanted,
        "currency": charges[-1]["currency"] if charges else None,
        "pairs": pairs,
        "latest": [describe(charge) for charge in reversed(charges[-LATEST_SHOWN:])],
    }
    print(json.dumps(result, indent=2))


def succeeded(email: str) -> list:
    query = {"query": f"metadata['customer_email']:{quoted(email)} AND status:'succeeded'", "limit": 100}
    charges = []
    for _ in range(PAGES_MAX):
        reply = stripe.get(f"{STRIPE}/v1/charges/search", params=query, timeout=10)
        if not reply.ok:
            raise SystemExit(f"Stripe refused: {reply.json()['error']['message']}")
        page = reply.json()
        charges += page["data"]
        if not page.get("has_more"):
            break
        query["page"] = page["next_page"]
    return charges


def equal_pairs(charges: list):
    """Each charge with the last one before it of the same amount, when that was less than a day ago."""
    last = {}
    for charge in charges:
        key = charge["amount"], charge["currency"]
        before = last.get(key)
        if before and charge["created"] - before["created"] < WINDOW_SECONDS:
            yield before, charge
        last[key] = charge


def compare(first: dict, second: dict) -> dict:
    return {
        "amount": first["amount"],
        "currency": first["currency"],
        "first": describe(first),
        "second": describe(second),
        "minutes_apart": (second["created"] - first["created"]) // 60,
        "same_order": order(first) == order(second),
        "one_is_refunded": any(charge["amount_refunded"] >= charge["amount"] for charge in (first, second)),
    }


def describe(charge: dict) -> dict:
    charged = datetime.fromtimestamp(charge["created"], UTC)
    return {
        "id": charge["id"],
        "charged_at": charged.isoformat(),
        "amount": charge["amount"],
        "currency": charge["currency"],
        "order": order(charge),
    }


def order(charge: dict) -> str | None:
    return (charge.get("metadata") or {}).get("order_id")


def quoted(text: str) -> str:
    """A value for Stripe's search language, which can't be left from inside."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


main()
