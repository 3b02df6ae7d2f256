//! The world of `s3-public-access-block`.

use aws_sdk_s3control::Client as Control;
use controls::{
    Observed, S3PublicAccessBlock,
    s3_public_access_block::{BlockRemedy, BlockState},
};
use model::Target;
use respond::{Applied, Cloud};

use super::*;
use crate::s3::{Blocks, account::AccountApi};

const WHOLE: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};
const HALF: PublicAccessBlock =
    PublicAccessBlock { block_public_policy: false, restrict_public_buckets: false, ..WHOLE };

fn xml(block: PublicAccessBlock) -> String {
    format!(
        "<PublicAccessBlockConfiguration><BlockPublicAcls>{}</BlockPublicAcls>\
         <IgnorePublicAcls>{}</IgnorePublicAcls><BlockPublicPolicy>{}</BlockPublicPolicy>\
         <RestrictPublicBuckets>{}</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
        block.block_public_acls,
        block.ignore_public_acls,
        block.block_public_policy,
        block.restrict_public_buckets
    )
}

const ABSENT: &str = "NoSuchPublicAccessBlockConfiguration";

fn response(block: Option<PublicAccessBlock>) -> HttpResponse {
    block.map_or_else(|| xml_refusal(404, ABSENT), |block| answer(200, &xml(block)))
}

fn live(block: Option<PublicAccessBlock>) -> Rule {
    mock!(Client::get_public_access_block)
        .match_requests(|request| {
            request.bucket() == Some(BUCKET) && request.expected_bucket_owner() == Some(ACCOUNT)
        })
        .then_http_response(move || response(block))
}

fn of_account(block: Option<PublicAccessBlock>) -> Rule {
    mock!(Control::get_public_access_block)
        .match_requests(|request| request.account_id() == Some(ACCOUNT))
        .then_http_response(move || response(block))
}

fn tagged() -> Rule {
    always!(get_bucket_tagging, answer(200, TAGS_XML))
}

/// The two APIs have an operation of the same name: each client has its own script.
fn blocks(rules: &[&Rule], account: &[&Rule]) -> Blocks {
    let session = session(Trust::default());
    Blocks {
        api: api(rules),
        account: AccountApi {
            reads: scripted!(aws_sdk_s3control, session.reads(), account.iter().copied()),
            writes: scripted!(aws_sdk_s3control, session.writes(), account.iter().copied()),
        },
    }
}

fn the_account() -> Resource {
    Resource::account(ACCOUNT.into(), "eu-west-1")
}

async fn observed(blocks: Blocks, resource: Resource) -> Result<Observed<BlockState>, CloudError> {
    Cloud::<S3PublicAccessBlock>::observe(&blocks, &Target::from(resource)).await
}

async fn applied(blocks: Blocks, remedy: &BlockRemedy) -> Result<Applied, CloudError> {
    Cloud::<S3PublicAccessBlock>::apply(&blocks, &bucket(), remedy).await
}

