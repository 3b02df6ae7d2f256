//! The request that the crate's tests vary.

use std::collections::BTreeMap;

use model::{AccountId, Actor, Category, Confidence, ControlId, Posture, Resource, Severity};

use crate::Request;

/// The values that a request borrows.
pub(crate) struct Asking {
    pub(crate) actor: Actor,
    pub(crate) resource: Resource,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) units: Vec<String>,
    pub(crate) account: AccountId,
}

impl Asking {
    pub(crate) fn new() -> Self {
        Self {
            actor: Actor::unknown(),
            resource: Resource::bucket("amzn-s3-demo-bucket", "111122223333".into(), "us-east-1"),
            tags: BTreeMap::new(),
            units: Vec::new(),
            account: "111122223333".into(),
        }
    }

    /// A certain, effective, critical finding in posture enforce that is reverted by default.
    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            actor: &self.actor,
            resource: &self.resource,
            tags: Some(&self.tags),
            organizational_units: &self.units,
            account: &self.account,
            control: ControlId::new("s3-public-acl"),
            code: "acl-public:AllUsers:READ",
            severity: Severity::Critical,
            category: Category::PublicExposure,
            revert_by_default: true,
            confidence: Confidence::Certain,
            effective: true,
            posture: Posture::Enforce,
            recent_reverts: 0,
            breaker_open: false,
            own_change: false,
            remediable: true,
            protected: false,
            event_age_seconds: 5,
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
        }
    }
}
