"""Starts moto's server on the port named by GATEWAY_PORT.

moto knows things that ministack does not (it refuses trust documents that IAM would refuse, and a
copy onto itself that changes nothing), and enforces less: docs/testing.md.
"""

import os

import lifeline
from moto.server import main

if __name__ == "__main__":
    lifeline.hold()
    main(["-H", "127.0.0.1", "-p", os.environ["GATEWAY_PORT"]])
