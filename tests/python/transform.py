"""Turns template.yaml into plain CloudFormation, as AWS's own SAM translator does.

    transform.py TEMPLATE [--emulator REGION --code-bucket BUCKET]

Prints JSON. With --emulator it also does what the emulator needs and AWS does not; each such step
is a function below and is listed in docs/testing.md.
"""

import argparse
import json

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

SAM = "AWS::Serverless-2016-10-31"


class NoManagedPolicies:
    """The template names none of AWS's managed policies, and looking them up needs an account."""

    def load(self):
        return {}


def translate(template, bucket):
    """SAM's resources become CloudFormation's; other transforms stay named for CloudFormation."""
    declared = template["Transform"]
    others = [name for name in declared if name != SAM]
    template["Transform"] = SAM
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": f"{binary}.zip"}
    plain = transform(template, {}, NoManagedPolicies())
    plain["Transform"] = others
    return plain


def without_tls_only(plain):
    """The emulator speaks plain HTTP, which the queue and topic policies rightly refuse."""
    for resource in plain["Resources"].values():
        document = resource.get("Properties", {}).get("PolicyDocument", {})
        statements = document.get("Statement", [])
        document_kept = [one for one in statements if one.get("Sid") != "TlsOnly"]
        if len(document_kept) != len(statements):
            document["Statement"] = document_kept
    # A policy without statements is none.
    plain["Resources"] = {
        name: resource
        for name, resource in plain["Resources"].items()
        if resource.get("Properties", {}).get("PolicyDocument", {}).get("Statement") != []
    }
    return plain


def with_region_in_conditions(plain, region):
    """The emulator does not resolve pseudo parameters inside conditions."""
    text = json.dumps(plain.get("Conditions", {}))
    plain["Conditions"] = json.loads(text.replace('{"Ref": "AWS::Region"}', json.dumps(region)))
    return plain


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("template")
    arguments.add_argument("--emulator", metavar="REGION")
    arguments.add_argument("--code-bucket", default="amzn-s3-demo-code")
    given = arguments.parse_args()
    with open(given.template, encoding="utf-8") as file:
        plain = translate(yaml_parse(file), given.code_bucket)
    if given.emulator:
        plain = with_region_in_conditions(without_tls_only(plain), given.emulator)
    print(json.dumps(plain))


if __name__ == "__main__":
    main()
