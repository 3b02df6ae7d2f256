"""Times `snapback replay` over a large trail and reports throughput and peak memory.

Usage: python3 tests/bench/replay.py [BINARY] [MEGABYTES]

The trail is made by repeating records: those of the shared corpus where it is present
(SNAPBACK_SHARED, default ../shared), else the sample events of this repository. A figure, not a
test: nothing is asserted, and docs/performance.md quotes what a run printed.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def records():
    """One JSON record a line, without its wrapper."""
    shared = pathlib.Path(os.environ.get("SNAPBACK_SHARED", ROOT.parent / "shared"))
    corpus = shared / "corpus" / "bulk.jsonl"
    if corpus.exists():
        for line in corpus.read_text().splitlines():
            row = json.loads(line)
            yield row["envelope"] or row["record"]
        return
    for path in sorted((ROOT / "events").rglob("*.json")):
        try:
            value = json.loads(path.read_text())
        except ValueError:
            continue
        if "detail" in value or "eventName" in value:
            yield value


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/release/snapback")
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    block = "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records())
    block = block.encode()
    with tempfile.TemporaryDirectory() as folder:
        trail = pathlib.Path(folder) / "trail.jsonl"
        with trail.open("wb") as file:
            while file.tell() < megabytes * 1_000_000:
                file.write(block)
        size = trail.stat().st_size
        for form in ("text", "json"):
            began = time.monotonic()
            subprocess.run(
                [binary, "replay", str(trail), "--format", form],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            took = time.monotonic() - began
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(
                f"{form}: {size / 1e6:.0f} MB in {took:.2f} s = {size / 1e6 / took:.0f} MB/s, "
                f"peak {peak:.1f} MB"
            )


if __name__ == "__main__":
    main()
