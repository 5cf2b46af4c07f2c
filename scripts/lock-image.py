#!/usr/bin/env python3
"""Pins what crates/sandbox/image/requirements.in names, with everything it needs, in requirements.lock beside it.

Needs Python 3.11 and `uv` (from PyPI). A wheel counts when the image can use it: CPython 3.13 on Linux with glibc, on
x86-64 or arm64. Its hash is kept, so that a package index can hand out nothing else.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "crates" / "sandbox" / "image"
PYTHON = "3.13"
GLIBC_MINOR_MAX = 41  # Debian 13 has glibc 2.41.
MACHINES = ("x86_64", "aarch64")
HEADER = f"""\
# Made by scripts/lock-image.py from requirements.in; edit that one. Wheels for CPython {PYTHON} on Linux with glibc
# ({" and ".join(MACHINES)}).
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        lock = pathlib.Path(scratch) / "pylock.toml"
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", PYTHON]
        command += ["--only-binary", ":all:", "--format", "pylock.toml", "--output-file", str(lock), *sys.argv[1:]]
        subprocess.run([*command, str(FOLDER / "requirements.in")], check=True)
        packages = tomllib.loads(lock.read_text())["packages"]
    entries = [entry(package) for package in packages if for_linux(package.get("marker", ""))]
    (FOLDER / "requirements.lock").write_text(HEADER + "".join(entries))
    print(f"{len(entries)} packages are pinned.")
    return 0


def entry(package: dict) -> str:
    hashes = sorted({wheel["hashes"]["sha256"] for wheel in package["wheels"] if fits(file_name(wheel))})
    if not hashes:
        raise SystemExit(f"{package['name']} {package['version']} has no wheel for the image. Take it out, or pin another version.")
    lines = [f"{package['name']}=={package['version']}"] + [f"    --hash=sha256:{digest}" for digest in hashes]
    return " \\\n".join(lines) + "\n"


def file_name(wheel: dict) -> str:
    return wheel.get("name") or wheel["url"].rsplit("/", 1)[-1]


def fits(name: str) -> bool:
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    return python_fits(python, abi) and any(platform_fits(part) for part in platform.split("."))


def python_fits(python: str, abi: str) -> bool:
    tags = python.split(".")
    if abi == "none":
        return "py3" in tags or "cp313" in tags
    if abi == "abi3":
        return any(tag.startswith("cp3") and int(tag[3:]) <= 13 for tag in tags)
    return abi == "cp313"


def platform_fits(platform: str) -> bool:
    if platform == "any":
        return True
    found = re.fullmatch(r"manylinux(?:1|2010|2014|_2_(\d+))_(\w+)", platform)
    return bool(found) and int(found[1] or 0) <= GLIBC_MINOR_MAX and found[2] in MACHINES


def for_linux(marker: str) -> bool:
    """Whether a package with this marker can be wanted on Linux at all."""
    return not re.search(r"sys_platform == '(?!linux)|os_name == 'nt'|platform_system == 'Windows'", marker)


if __name__ == "__main__":
    sys.exit(main())
