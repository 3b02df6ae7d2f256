#!/usr/bin/env python3
"""Figures of a function's binary: zip size, start, and memory after one event.

    cargo build --release -p s3-public-acl
    python3 tests/bench/bootstrap.py target/release/s3-public-acl

Start is from the spawn of the process to its first poll of the Lambda Runtime API, which this
script serves; nothing is loaded before. Memory is the peak resident set after one event about a
bucket that is in order, answered by an endpoint in this script. Standard library only.
"""

import argparse
import io
import json
import os
import socketserver
import statistics
import subprocess
import threading
import time
import zipfile

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ACL = (
    f"<AccessControlPolicy><Owner><ID>{OWNER}</ID></Owner><AccessControlList><Grant>"
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
    f"<ID>{OWNER}</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>"
    "</AccessControlList></AccessControlPolicy>"
)
EVENT = {
    "version": "0",
    "id": "99999999-8888-4777-8666-555555555555",
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2026-03-05T09:30:05Z",
    "region": "eu-west-1",
    "detail": {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/demo"},
        "eventTime": "2026-03-05T09:30:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketAcl",
        "awsRegion": "eu-west-1",
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "x-amz-acl": "private"},
        "eventID": "11111111-2222-4333-8444-555555555555",
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
    },
}


class Handler(socketserver.StreamRequestHandler):
    """HTTP/1.1, as far as the Runtime API and the few AWS calls of one event need it."""

    disable_nagle_algorithm = True

    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            method, path = line.decode().split()[:2]
            headers = {}
            while (header := self.rfile.readline().strip()):
                name, value = header.decode().split(":", 1)
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            answer = self.server.answer(method, path, headers, body)
            if answer is None:
                return
            status, extra, text = answer
            lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(text)}", *extra]
            self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + text).encode())
            self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    """Both APIs on one port; notes when the first poll came and when an answer did."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, events):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events = list(events)
        self.polled = threading.Event()
        self.polled_at = None
        self.answered = []
        self.all_answered = threading.Event()
        self.gone = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "%s:%d" % self.server_address

    def answer(self, method, path, headers, body):
        if path.endswith("/invocation/next"):
            if self.polled_at is None:
                self.polled_at = time.perf_counter()
                self.polled.set()
            if not self.events:
                self.all_answered.set()
                self.gone.wait()
                return None
            deadline = int((time.time() + 30) * 1000)
            extra = [
                "Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-000000000001",
                f"Lambda-Runtime-Deadline-Ms: {deadline}",
                "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:111122223333:function:f",
            ]
            self.handed_at = time.perf_counter()
            return 200, extra, self.events.pop(0)
        if path.startswith("/2018-06-01/runtime/"):
            self.answered.append((path, body.decode(), time.perf_counter() - self.handed_at))
            return 202, [], ""
        if "x-amz-target" in headers:
            query = headers["x-amz-target"].endswith("Query")
            return 200, [], '{"Count":0,"Items":[]}' if query else "{}"
        return 200, [], ACL


# provided.al2023 has its certificate authorities in one file, Debian in 140 that are all read.
BUNDLES = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"]


def spawn(binary, server):
    environment = {
        "AWS_LAMBDA_RUNTIME_API": server.address,
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_ENDPOINT_URL": f"http://{server.address}",
        "SNAPBACK_TABLE": "ledger",
        "SNAPBACK_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:alerts",
    }
    bundle = next(filter(os.path.isfile, BUNDLES), None)
    if bundle:
        environment["SSL_CERT_FILE"] = bundle
    return subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)


def start(binary):
    """Milliseconds from spawn to first poll, and the peak resident set then, in MB."""
    server = Server([])
    begun = time.perf_counter()
    process = spawn(binary, server)
    if not server.polled.wait(30):
        raise SystemExit("the function never polled")
    peak = resident(process)
    end(process, server)
    return (server.polled_at - begun) * 1000, peak


def one_event(binary, count):
    """Milliseconds of each event, and the peak resident set after the first and the last."""
    server = Server([json.dumps(EVENT)] * count)
    process = spawn(binary, server)
    if not server.all_answered.wait(60):
        raise SystemExit("the function never answered")
    peak = resident(process)
    end(process, server)
    for path, body, _ in server.answered:
        if not path.endswith("/response"):
            raise SystemExit(f"the event failed: {body}")
    return [seconds * 1000 for _, _, seconds in server.answered], peak


def resident(process):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return float("nan")


def end(process, server):
    process.kill()
    process.wait()
    server.gone.set()
    server.shutdown()
    server.server_close()


def zipped(binary):
    """Bytes of the zip that is deployed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return len(buffer.getvalue())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary")
    arguments.add_argument("--starts", type=int, default=30, help="how often to start it (30)")
    options = arguments.parse_args()
    size = os.path.getsize(options.binary)
    print(f"binary                  {size / 1e6:8.2f} MB")
    print(f"zip                     {zipped(options.binary) / 1e6:8.2f} MB")
    starts = [start(options.binary) for _ in range(options.starts)]
    times = sorted(milliseconds for milliseconds, _ in starts)
    print(f"start to first poll     {statistics.median(times):8.2f} ms median, "
          f"{times[0]:.2f} best, {times[-1]:.2f} worst of {len(times)}")
    print(f"peak memory at start    {max(peak for _, peak in starts):8.2f} MB")
    first, peak = one_event(options.binary, 1)
    print(f"peak memory, one event  {peak:8.2f} MB")
    print(f"first event             {first[0]:8.2f} ms")
    warm, peak = one_event(options.binary, 200)
    print(f"warm event              {statistics.median(warm[1:]):8.2f} ms median of {len(warm) - 1}")
    print(f"peak memory, 200 events {peak:8.2f} MB")


if __name__ == "__main__":
    main()
