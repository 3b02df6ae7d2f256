"""Starts moto's server on the port named by GATEWAY_PORT.

moto knows things that ministack does not (it refuses trust documents that IAM would refuse, and a
copy onto itself that changes nothing), and enforces less: docs/testing.md.
"""

import functools
import os

import lifeline
from moto.s3.responses import S3Response
from moto.server import main


def name_versioning_as_s3_does():
    """S3 answers with `VersioningConfiguration`; boto3 takes any name, the Rust SDK takes that one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
    """
    original = S3Response.get_bucket_versioning

    @functools.wraps(original)
    def get_bucket_versioning(self):
        status, headers, body = original(self)
        return status, headers, body.replace("GetBucketVersioningResponse", "VersioningConfiguration")

    S3Response.get_bucket_versioning = get_bucket_versioning


if __name__ == "__main__":
    lifeline.hold()
    name_versioning_as_s3_does()
    main(["-H", "127.0.0.1", "-p", os.environ["GATEWAY_PORT"]])
