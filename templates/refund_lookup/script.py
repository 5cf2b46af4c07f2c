"""What became of an order's money: its charges, their refunds, and the days between which a refund arrives."""

import json
import os
from datetime import UTC, datetime, timedelta

import requests

STRIPE = "https://api.stripe.com"
ARRIVES_AFTER = (5, 10)  # business days after the refund was issued, as card networks have it

stripe = requests.Session()
stripe.headers["Authorization"] = f"Bearer {os.environ['STRIPE_API_KEY']}"
stripe.headers["Stripe-Version"] = "2024-06-20"


def main() -> None:
    order, asker = os.environ["order_id"], os.environ.get("customer_email", "")
    found = get("/v1/charges/search", query=f"metadata['order_id']:{quoted(order)}", limit=10)
    print(json.dumps({"order_id": order, "charges": [describe(charge, asker) for charge in found]}, indent=2))


def describe(charge: dict, asker: str) -> dict:
    card = (charge.get("payment_method_details") or {}).get("card")
    owner = (charge.get("billing_details") or {}).get("email") or ""
    return {
        "id": charge["id"],
        "status": charge["status"],
        "amount": charge["amount"],
        "currency": charge["currency"],
        "charged_on": day(charge["created"]).isoformat(),
        "paid_with": f"{card['brand']} card ending {card['last4']}" if card else "original payment method",
        "failure": charge.get("failure_message"),
        "invoice": charge.get("invoice"),
        "receipt": charge.get("receipt_number"),
        "belongs_to_asker": not asker or not owner or asker.lower() == owner.lower(),
        "refunds": [describe_refund(refund) for refund in get("/v1/refunds", charge=charge["id"], limit=100)],
    }


def describe_refund(refund: dict) -> dict:
    issued = day(refund["created"])
    first, last = (business_days_after(issued, days).isoformat() for days in ARRIVES_AFTER)
    card = (refund.get("destination_details") or {}).get("card") or {}
    return {
        "id": refund["id"],
        "status": refund["status"],
        "amount": refund["amount"],
        "currency": refund["currency"],
        "issued_on": issued.isoformat(),
        "arrives_between": [first, last],
        "bank_reference": card.get("reference") or refund["id"],
        "failure": (refund.get("failure_reason") or "").replace("_", " "),
    }


def business_days_after(start, days: int):
    while days:
        start += timedelta(days=1)
        days -= start.weekday() < 5
    return start


def day(seconds: int):
    return datetime.fromtimestamp(seconds, UTC).date()


def get(path: str, **query) -> list:
    reply = stripe.get(STRIPE + path, params=query, timeout=10)
    if not reply.ok:
        raise SystemExit(f"Stripe refused: {reply.json()['error']['message']}")
    return reply.json()["data"]


def quoted(text: str) -> str:
    """A value for Stripe's search language, which can't be left from inside."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


main()
