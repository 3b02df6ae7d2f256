"""Starts ministack for the end to end tests, brought closer to AWS where it falls short.

What is changed, and why, is listed in docs/testing.md. Every call's IAM decision is appended to the
file calls.jsonl in SERVER_DIR, one JSON object a line, so that tests can say which permissions the
functions really used.
"""

import functools
import hashlib
import io
import json
import os
import threading
import zipfile

import lifeline
from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import eventbridge, lambda_svc, s3, sqs
from ministack.services.cloudformation import provisioners


def invoke_asynchronously(arn, payload):
    """A rule's delivery to a function, with the function's own retries and dead-letter queue.

    AWS invokes a rule's function asynchronously; ministack calls it once and forgets failures.
    """
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function:
        return
    record = lambda_svc._execution_record_for_config(function, config)
    # The copy made for an execution lacks the settings of asynchronous invocation.
    for key in ("event_invoke_config", "event_invoke_configs"):
        if key in function and key not in record:
            record[key] = function[key]
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


@functools.cache
def bundle(_bucket, key, version_id=None):
    """A function's package, made of the binary of that name instead of read from its bucket.

    The binaries are large before they are released: they are packed once for all accounts.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        path = os.path.join(os.environ["SNAPBACK_FUNCTIONS"], key.removesuffix(".zip"))
        with open(path, "rb") as binary:
            archive.writestr(entry, binary.read())
    return packed.getvalue()


def keep_dead_letter_queues():
    """A function made by a stack has the dead-letter queue that the template gives it.

    ministack's CloudFormation drops the property; its Lambda honours it.
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    original = handlers["create"]

    def create(logical_id, properties, stack_name):
        name, attributes = original(logical_id, properties, stack_name)
        if "DeadLetterConfig" in properties:
            config = lambda_svc._functions[name]["config"]
            config["DeadLetterConfig"] = properties["DeadLetterConfig"]
        return name, attributes

    handlers["create"] = create


def dead_letter(original, arn, function, event, result):
    """A dead letter is the event itself, as AWS sends it; ministack sends a destination's record.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    queue = sqs._queue_by_arn(arn)
    known = len(queue["messages"]) if queue else 0
    original(arn, function, event, result)
    if not queue or len(queue["messages"]) == known:
        return
    message = queue["messages"][-1]
    message["body"] = json.dumps(event)
    message["md5_body"] = hashlib.md5(message["body"].encode()).hexdigest()
    error = result.get("body") if isinstance(result.get("body"), dict) else {}
    message["message_attributes"] = {
        "ErrorMessage": {
            "DataType": "String",
            "StringValue": str(error.get("errorMessage", ""))[:1024],
        }
    }


def record_decisions(path):
    """Writes down every IAM decision made for something other than the root user."""
    original = iam_evaluator.enforce
    lock = threading.Lock()
    calls = open(path, "a", encoding="utf-8")

    @functools.wraps(original)
    def enforce(access_key_id, iam_action, service, *rest, **named):
        denied = original(access_key_id, iam_action, service, *rest, **named)
        if not iam_evaluator.is_root_access_key(access_key_id):
            resource = named.get("resource_arn") or (rest[1] if len(rest) > 1 else "*")
            principal = iam_evaluator.resolve_credential(access_key_id)
            with lock:
                calls.write(
                    json.dumps(
                        {
                            "account": responses.get_account_id(),
                            "principal": getattr(principal, "principal_arn", ""),
                            "action": iam_action,
                            "resource": resource,
                            "allowed": denied is None,
                        }
                    )
                    + "\n"
                )
                calls.flush()
        return denied

    iam_evaluator.enforce = enforce


def decide_about_the_group_where_a_call_names_one():
    """The resource of a call that names a group is the group, whatever else it names.

    ministack takes the user or the policy instead.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    original = iam_actions.extract_resource_arn

    @functools.wraps(original)
    def extract(service, method, path, headers, body, query_params, region, account_id):
        group = iam_actions._query_param(query_params, "GroupName") if service == "iam" else ""
        if group:
            return f"arn:aws:iam::{account_id}:group/{group}"
        return original(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = extract


def know_the_accounts_public_access_block(app):
    """The account's own Block Public Access, which ministack's S3 Control does not know.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
    """
    original = app._handle_s3_control_request
    blocks = {}

    @functools.wraps(original)
    async def handle(path, method, body, query_params, request_id, headers=None):
        if path != "/v20180820/configuration/publicAccessBlock":
            return await original(path, method, body, query_params, request_id, headers)
        action = "Get" if method == "GET" else "Put"
        action = f"s3:{action}AccountPublicAccessBlock"
        denied = app._enforce_data_plane(
            "s3", action, headers or {}, query_params, request_id, resource_arn="*"
        )
        denied = denied or s3.s3control_account_error(headers or {})
        if denied:
            return denied
        account = responses.get_account_id()
        if method == "GET" and account not in blocks:
            return s3.s3control_error(
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
                404,
            )
        if method == "GET":
            return 200, {"Content-Type": "application/xml"}, blocks[account]
        if method == "PUT":
            blocks[account] = body
            return 200, {}, b""
        blocks.pop(account, None)
        return 204, {}, b""

    app._handle_s3_control_request = handle


def main():
    lifeline.hold()
    # CloudTrail's events come from `aws.*` sources, which nobody but AWS may put.
    eventbridge._put_events = functools.partial(eventbridge._put_events, allow_aws_source=True)
    eventbridge._dispatch_to_lambda = invoke_asynchronously
    lambda_svc._route_async_failure = functools.partial(
        dead_letter, lambda_svc._route_async_failure
    )
    lambda_svc._fetch_code_from_s3 = bundle
    keep_dead_letter_queues()
    decide_about_the_group_where_a_call_names_one()
    record_decisions(os.path.join(os.environ["SERVER_DIR"], "calls.jsonl"))

    # After the patches: the application binds some of these names when it is loaded.
    from ministack import app

    know_the_accounts_public_access_block(app)
    app.main()


if __name__ == "__main__":
    main()
