"""B9: a hundred thousand active schedules, by crates/app/examples/schedules.rs, on SQLite and, where there is one, PostgreSQL."""

import json
import os
import subprocess

# Once a day and once an hour: 69 and 1,666 of 100,000 are due at the same instant.
EVERY_MINUTES = (1440, 60)


def measure(program, minutes):
    databases = ["sqlite"] + (["postgres"] if os.environ.get("ERRAND_TEST_POSTGRES_URL") else [])
    return [run(program, minutes, every, database) for database in databases for every in EVERY_MINUTES]


def run(program, minutes, every, database):
    command = [program, "--minutes", str(minutes), "--every", str(every), "--database", database]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said.splitlines()[-1])
