//! AWS's own policies that make administrators, or whoever is one step from it, by what decides in
//! them: so that a record alone can be judged. A live read is always judged by what was read.
//!
//! Source: <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>.

use model::Arn;

/// The decisive statements of a policy of AWS's; `None`: it is not one of those that are known.
///
/// The ARN may be of any partition: AWS publishes these policies in all of them.
pub(super) fn document(arn: &str) -> Option<&'static str> {
    let arn: Arn = arn.parse().ok()?;
    let name = (arn.service == "iam" && arn.account == "aws")
        .then(|| arn.resource.strip_prefix("policy/"))??;
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, document)| *document)
}

const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

const KNOWN: &[(&str, &str)] = &[
    ("AdministratorAccess", EVERYTHING),
    (
        "AdministratorAccess-AWSElasticBeanstalk",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudformation:CreateStack","Resource":["arn:*:cloudformation:*:*:stack/awseb-*","arn:*:cloudformation:*:*:stack/eb-*"]},{"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*","Condition":{"ArnLike":{"ec2:LaunchTemplate":"arn:*:ec2:*:*:launch-template/*"}}},{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:*:iam::*:role/*","Condition":{"StringEquals":{"iam:PassedToService":["autoscaling.amazonaws.com","cloudformation.amazonaws.com","ec2.amazonaws.com","ec2.amazonaws.com.cn","ecs.amazonaws.com","elasticbeanstalk.amazonaws.com","elasticloadbalancing.amazonaws.com"]}}}]}"#,
    ),
    (
        "AdministratorAccess-Amplify",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:AttachRolePolicy","iam:CreatePolicyVersion","iam:CreateRole","iam:PassRole","iam:PutRolePolicy","iam:UpdateAssumeRolePolicy","lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]}"#,
    ),
    (
        "AWSLambda_FullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:*","Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}]}"#,
    ),
    (
        "AmazonElasticMapReduceFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudformation:CreateStack","ec2:RunInstances","elasticmapreduce:*","iam:PassRole"],"Resource":"*"}]}"#,
    ),
    (
        "IAMFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#,
    ),
    (
        "PowerUserAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}]}"#,
    ),
    (
        "job-function/DataScientist",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:*","NotResource":["arn:*:sagemaker:*:*:domain/*","arn:*:sagemaker:*:*:user-profile/*"]},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}}}]}"#,
    ),
    (
        "job-function/SystemAdministrator",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:RunInstances","lambda:Create*","lambda:InvokeFunction"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":["arn:*:iam::*:role/ec2-sysadmin-*","arn:*:iam::*:role/lambda-sysadmin-*"]}]}"#,
    ),
];
