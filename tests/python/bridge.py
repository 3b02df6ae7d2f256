"""boto3 behind a pipe: the independent client of the end to end tests.

One JSON request a line on standard input, one JSON answer a line on standard output:

    {"service": "s3", "operation": "GetBucketAcl", "parameters": {"Bucket": "amzn-s3-demo-bucket"}}
    {"ok": {...}} or {"error": {"code": "AccessDenied", "message": "..."}}
"""

import json
import os
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 3},
    s3={"addressing_style": "path"},
    read_timeout=60,
)
clients = {}


def without_account(request, **_):
    """An emulator has no host for each account; the header that names it has to do."""
    scheme, rest = request.url.split("://", 1)
    label, host = rest.split(".", 1)
    if len(label) == 12 and label.isdigit():
        request.url = f"{scheme}://{host}"


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, config=CONFIG)
        if service == "s3control":
            clients[service].meta.events.register("before-sign.s3-control", without_account)
    return clients[service]


def plain(value):
    """What JSON cannot carry, as text."""
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def answer(request):
    try:
        call = getattr(client(request["service"]), xform_name(request["operation"]))
        result = call(**request["parameters"])
        result.pop("ResponseMetadata", None)
        return {"ok": result}
    except ClientError as error:
        told = error.response.get("Error", {})
        return {"error": {"code": told.get("Code", ""), "message": told.get("Message", "")}}
    except (BotoCoreError, OSError, AttributeError, TypeError, ValueError) as error:
        return {"error": {"code": type(error).__name__, "message": str(error)}}


def main():
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    for line in sys.stdin:
        json.dump(answer(json.loads(line)), out, default=plain)
        out.write("\n")
        out.flush()


if __name__ == "__main__":
    main()
