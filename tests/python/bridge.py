"""boto3 behind a pipe: the independent client of the end to end tests.

One JSON request a line on standard input, one JSON answer a line on standard output:

    {"service": "s3", "operation": "GetBucketAcl", "parameters": {"Bucket": "amzn-s3-demo-bucket"}}
    {"ok": {...}} or {"error": {"code": "AccessDenied", "message": "..."}}

The pseudo-service `bundle` uploads a function's code: its operation is `Upload`, its parameters are
Bucket, Key and File; the file becomes `bootstrap` in a zip.
"""

import io
import json
import os
import sys
import zipfile

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


def client(service):
    if service not in clients:
        clients[service] = boto3.client(service, config=CONFIG)
    return clients[service]


def bundle(parameters):
    """A Lambda package without compression: it is read once, on this machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        with open(parameters["File"], "rb") as binary:
            archive.writestr(entry, binary.read())
    packed.seek(0)
    client("s3").put_object(Bucket=parameters["Bucket"], Key=parameters["Key"], Body=packed)
    return {}


def plain(value):
    """What JSON cannot carry, as text."""
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def answer(request):
    try:
        if request["service"] == "bundle":
            return {"ok": bundle(request["parameters"])}
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
