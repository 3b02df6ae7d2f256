"""Holds every crate in the lock file to deny.toml's licence and source lists.

The same lists that `cargo deny` reads, for machines where it is not installed. Advisories need the
RustSec database from the network and are left to `cargo deny check advisories`.
"""

import json
import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as file:
    deny = tomllib.load(file)
allowed = set(deny["licenses"]["allow"])
banned = {entry["crate"]: entry.get("reason", "") for entry in deny["bans"]["deny"]}
exceptions = {
    entry["crate"]: set(entry["allow"]) for entry in deny["licenses"].get("exceptions", [])
}


def satisfied(expression: str, allow: set[str]) -> bool:
    """Evaluates an SPDX expression: AND needs both, OR needs one, WITH belongs to its licence."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def either() -> bool:
        nonlocal position
        value = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            right = both()
            value = value or right
        return value

    def both() -> bool:
        nonlocal position
        value = term()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            right = term()
            value = value and right
        return value

    def term() -> bool:
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            value = either()
            position += 1
            return value
        if position + 1 < len(tokens) and tokens[position] == "WITH":
            token = f"{token} WITH {tokens[position + 1]}"
            position += 2
        return token in allow

    return either()


metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"],
        check=True,
        capture_output=True,
    ).stdout
)
problems = []
for package in metadata["packages"]:
    name, version, source = package["name"], package["version"], package["source"]
    if source is None:
        continue
    if not source.startswith("registry+https://github.com/rust-lang/crates.io-index"):
        problems.append(f"{name} {version}: source {source} is not crates.io")
    licence = package["license"] or ""
    if not licence or not satisfied(licence, allowed | exceptions.get(name, set())):
        problems.append(f"{name} {version}: licence `{licence}` is not allowed")
    if name in banned:
        problems.append(f"{name} {version}: banned, {banned[name]}")

print(f"{len(metadata['packages'])} packages, {len(problems)} problems")
for problem in problems:
    print(f"  {problem}")
sys.exit(1 if problems else 0)
