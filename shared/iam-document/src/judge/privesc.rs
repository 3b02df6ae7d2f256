//! The known ways from one permission to another.
//!
//! A path needs all of its actions; they may stand in different statements. The ids and the actions
//! of the first part are those of pathfinding.cloud by DataDog (Apache-2.0, see NOTICE), those that
//! begin with `p-` were gathered from Prowler (Apache-2.0). Actions are matched against the
//! document's patterns, so no catalogue of all of AWS's actions is needed.

/// A way to more permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// Its id.
    pub(super) id: &'static str,
    /// It works through a role that is passed already, so it depends on what that role may do.
    pub(super) existing: bool,
    /// The actions it needs, in lower case.
    pub(super) actions: &'static [&'static str],
    /// For paths that pass a role: the services that can take it, without `.amazonaws.com`.
    pub(super) passed_to: &'static [&'static str],
}

const fn new(
    id: &'static str,
    actions: &'static [&'static str],
    passed_to: &'static [&'static str],
) -> Path {
    Path { id, existing: false, actions, passed_to }
}

const fn existing(id: &'static str, actions: &'static [&'static str]) -> Path {
    Path { id, existing: true, actions, passed_to: &[] }
}

/// Every path.
pub(super) const PATHS: &[Path] = &[
    new(
        "apprunner-001",
        &["iam:passrole", "apprunner:createservice"],
        &["tasks.apprunner", "build.apprunner", "apprunner"],
    ),
    existing("apprunner-002", &["apprunner:updateservice"]),
    new(
        "bedrock-001",
        &[
            "iam:passrole",
            "bedrock-agentcore:createcodeinterpreter",
            "bedrock-agentcore:startcodeinterpretersession",
            "bedrock-agentcore:invokecodeinterpreter",
        ],
        &["bedrock-agentcore"],
    ),
    existing(
        "bedrock-002",
        &[
            "bedrock-agentcore:startcodeinterpretersession",
            "bedrock-agentcore:invokecodeinterpreter",
        ],
    ),
    new("cloudformation-001", &["iam:passrole", "cloudformation:createstack"], &["cloudformation"]),
    existing("cloudformation-002", &["cloudformation:updatestack"]),
    new(
        "cloudformation-003",
        &["iam:passrole", "cloudformation:createstackset", "cloudformation:createstackinstances"],
        &["cloudformation"],
    ),
    new(
        "cloudformation-004",
        &["iam:passrole", "cloudformation:updatestackset"],
        &["cloudformation"],
    ),
    new(
        "cloudformation-005",
        &["cloudformation:createchangeset", "cloudformation:executechangeset"],
        &[],
    ),
    new(
        "codebuild-001",
        &["iam:passrole", "codebuild:createproject", "codebuild:startbuild"],
        &["codebuild"],
    ),
    existing("codebuild-002", &["codebuild:startbuild"]),
    existing("codebuild-003", &["codebuild:startbuildbatch"]),
    new(
        "codebuild-004",
        &["iam:passrole", "codebuild:createproject", "codebuild:startbuildbatch"],
        &["codebuild"],
    ),
    new(
        "datapipeline-001",
        &[
            "iam:passrole",
            "datapipeline:createpipeline",
            "datapipeline:putpipelinedefinition",
            "datapipeline:activatepipeline",
        ],
        &["datapipeline", "elasticmapreduce", "ec2"],
    ),
    existing(
        "ec2instanceconnect-003",
        &["ec2-instance-connect:sendsshpublickey", "ec2:describeinstances"],
    ),
    new("ec2-001", &["iam:passrole", "ec2:runinstances"], &["ec2", "spotfleet"]),
    existing(
        "ec2-002",
        &["ec2:modifyinstanceattribute", "ec2:stopinstances", "ec2:startinstances"],
    ),
    new("ec2-003", &["iam:passrole", "ec2:requestspotinstances"], &["ec2", "spotfleet"]),
    existing("ec2-004", &["ec2:createlaunchtemplateversion", "ec2:modifylaunchtemplate"]),
    new(
        "ecs-001",
        &["iam:passrole", "ecs:createcluster", "ecs:registertaskdefinition", "ecs:createservice"],
        &["ecs-tasks", "ecs"],
    ),
    new(
        "ecs-002",
        &["iam:passrole", "ecs:createcluster", "ecs:registertaskdefinition", "ecs:runtask"],
        &["ecs-tasks", "ecs"],
    ),
    new(
        "ecs-003",
        &["iam:passrole", "ecs:registertaskdefinition", "ecs:createservice"],
        &["ecs-tasks", "ecs"],
    ),
    new(
        "ecs-004",
        &["iam:passrole", "ecs:registertaskdefinition", "ecs:runtask"],
        &["ecs-tasks", "ecs"],
    ),
    new(
        "ecs-005",
        &["iam:passrole", "ecs:registertaskdefinition", "ecs:starttask"],
        &["ecs-tasks", "ecs"],
    ),
    new("glue-001", &["iam:passrole", "glue:createdevendpoint"], &["glue"]),
    existing("glue-002", &["glue:updatedevendpoint"]),
    new("glue-003", &["iam:passrole", "glue:createjob", "glue:startjobrun"], &["glue"]),
    new("glue-004", &["iam:passrole", "glue:createjob", "glue:createtrigger"], &["glue"]),
    new("glue-005", &["iam:passrole", "glue:updatejob", "glue:startjobrun"], &["glue"]),
    new("glue-006", &["iam:passrole", "glue:updatejob", "glue:createtrigger"], &["glue"]),
    new("iam-001", &["iam:createpolicyversion"], &[]),
    new("iam-002", &["iam:createaccesskey"], &[]),
    new("iam-003", &["iam:createaccesskey", "iam:deleteaccesskey"], &[]),
    new("iam-004", &["iam:createloginprofile"], &[]),
    new("iam-005", &["iam:putrolepolicy"], &[]),
    new("iam-006", &["iam:updateloginprofile"], &[]),
    new("iam-007", &["iam:putuserpolicy"], &[]),
    new("iam-008", &["iam:attachuserpolicy"], &[]),
    new("iam-009", &["iam:attachrolepolicy"], &[]),
    new("iam-010", &["iam:attachgrouppolicy"], &[]),
    new("iam-011", &["iam:putgrouppolicy"], &[]),
    new("iam-012", &["iam:updateassumerolepolicy"], &[]),
    new("iam-013", &["iam:addusertogroup"], &[]),
    new("iam-014", &["iam:attachrolepolicy", "sts:assumerole"], &[]),
    new("iam-015", &["iam:attachuserpolicy", "iam:createaccesskey"], &[]),
    new("iam-016", &["iam:createpolicyversion", "sts:assumerole"], &[]),
    new("iam-017", &["iam:putrolepolicy", "sts:assumerole"], &[]),
    new("iam-018", &["iam:putuserpolicy", "iam:createaccesskey"], &[]),
    new("iam-019", &["iam:attachrolepolicy", "iam:updateassumerolepolicy"], &[]),
    new("iam-020", &["iam:createpolicyversion", "iam:updateassumerolepolicy"], &[]),
    new("iam-021", &["iam:putrolepolicy", "iam:updateassumerolepolicy"], &[]),
    new(
        "lambda-001",
        &["iam:passrole", "lambda:createfunction", "lambda:invokefunction"],
        &["lambda"],
    ),
    new(
        "lambda-002",
        &["iam:passrole", "lambda:createfunction", "lambda:createeventsourcemapping"],
        &["lambda"],
    ),
    existing("lambda-003", &["lambda:updatefunctioncode"]),
    existing("lambda-004", &["lambda:updatefunctioncode", "lambda:invokefunction"]),
    existing("lambda-005", &["lambda:updatefunctioncode", "lambda:addpermission"]),
    new(
        "lambda-006",
        &["iam:passrole", "lambda:createfunction", "lambda:addpermission"],
        &["lambda"],
    ),
    new("sagemaker-001", &["iam:passrole", "sagemaker:createnotebookinstance"], &["sagemaker"]),
    new("sagemaker-002", &["iam:passrole", "sagemaker:createtrainingjob"], &["sagemaker"]),
    new("sagemaker-003", &["iam:passrole", "sagemaker:createprocessingjob"], &["sagemaker"]),
    existing("sagemaker-004", &["sagemaker:createpresignednotebookinstanceurl"]),
    existing(
        "sagemaker-005",
        &[
            "sagemaker:createnotebookinstancelifecycleconfig",
            "sagemaker:stopnotebookinstance",
            "sagemaker:updatenotebookinstance",
            "sagemaker:startnotebookinstance",
        ],
    ),
    existing("ssm-001", &["ssm:startsession"]),
    existing("ssm-002", &["ssm:sendcommand"]),
    existing("sts-001", &["sts:assumerole"]),
    new("p-set-default-version", &["iam:setdefaultpolicyversion"], &[]),
    existing("p-lambda-update-config", &["lambda:updatefunctionconfiguration"]),
    new("p-codestar", &["iam:passrole", "codestar:createproject"], &["codestar"]),
    new(
        "p-autoscaling-create",
        &[
            "iam:passrole",
            "autoscaling:createautoscalinggroup",
            "autoscaling:createlaunchconfiguration",
        ],
        &["ec2", "autoscaling"],
    ),
    new(
        "p-autoscaling-update",
        &[
            "iam:passrole",
            "autoscaling:updateautoscalinggroup",
            "autoscaling:createlaunchconfiguration",
        ],
        &["ec2", "autoscaling"],
    ),
    existing("p-ecs-exec", &["ecs:executecommand", "ecs:describetasks"]),
    new("p-ecs-runtask-override", &["iam:passrole", "ecs:runtask"], &["ecs-tasks", "ecs"]),
    new(
        "p-batch",
        &["iam:passrole", "batch:registerjobdefinition", "batch:submitjob"],
        &["batch", "ecs-tasks"],
    ),
    new("p-braket", &["iam:passrole", "braket:createjob"], &["braket"]),
    existing(
        "p-codedeploy",
        &[
            "codedeploy:createdeployment",
            "codedeploy:registerapplicationrevision",
            "codedeploy:getdeploymentconfig",
        ],
    ),
    new(
        "p-cognito-pool-roles",
        &["iam:passrole", "cognito-identity:setidentitypoolroles"],
        &["cognito-identity"],
    ),
    new("p-emr", &["iam:passrole", "elasticmapreduce:runjobflow"], &["elasticmapreduce", "ec2"]),
    new(
        "p-emr-serverless",
        &["iam:passrole", "emr-serverless:createapplication", "emr-serverless:startjobrun"],
        &["emr-serverless"],
    ),
    new(
        "p-gamelift",
        &[
            "iam:passrole",
            "gamelift:createbuild",
            "gamelift:createfleet",
            "gamelift:requestuploadcredentials",
        ],
        &["gamelift"],
    ),
    new("p-glue-session", &["iam:passrole", "glue:createsession", "glue:runstatement"], &["glue"]),
    new(
        "p-imagebuilder",
        &[
            "iam:passrole",
            "imagebuilder:createcomponent",
            "imagebuilder:createimagerecipe",
            "imagebuilder:createinfrastructureconfiguration",
            "imagebuilder:createimage",
        ],
        &["imagebuilder", "ec2"],
    ),
    new(
        "p-kinesisanalytics",
        &[
            "iam:passrole",
            "kinesisanalytics:createapplication",
            "kinesisanalytics:startapplication",
        ],
        &["kinesisanalytics"],
    ),
    new(
        "p-omics",
        &["iam:passrole", "omics:createworkflow", "omics:startrun", "s3:getobject"],
        &["omics"],
    ),
    new("p-scheduler", &["iam:passrole", "scheduler:createschedule"], &["scheduler"]),
    new(
        "p-ssm-automation",
        &["iam:passrole", "ssm:createdocument", "ssm:startautomationexecution"],
        &["ssm"],
    ),
    new(
        "p-stepfunctions",
        &["iam:passrole", "states:createstatemachine", "states:startexecution"],
        &["states"],
    ),
    existing("p-stepfunctions-update", &["states:updatestatemachine", "states:startexecution"]),
    new("p-delete-user-boundary", &["iam:deleteuserpermissionsboundary"], &[]),
    new("p-delete-role-boundary", &["sts:assumerole", "iam:deleterolepermissionsboundary"], &[]),
    new(
        "p-sso-new",
        &[
            "sso:createpermissionset",
            "sso:createaccountassignment",
            "sso:attachmanagedpolicytopermissionset",
        ],
        &[],
    ),
    new("p-sso-attach", &["sso:attachmanagedpolicytopermissionset"], &[]),
    new("p-sso-inline", &["sso:putinlinepolicytopermissionset"], &[]),
    new(
        "p-agentcore-browser",
        &[
            "iam:passrole",
            "bedrock-agentcore:createbrowser",
            "bedrock-agentcore:startbrowsersession",
            "bedrock-agentcore:connectbrowserautomationstream",
        ],
        &["bedrock-agentcore"],
    ),
    existing("p-agentcore-command", &["bedrock-agentcore:invokeagentruntimecommand"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_every_path_that_passes_a_role_says_to_whom() {
        let ids: BTreeSet<&str> = PATHS.iter().map(|path| path.id).collect();
        assert_eq!(ids.len(), PATHS.len());
        for path in PATHS {
            assert!(!path.actions.is_empty(), "{}", path.id);
            assert_eq!(
                path.actions.contains(&"iam:passrole"),
                !path.passed_to.is_empty(),
                "{}",
                path.id
            );
            for action in path.actions {
                assert_eq!(*action, action.to_ascii_lowercase());
            }
        }
    }
}
