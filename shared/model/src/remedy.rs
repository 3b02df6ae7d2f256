//! A corrective step, as data.

use std::fmt::Debug;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Response;

/// One AWS API call as it would be made. `operation` names the SDK operation, not the IAM action:
/// `s3:CopyObject` needs the actions `s3:GetObject` and `s3:PutObject`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// `service:Operation`, as the SDK spells it.
    pub operation: String,
    /// The call's parameters by their API names.
    pub parameters: serde_json::Value,
}

impl Operation {
    /// Names a call.
    pub fn new(operation: impl Into<String>, parameters: serde_json::Value) -> Self {
        Self { operation: operation.into(), parameters }
    }
}

/// Everything a control could ever do, as data.
///
/// A remedy carries the state it was made for and the state it leaves, so that the adapter can
/// refuse when the resource has moved on, and its inverse can be written down before the write.
pub trait Remedy:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The response that permits it: [`Response::Tag`] for marking, [`Response::Revert`] for
    /// undoing. Applied when the decision is at least this.
    fn needs(&self) -> Response;

    /// The exact writes it makes, in order.
    fn operations(&self) -> Vec<Operation>;

    /// What puts things back as they were, if that can be said. It may be applied only while the
    /// resource is as this remedy left it.
    fn inverse(&self) -> Option<Self>;

    /// The IAM actions its writes and its own re-reads need, `service:Action`, sorted.
    fn iam_actions(&self) -> &'static [&'static str];

    /// One remedy that does what both do, where both were made for the same state and one write
    /// serves both (two grants of one ACL, two statements of one document). `None`: they are
    /// applied one after the other. Each finding carries the smallest remedy for itself alone, so
    /// that what policy permits is decided finding by finding; whoever applies several of one
    /// resource joins them first, or the second would find the state moved by the first.
    fn join(&self, _other: &Self) -> Option<Self> {
        None
    }

    /// The part of a document that changes, before and after, for showing as a diff.
    fn document_change(&self) -> Option<(String, String)> {
        None
    }
}

/// The remedy of a control that never writes: it cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoRemedy {}

impl Remedy for NoRemedy {
    fn needs(&self) -> Response {
        match *self {}
    }

    fn operations(&self) -> Vec<Operation> {
        match *self {}
    }

    fn inverse(&self) -> Option<Self> {
        match *self {}
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match *self {}
    }
}
