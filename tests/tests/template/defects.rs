//! Planted defects: each damages the template in one place, and the rule that is for it must see
//! it. A rule without a defect proves nothing, so each rule has one at least.

use std::collections::BTreeSet;

use scenarios::template::Template;
use serde_json::{Value, json};

use crate::checks::RULES;

/// What is planted: its name, the rule that must see it, and the damage.
type Defect = (&'static str, &'static str, fn(&mut Value));

fn set(document: &mut Value, pointer: &str, value: Value) {
    *document.pointer_mut(pointer).unwrap() = value;
}

fn remove(document: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    if let Some(items) = parent.as_array_mut() {
        items.remove(name.parse().unwrap());
    } else {
        assert!(parent.as_object_mut().unwrap().remove(name).is_some(), "no {pointer}");
    }
}

fn statement<'a>(document: &'a mut Value, policy: &str, sid: &str) -> &'a mut Value {
    let properties = &mut document["Resources"][policy]["Properties"];
    let kind = if properties.get("KeyPolicy").is_some() { "KeyPolicy" } else { "PolicyDocument" };
    let statements = properties[kind]["Statement"].as_array_mut().unwrap();
    statements.iter_mut().find(|statement| statement["Sid"] == sid).unwrap()
}

const DEFECTS: &[Defect] = &[
    ("SAM before the language extensions", "transforms", |t| {
        t["Transform"].as_array_mut().unwrap().reverse();
    }),
    ("a table that is deleted", "retention", |t| {
        set(t, "/Resources/LedgerTable/DeletionPolicy", json!("Delete"));
    }),
    ("a queue without a policy for its data", "retention", |t| {
        remove(t, "/Resources/S3PublicAclQueue/UpdateReplacePolicy");
    }),
    ("a function with a deletion policy, which orphans its role", "retention", |t| {
        t["Resources"]["S3PublicAcl"]["DeletionPolicy"] = json!({ "Ref": "DataDeletionPolicy" });
    }),
    ("deletion as the default", "retention", |t| {
        set(t, "/Parameters/DataDeletionPolicy/Default", json!("Delete"));
    }),
    ("a parameter that takes anything", "parameters", |t| {
        remove(t, "/Parameters/BucketScope/AllowedPattern");
    }),
    ("a number without bounds", "parameters", |t| {
        remove(t, "/Parameters/ReservedConcurrency/MaxValue");
    }),
    ("a pattern that matches anywhere", "parameters", |t| {
        set(t, "/Parameters/OrganizationId/AllowedPattern", json!("o-[a-z0-9]{10,32}"));
    }),
    ("enforce from the first day", "parameters", |t| {
        set(t, "/Parameters/S3PublicAclPosture/Default", json!("enforce"));
    }),
    ("a fixed role name", "names", |t| {
        t["Resources"]["S3PublicAclRole"]["Properties"]["RoleName"] = json!("SnapbackRole");
    }),
    ("a fixed parameter name", "names", |t| {
        set(t, "/Resources/PauseParameter/Properties/Name", json!("/snapback/paused"));
    }),
    ("a control without a function", "functions", |t| {
        remove(t, "/Resources/IamTrustPolicy");
    }),
    ("a binary that no control has", "functions", |t| {
        set(t, "/Resources/S3PublicAcl/Metadata/BuildProperties/Binary", json!("s3-public"));
    }),
    ("a build in the workspace's root", "functions", |t| {
        set(t, "/Resources/S3PublicAcl/Properties/CodeUri", json!("."));
    }),
    ("a function without dead letters", "functions", |t| {
        remove(t, "/Resources/IamTrustPolicy/Properties/DeadLetterQueue");
    }),
    ("a batch that fails as a whole", "functions", |t| {
        let batches = "/Resources/S3PublicAcl/Properties/Events/Batches/Properties";
        remove(t, &format!("{batches}/FunctionResponseTypes"));
    }),
    ("another function's role", "functions", |t| {
        set(
            t,
            "/Resources/S3PublicAcl/Properties/Role",
            json!({ "Fn::GetAtt": ["IamTrustPolicyRole", "Arn"] }),
        );
    }),
    ("a fixed reservation, which small accounts refuse", "functions", |t| {
        set(t, "/Resources/S3PublicAcl/Properties/ReservedConcurrentExecutions", json!(5));
    }),
    ("a setting forgotten", "environment", |t| {
        remove(t, "/Globals/Function/Environment/Variables/SNAPBACK_PAUSED");
    }),
    ("a setting nobody reads", "environment", |t| {
        t["Globals"]["Function"]["Environment"]["Variables"]["SNAPBACK_MODE"] = json!("enforce");
    }),
    ("another function's posture", "environment", |t| {
        let variables = "/Resources/S3PublicAcl/Properties/Environment/Variables";
        set(t, &format!("{variables}/SNAPBACK_POSTURE"), json!({ "Ref": "IamTrustPolicyPosture" }));
    }),
    ("own roles not known", "environment", |t| {
        let variables = "/Globals/Function/Environment/Variables";
        let roles = format!("{variables}/SNAPBACK_OWN_ROLES/Fn::Join/1");
        t.pointer_mut(&roles).unwrap().as_array_mut().unwrap().pop();
    }),
    ("own roles by a pattern that strangers' roles fit", "environment", |t| {
        let roles = "/Globals/Function/Environment/Variables/SNAPBACK_OWN_ROLES/Fn::Join/1";
        let roles = t.pointer_mut(roles).unwrap().as_array_mut().unwrap();
        roles.push(json!({ "Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}-*" }));
    }),
    ("a reservation that starves its queue", "reservations", |t| {
        remove(t, "/Rules/ReservationsServeTheQueues");
    }),
    ("a queue that outgrows every reservation", "reservations", |t| {
        let batches = "/Resources/S3PublicAcl/Properties/Events/Batches/Properties";
        set(t, &format!("{batches}/ScalingConfig/MaximumConcurrency"), json!(10));
    }),
    ("an event not heard", "rules_match_subscriptions", |t| {
        let names = "/Resources/S3PublicAclBucketAcls/Properties/EventPattern/detail/eventName";
        remove(t, &format!("{names}/0"));
    }),
    ("an event heard for nothing", "rules_match_subscriptions", |t| {
        let names =
            "/Resources/IamTrustPolicyTrustPolicies/Properties/EventPattern/detail/eventName";
        t.pointer_mut(names).unwrap().as_array_mut().unwrap().push(json!("DeleteRole"));
    }),
    ("a rule that leads nowhere", "rules_match_subscriptions", |t| {
        t["Resources"]["Stray"] = t["Resources"]["IamTrustPolicyTrustPolicies"].clone();
        set(t, "/Resources/Stray/Properties/Targets/0/Arn", json!({ "Fn::GetAtt": ["X", "Arn"] }));
    }),
    ("a pattern that anybody's events pass", "patterns", |t| {
        remove(t, "/Resources/IamTrustPolicyTrustPolicies/Properties/EventPattern/source");
    }),
    ("every call of everybody in place of the root user's", "patterns", |t| {
        remove(t, "/Resources/ConsoleSignInRootUse/Properties/EventPattern/detail/userIdentity");
    }),
    ("the root user's calls given to a rule that cannot tell them apart", "patterns", |t| {
        let detail = "/Resources/ConsoleSignInRootUse/Properties/EventPattern/detail";
        t.pointer_mut(detail).unwrap()["userIdentity"]["accountId"] =
            json!([{ "anything-but": ["111122223333"] }]);
    }),
    ("sign-ins in the spelling of the user guide", "patterns", |t| {
        let types = "/Resources/ConsoleSignInSignIns/Properties/EventPattern/detail-type";
        set(t, types, json!(["AWS Console Signin via CloudTrail"]));
    }),
    ("sign-ins that failed", "patterns", |t| {
        let detail = "/Resources/ConsoleSignInSignIns/Properties/EventPattern/detail";
        remove(t, &format!("{detail}/responseElements"));
    }),
    ("every call of S3 in place of the refused ones", "patterns", |t| {
        remove(t, "/Resources/S3AccessDeniedRefusals/Properties/EventPattern/detail/errorCode");
    }),
    ("refusals of one service heard for another's", "rules_match_subscriptions", |t| {
        let pattern = "/Resources/S3AccessDeniedRefusals/Properties/EventPattern";
        set(t, &format!("{pattern}/source"), json!(["aws.iam"]));
        set(t, &format!("{pattern}/detail/eventSource"), json!(["iam.amazonaws.com"]));
    }),
    ("a root user that is not heard", "rules_match_subscriptions", |t| {
        remove(t, "/Resources/ConsoleSignInRootUse");
    }),
    ("a pattern with a wrong source", "patterns", |t| {
        set(
            t,
            "/Resources/IamTrustPolicyTrustPolicies/Properties/EventPattern/source",
            json!(["aws.s3"]),
        );
    }),
    ("calls that failed", "patterns", |t| {
        remove(t, "/Resources/S3PublicAclBucketAcls/Properties/EventPattern/detail/errorCode");
    }),
    ("a detail type that never comes", "patterns", |t| {
        let pattern = "/Resources/S3PublicAclBucketAcls/Properties/EventPattern";
        set(t, &format!("{pattern}/detail-type"), json!(["AWS API Call Via CloudTrail"]));
    }),
    ("our own role left out by anything-but", "patterns", |t| {
        t["Resources"]["S3PublicAclBucketAcls"]["Properties"]["EventPattern"]["detail"]["userIdentity"] =
            json!({ "arn": [{ "anything-but": "arn:aws:iam::111122223333:role/snapback" }] });
    }),
    ("a rule that cannot be switched off", "patterns", |t| {
        remove(t, "/Resources/S3PublicAclBucketAcls/Properties/State");
    }),
    ("a target without retries", "targets", |t| {
        remove(t, "/Resources/S3PublicAclBucketAcls/Properties/Targets/0/RetryPolicy");
    }),
    ("a target that forgets", "targets", |t| {
        remove(t, "/Resources/S3PublicAclBucketAcls/Properties/Targets/0/DeadLetterConfig");
    }),
    ("a rule that may not call its function", "targets", |t| {
        remove(t, "/Resources/IamTrustPolicyTrustPoliciesPermission");
    }),
    ("a permission for any rule", "targets", |t| {
        remove(t, "/Resources/IamTrustPolicyTrustPoliciesPermission/Properties/SourceArn");
    }),
    ("a queue that any rule may fill", "queue_policies", |t| {
        remove_condition(t, "S3PublicAclQueuePolicy", "RulesDeliver");
    }),
    ("a queue that its rule may not fill", "queue_policies", |t| {
        remove(t, "/Resources/S3UnencryptedUploadQueuePolicy");
    }),
    ("dead letters that a rule may not write", "queue_policies", |t| {
        let arns = &mut statement(t, "S3PublicAclDeadLettersPolicy", "RulesDeliver")["Condition"]["ArnEquals"]
            ["aws:SourceArn"];
        arns.as_array_mut().unwrap().remove(0);
    }),
    ("a queue without TLS", "queue_policies", |t| {
        statement(t, "S3PublicAclQueuePolicy", "TlsOnly")["Effect"] = json!("Allow");
    }),
    ("a queue that is visible too soon", "queues", |t| {
        set(t, "/Resources/S3PublicAclQueue/Properties/VisibilityTimeout", json!(60));
    }),
    ("a function that outlasts its queue", "queues", |t| {
        set(t, "/Resources/S3PublicAcl/Properties/Timeout", json!(600));
    }),
    ("a queue without dead letters", "queues", |t| {
        remove(t, "/Resources/S3PublicAclQueue/Properties/RedrivePolicy");
    }),
    ("a queue under the wrong key", "queues", |t| {
        set(
            t,
            "/Resources/S3PublicAclDeadLetters/Properties/KmsMasterKeyId",
            json!("alias/aws/sqs"),
        );
    }),
    ("dead letters for four days", "queues", |t| {
        remove(t, "/Resources/S3PublicAclDeadLetters/Properties/MessageRetentionPeriod");
    }),
    ("AWS's own policy beside ours", "roles", |t| {
        let arns = "/Resources/S3PublicAclRole/Properties/ManagedPolicyArns";
        t.pointer_mut(arns)
            .unwrap()
            .as_array_mut()
            .unwrap()
            .push(json!("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"));
    }),
    ("an inline policy", "roles", |t| {
        t["Resources"]["S3PublicAclRole"]["Properties"]["Policies"] = json!([]);
    }),
    ("a role beyond the boundary", "roles", |t| {
        remove(t, "/Resources/S3PublicAclRole/Properties/PermissionsBoundary");
    }),
    ("a role that the account may assume", "roles", |t| {
        let statement =
            "/Resources/S3PublicAclRole/Properties/AssumeRolePolicyDocument/Statement/0";
        set(t, &format!("{statement}/Principal"), json!({ "AWS": "*" }));
    }),
    ("a permission lost", "actions", |t| {
        let actions = &mut statement(t, "S3PublicAclPermissions", "MendBuckets")["Action"];
        actions.as_array_mut().unwrap().remove(0);
    }),
    ("a permission too many", "actions", |t| {
        let actions = &mut statement(t, "S3PublicAclPermissions", "MendObjects")["Action"];
        actions.as_array_mut().unwrap().push(json!("s3:DeleteObject"));
    }),
    ("a ledger that may be deleted", "actions", |t| {
        let actions = &mut statement(t, "S3PublicAclPermissions", "Ledger")["Action"];
        actions.as_array_mut().unwrap().push(json!("dynamodb:DeleteTable"));
    }),
    ("s3:*", "resources_of_actions", |t| {
        statement(t, "S3PublicAclPermissions", "MendBuckets")["Action"] = json!("s3:*");
    }),
    ("every resource", "resources_of_actions", |t| {
        statement(t, "IamTrustPolicyPermissions", "MendRoles")["Resource"] = json!("*");
    }),
    ("other accounts' buckets", "resources_of_actions", |t| {
        remove_condition(t, "S3PublicAclPermissions", "MendObjects");
    }),
    ("keys for more than S3", "resources_of_actions", |t| {
        remove_condition(t, "S3UnencryptedUploadPermissions", "MendUnderTheRightKey");
    }),
    ("own roles within reach", "resources_of_actions", |t| {
        let resources =
            &mut statement(t, "IamTrustPolicyLimits", "NeverOwnOrServiceLinkedRoles")["Resource"];
        resources.as_array_mut().unwrap().pop();
    }),
    ("own policies within reach", "resources_of_actions", |t| {
        let resources = &mut statement(t, "IamAdminGrantLimits", "NeverOwnPolicies")["Resource"];
        resources.as_array_mut().unwrap().pop();
    }),
    ("a write to own roles that is not denied", "resources_of_actions", |t| {
        let actions =
            &mut statement(t, "IamAdminGrantLimits", "NeverOwnOrServiceLinkedRoles")["Action"];
        actions.as_array_mut().unwrap().remove(0);
    }),
    ("limits that bind nobody", "resources_of_actions", |t| {
        set(t, "/Resources/IamTrustPolicyLimits/Properties/Roles", json!([]));
    }),
    ("a pattern compared as a string", "deputies", |t| {
        statement(t, "AlertTopicPolicy", "AlarmsTell")["Condition"]["StringEquals"]["aws:SourceArn"] =
            json!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:*");
    }),
    ("a topic for any account's alarms", "deputies", |t| {
        remove_condition(t, "AlertTopicPolicy", "AlarmsTell");
    }),
    ("a topic for everybody", "deputies", |t| {
        statement(t, "AlertTopicPolicy", "AlarmsTell")["Principal"] = json!("*");
    }),
    ("a key that does not rotate", "key", |t| {
        remove(t, "/Resources/Key/Properties/EnableKeyRotation");
    }),
    ("a condition that drops every event silently", "key", |t| {
        statement(t, "Key", "RulesReachTheQueues")["Condition"] =
            json!({ "StringEquals": { "aws:SourceAccount": { "Ref": "AWS::AccountId" } } });
    }),
    ("alarms that cannot use the key", "key", |t| {
        statement(t, "Key", "AlarmsReachTheTopic")["Action"] = json!(["kms:Decrypt"]);
    }),
    ("a table without point-in-time recovery", "table", |t| {
        remove(t, "/Resources/LedgerTable/Properties/PointInTimeRecoverySpecification");
    }),
    ("a TTL on an attribute that nobody writes", "table", |t| {
        let ttl = "/Resources/LedgerTable/Properties/TimeToLiveSpecification/AttributeName";
        set(t, ttl, json!("ttl"));
    }),
    ("another key than the ledger's", "table", |t| {
        set(t, "/Resources/LedgerTable/Properties/KeySchema/1/AttributeName", json!("sort"));
    }),
    ("an alarm on a metric that does not count dead letters", "alarms", |t| {
        set(
            t,
            "/Resources/S3PublicAclDeadLettersAlarm/Properties/MetricName",
            json!("NumberOfMessagesSent"),
        );
    }),
    ("an alarm that never fires", "alarms", |t| {
        set(t, "/Resources/S3PublicAclErrorsAlarm/Properties/Threshold", json!(1000));
    }),
    ("an alarm that tells nobody", "alarms", |t| {
        remove(t, "/Resources/S3PublicAclErrorsAlarm/Properties/AlarmActions");
    }),
    ("a metric misspelt", "alarms", |t| {
        set(
            t,
            "/Resources/S3PublicAclRemediationFailedAlarm/Properties/MetricName",
            json!("RemediationsFailed"),
        );
    }),
    ("a function without an alarm", "alarms", |t| {
        remove(t, "/Resources/S3PublicAclDeadLettersAlarm");
    }),
    ("direct deliveries that are dropped untold", "alarms", |t| {
        remove(t, "/Resources/IamTrustPolicyAsyncEventsDroppedAlarm");
    }),
    ("dead letters that get lost untold", "alarms", |t| {
        remove(t, "/Resources/IamTrustPolicyDeadLetterErrorsAlarm");
    }),
    ("a metric of destinations, of which there is none", "alarms", |t| {
        set(
            t,
            "/Resources/S3PublicAclDeadLetterErrorsAlarm/Properties/MetricName",
            json!("DestinationDeliveryFailures"),
        );
    }),
    ("a rule that gives up untold", "alarms", |t| {
        remove(t, "/Resources/S3PublicAclBucketAclsFailedInvocationsAlarm");
    }),
    ("the spelling of the guide's prose, which no metric has", "alarms", |t| {
        set(
            t,
            "/Resources/S3PublicAclBucketAclsLostEventsAlarm/Properties/MetricName",
            json!("InvocationsFailedToBeSentToDLQ"),
        );
    }),
    ("a dimension that the default bus's metrics do not have", "alarms", |t| {
        let alarm = "/Resources/IamTrustPolicyTrustPoliciesLostEventsAlarm/Properties/Dimensions";
        let dimensions = t.pointer_mut(alarm).unwrap().as_array_mut().unwrap();
        dimensions.push(json!({ "Name": "EventBusName", "Value": "default" }));
    }),
    ("an alarm on a rule that may not exist", "alarms", |t| {
        remove(t, "/Resources/S3PublicAclNativeObjectAclsLostEventsAlarm/Condition");
    }),
    ("a topic under AWS's key, which alarms cannot use", "topic", |t| {
        set(t, "/Resources/AlertTopic/Properties/KmsMasterKeyId", json!("alias/aws/sns"));
    }),
    ("a topic that alarms may not reach", "topic", |t| {
        remove(t, "/Resources/AlertTopicPolicy");
    }),
    ("endless logs", "logs", |t| {
        remove(t, "/Resources/S3PublicAclLogs/Properties/RetentionInDays");
    }),
    ("logs in the clear", "logs", |t| {
        remove(t, "/Resources/S3PublicAclLogs/Properties/KmsKeyId");
    }),
    ("IAM heard where it is never told", "home_region", |t| {
        remove(t, "/Resources/IamTrustPolicyTrustPolicies/Condition");
    }),
    ("the wrong home", "home_region", |t| {
        set(t, "/Conditions/HearsIam/Fn::Or/0/Fn::Equals/1", json!("eu-west-1"));
    }),
    ("native events that cannot be declined", "home_region", |t| {
        remove(t, "/Resources/S3PublicAclNativeObjectAcls/Condition");
    }),
    ("a tag forgotten", "tags", |t| {
        remove(t, "/Resources/LedgerTable/Properties/Tags/0");
    }),
    ("too many resources", "sizes", |t| {
        for number in 0..450 {
            t["Resources"][format!("Filler{number}")] = json!({ "Type": "AWS::SNS::Subscription" });
        }
    }),
];

fn remove_condition(document: &mut Value, policy: &str, sid: &str) {
    let removed = statement(document, policy, sid).as_object_mut().unwrap().remove("Condition");
    assert!(removed.is_some());
}

#[test]
fn every_planted_defect_is_seen_by_the_rule_that_is_for_it() {
    let sound = Template::read().unwrap();
    let mut unseen = Vec::new();
    for (name, rule, damage) in DEFECTS {
        let (_, check) = RULES.iter().find(|(known, _)| known == rule).unwrap();
        let mut damaged = sound.clone();
        damage(&mut damaged.document);
        assert_ne!(damaged, sound, "{name} changes nothing");
        if check(&damaged).is_empty() {
            unseen.push(*name);
        }
    }
    assert!(unseen.is_empty(), "not seen: {unseen:?}");
}

#[test]
fn every_rule_has_a_defect_that_it_sees() {
    let tried: BTreeSet<&str> = DEFECTS.iter().map(|(_, rule, _)| *rule).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(tried, known);
}