fn set(
    resource: Resource,
    before: Option<PublicAccessBlock>,
    after: Option<PublicAccessBlock>,
) -> BlockRemedy {
    BlockRemedy::SetBlock { resource, before, after }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_is_whole_is_one_read() {
    let read = live(Some(WHOLE));
    let observed = observed(blocks(&[&read], &[]), bucket()).await.unwrap();
    let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
    assert_eq!((state, tags, read.num_calls()), (BlockState::of(Some(WHOLE)), None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_is_off_is_reason_to_read_the_account_and_the_tags() {
    for (of_account_, expected) in [(Some(HALF), HALF), (None, PublicAccessBlock::default())] {
        for block in [Some(HALF), None] {
            let (read, account, tags) = (live(block), of_account(of_account_), tagged());
            let observed = observed(blocks(&[&read, &tags], &[&account]), bucket()).await.unwrap();
            let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
            assert_eq!((state.block, state.account), (block, Some(expected)));
            assert_eq!((tags.unwrap()["team"].as_str(), account.num_calls()), ("blue", 1));
        }
    }
}

/// S-5.
#[tokio::test(start_paused = true)]
async fn an_account_that_may_not_be_read_is_part_of_the_state_and_one_that_may_later_is_an_error() {
    for (status, code) in [(403, "AccessDenied"), (400, "InvalidURI"), (404, "NoSuchBucket")] {
        let denied = mock!(Control::get_public_access_block)
            .then_http_response(move || xml_refusal(status, code));
        let (read, tags) = (live(None), tagged());
        let observed = observed(blocks(&[&read, &tags], &[&denied]), bucket()).await.unwrap();
        let Observed::Present { state, .. } = observed else { panic!("{code}: {observed:?}") };
        assert_eq!((state.block, state.account), (None, None));
        assert_eq!(state.denied["s3control:GetPublicAccessBlock"], code);
    }
    let busy =
        mock!(Control::get_public_access_block).then_http_response(|| xml_refusal(503, "SlowDown"));
    let (read, tags) = (live(None), tagged());
    let error = observed(blocks(&[&read, &tags], &[&busy]), bucket()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Worthwhile);
}

#[tokio::test(start_paused = true)]
async fn the_account_itself_is_one_read_and_has_no_tags() {
    for block in [Some(HALF), None] {
        let account = of_account(block);
        let observed = observed(blocks(&[], &[&account]), the_account()).await.unwrap();
        let Observed::Present { state, tags, .. } = observed else { panic!("{observed:?}") };
        assert_eq!((state, tags), (BlockState::of(block), None));
    }
    let denied = mock!(Control::get_public_access_block)
        .then_http_response(|| xml_refusal(403, "AccessDenied"));
    let error = observed(blocks(&[], &[&denied]), the_account()).await.unwrap_err();
    assert_eq!(error.retry, Retry::Pointless);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_is_gone_and_a_strangers_is_refused() {
    let gone = always!(get_public_access_block, xml_refusal(404, "NoSuchBucket"));
    assert_eq!(observed(blocks(&[&gone], &[]), bucket()).await.unwrap(), Observed::Gone);
    let denied = always!(get_public_access_block, xml_refusal(403, "AccessDenied"));
    let error = observed(blocks(&[&denied], &[]), bucket()).await.unwrap_err();
    assert_eq!((error.operation, error.retry), ("s3:GetPublicAccessBlock", Retry::Pointless));
}

#[tokio::test(start_paused = true)]
async fn switches_are_set_where_the_live_ones_are_those_that_were_judged() {
    for before in [Some(HALF), None] {
        let put = mock!(Client::put_public_access_block)
            .match_requests(|request| {
                let block = request.public_access_block_configuration().unwrap();
                request.expected_bucket_owner() == Some(ACCOUNT)
                    && block.block_public_acls() == Some(true)
                    && block.ignore_public_acls() == Some(true)
                    && block.block_public_policy() == Some(true)
                    && block.restrict_public_buckets() == Some(true)
            })
            .then_http_response(|| answer(200, ""));
        let rules = blocks(&[&live(before), &put], &[]);
        let written = applied(rules, &set(bucket(), before, Some(WHOLE))).await.unwrap();
        assert_eq!(written, Applied { changed: true, request_ids: vec!["R-1".to_owned()] });

        let put = mock!(Control::put_public_access_block)
            .match_requests(|request| {
                let block = request.public_access_block_configuration().unwrap();
                request.account_id() == Some(ACCOUNT)
                    && block.block_public_policy() == Some(true)
                    && block.restrict_public_buckets() == Some(true)
            })
            .then_http_response(|| answer(200, ""));
        let rules = blocks(&[], &[&of_account(before), &put]);
        let written = applied(rules, &set(the_account(), before, Some(WHOLE))).await.unwrap();
        assert!(written.changed);
    }
}

#[tokio::test(start_paused = true)]
async fn undoing_puts_back_what_was_or_deletes_where_there_was_nothing() {
    let delete = always!(delete_public_access_block, answer(204, ""));
    let rules = blocks(&[&live(Some(WHOLE)), &delete], &[]);
    assert!(applied(rules, &set(bucket(), Some(WHOLE), None)).await.unwrap().changed);
    let delete = mock!(Control::delete_public_access_block)
        .match_requests(|request| request.account_id() == Some(ACCOUNT))
        .then_http_response(|| answer(204, ""));
    let rules = blocks(&[], &[&of_account(Some(WHOLE)), &delete]);
    assert!(applied(rules, &set(the_account(), Some(WHOLE), None)).await.unwrap().changed);
    assert_eq!(delete.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_it_is_already_so_or_when_nobody_has_judged_it() {
    for resource in [bucket(), the_account()] {
        let rules = blocks(&[&live(Some(WHOLE))], &[&of_account(Some(WHOLE))]);
        let written =
            applied(rules, &set(resource.clone(), Some(HALF), Some(WHOLE))).await.unwrap();
        assert_eq!(written, Applied::default());
        let rules = blocks(&[&live(Some(HALF))], &[&of_account(Some(HALF))]);
        let error = applied(rules, &set(resource, None, Some(WHOLE))).await.unwrap_err();
        assert_eq!((error.retry, error.in_doubt), (Retry::Moved, false));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes_back() {
    for (status, code, retry, in_doubt) in [
        (403, "AccessDenied", Retry::Pointless, false),
        (409, "OperationAborted", Retry::Worthwhile, false),
        (500, "InternalError", Retry::Worthwhile, true),
    ] {
        let put = mock!(Client::put_public_access_block)
            .then_http_response(move || xml_refusal(status, code));
        let on_account = mock!(Control::put_public_access_block)
            .then_http_response(move || xml_refusal(status, code));
        for resource in [bucket(), the_account()] {
            let rules = blocks(&[&live(None), &put], &[&of_account(None), &on_account]);
            let error = applied(rules, &set(resource, None, Some(WHOLE))).await.unwrap_err();
            let told = (error.code.as_str(), error.retry, error.in_doubt);
            assert_eq!(told, (code, retry, in_doubt));
        }
        assert_eq!((put.num_calls(), on_account.num_calls()), (1, 1), "{code}");
    }
}
