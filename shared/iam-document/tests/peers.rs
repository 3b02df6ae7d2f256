//! Judgements that other open-source tools get wrong, each by name: none of them may come back here.

#[cfg(test)]
mod tests {
    use iam_document::{Context, Document, Kind, Verdict, edit, inspect};
    use serde_json::{Value, json};

    fn context() -> Context {
        Context::from_json(&json!({
            "account_id": "111122223333", "org_id": "o-a1b2c3d4e5",
            "trusted_accounts": ["444455556666"],
        }))
        .unwrap()
    }

    fn bucket(statements: &Value) -> Verdict {
        let document = json!({"Version":"2012-10-17","Statement":statements});
        inspect(Kind::BucketPolicy, &document, &context())
    }

    fn allow(principal: &Value, condition: &Value) -> Value {
        json!({"Effect":"Allow","Principal":principal,"Action":"s3:GetObject",
            "Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*","Condition":condition})
    }

    fn is_public(condition: &Value) -> bool {
        bucket(&json!([allow(&json!("*"), condition)])).public
    }

    #[test]
    fn networks_that_are_the_internet_restrict_nothing() {
        for condition in [
            json!({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}),
            json!({"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}),
            json!({"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}),
            json!({"IpAddress":{"aws:SourceIp":"0.0.0.0/7"}}),
            json!({"StringLike":{"aws:SourceVpc":"*"}}),
        ] {
            assert!(is_public(&condition), "{condition}");
        }
    }

    #[test]
    fn a_vpc_of_somebody_else_is_told_where_ours_are_listed() {
        let mut context = context();
        context.trust.trusted_vpcs.insert("vpc-ours".to_owned());
        let document = json!({"Statement":[allow(&json!("*"), &json!({"StringEquals":{"aws:SourceVpc":"vpc-theirs"}}))]});
        let verdict = inspect(Kind::BucketPolicy, &document, &context);
        assert_eq!(verdict.cross_account, ["vpc:vpc-theirs"]);
    }

    #[test]
    fn sets_over_all_values_pass_without_the_key() {
        for operator in ["ForAllValues:StringNotEquals", "ForAllValues:StringEquals"] {
            assert!(
                is_public(&json!({operator:{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}})),
                "{operator}"
            );
        }
    }

    #[test]
    fn the_real_set_operator_over_any_value_is_known() {
        let condition =
            json!({"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}});
        assert!(bucket(&json!([allow(&json!("*"), &condition)])).findings.is_empty());
    }

    #[test]
    fn one_statement_need_not_stand_in_a_list() {
        assert!(bucket(&allow(&json!("*"), &json!({}))).public);
    }

    #[test]
    fn exclusion_of_actions_is_read() {
        let mut not_action = allow(&json!("*"), &json!({}));
        let members = not_action.as_object_mut().unwrap();
        members.shift_remove("Action");
        members.insert("NotAction".into(), json!("s3:DeleteBucket"));
        assert!(bucket(&json!([not_action])).public);
    }

    #[test]
    fn actions_ignore_case() {
        let deny = json!({"Effect":"Deny","Principal":"*","Action":"S3:getobject","Resource":"*"});
        assert!(bucket(&json!([allow(&json!("*"), &json!({})), deny])).mitigated_by_deny);
    }

    #[test]
    fn a_deny_of_everything_is_seen() {
        let deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"});
        let verdict = bucket(&json!([allow(&json!("*"), &json!({})), deny]));
        assert!(verdict.mitigated_by_deny && !verdict.effective_public);
        assert_eq!(verdict.exposure.as_str(), "nobody");
    }

    #[test]
    fn every_spelling_of_everyone_is_read_and_taken_out() {
        for principal in [
            json!("*"),
            json!({"AWS":"*"}),
            json!({"AWS":["*"]}),
            json!({"AWS":["*","111122223333"]}),
        ] {
            let value = json!({"Statement":[allow(&principal, &json!({}))]});
            let document = Document::from_value(&value).unwrap();
            let verdict = inspect(Kind::BucketPolicy, &document, &context());
            assert!(verdict.public, "{principal}");
            let edit =
                edit::mend(Kind::BucketPolicy, &document, &context(), &verdict.findings).unwrap();
            assert!(!edit.verdict.public, "{principal}");
        }
    }

    #[test]
    fn bare_account_ids_and_service_principals_are_principals() {
        let account = bucket(&json!([allow(&json!({"AWS":"222233334444"}), &json!({}))]));
        assert_eq!(account.cross_account, ["222233334444"]);
        let service =
            bucket(&json!([allow(&json!({"Service":"logging.s3.amazonaws.com"}), &json!({}))]));
        assert!(!service.public && service.error.is_none());
    }

    #[test]
    fn several_public_statements_all_go_and_the_restricted_one_stays() {
        let org = json!({"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}});
        let mut statements: Vec<Value> =
            ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"]
                .iter()
                .map(|action| {
                    let mut statement = allow(&json!("*"), &json!({}));
                    statement["Action"] = json!(action);
                    statement
                })
                .collect();
        let good = allow(&json!("*"), &org);
        statements.insert(2, good.clone());
        let document = Document::from_value(&json!({"Statement":statements})).unwrap();
        let verdict = inspect(Kind::BucketPolicy, &document, &context());
        let edit =
            edit::mend(Kind::BucketPolicy, &document, &context(), &verdict.findings).unwrap();
        assert_eq!(edit.after.unwrap().into_value(), json!({"Statement":[good]}));
    }

    #[test]
    fn one_grain_of_openness_does_not_spoil_a_good_condition_and_the_reverse() {
        let both = json!({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"},"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}});
        assert!(!is_public(&both));
        for chosen in [
            "aws:username",
            "aws:PrincipalTag/team",
            "kms:ViaService",
            "aws:ResourceAccount",
            "aws:ResourceOrgID",
        ] {
            assert!(is_public(&json!({"StringEquals":{chosen:"x"}})), "{chosen}");
        }
    }

    #[test]
    fn judging_leaves_the_document_as_it_was() {
        let value = json!({"Statement":[allow(&json!({"AWS":["*"]}), &json!({"StringEquals":{"AWS:PrincipalOrgID":"o-x"}}))]});
        let before = value.to_string();
        let _verdict = inspect(Kind::BucketPolicy, &value, &context());
        assert_eq!(value.to_string(), before);
    }

    #[test]
    fn a_role_named_after_our_account_is_not_ours() {
        let named = json!({"AWS":"arn:aws:iam::222233334444:role/111122223333"});
        assert_eq!(bucket(&json!([allow(&named, &json!({}))])).cross_account, ["222233334444"]);
    }

    #[test]
    fn groups_opened_by_halves_or_wide_ipv6_are_open() {
        let rule = |ranges: Value| json!({"IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":ranges["v4"],"Ipv6Ranges":ranges["v6"]}]});
        for ranges in [
            json!({"v4":[{"CidrIp":"0.0.0.0/1"},{"CidrIp":"128.0.0.0/1"}],"v6":[]}),
            json!({"v4":[],"v6":[{"CidrIpv6":"2000::/3"}]}),
            json!({"v4":[],"v6":[{"CidrIpv6":"::/0"}]}),
        ] {
            let verdict = inspect(Kind::SecurityGroup, &rule(ranges.clone()), &context());
            assert!(verdict.codes().contains("world-open:22"), "{ranges}");
        }
    }

    #[test]
    fn any_deny_on_a_header_is_not_an_enforced_key() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
        let context = context()
            .with_json(&json!({"check":"kms","bucket":"amzn-s3-demo-bucket","kms_key_arn":key}));
        let deny = json!({"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::amzn-s3-demo-bucket/*",
            "Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms","s3:x-amz-server-side-encryption-aws-kms-key-id":key}}});
        let verdict = inspect(
            Kind::BucketPolicy,
            &json!({"Version":"2012-10-17","Statement":[deny]}),
            &context.unwrap(),
        );
        assert!(verdict.codes().contains("kms-and-bug"));
    }
}
