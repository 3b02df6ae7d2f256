//! What API calls were asked for and answered: `requestParameters`, `responseElements` and
//! `additionalEventData`, read member by member.
//!
//! CloudTrail's shapes have changed over the years and differ by service: a header is a string now
//! and was a list of one, a document is an object here and a string there, a list of one is its
//! element. The readers take all of them. A member that is missing or wrong costs itself: every
//! [`Field`] says on its own whether it is usable, and only where nothing at all can be read does
//! the whole fail.

mod object;

pub mod credentials;
pub mod iam;
pub mod s3;
pub mod sign_in;

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};
use thiserror::Error;

use crate::{
    Record,
    raw::{self, Shape},
};

pub use object::Object;

#[cfg(test)]
mod tests;

/// Why a member, or all of them, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// It is not there, or null.
    #[error("`{path}` is absent")]
    Absent {
        /// Its JSON path in the record.
        path: Cow<'static, str>,
    },
    /// CloudTrail left it out because it was too large.
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
    #[error("`{path}` was left out by CloudTrail")]
    Omitted {
        /// Its JSON path in the record.
        path: Cow<'static, str>,
    },
    /// It has a form that means nothing here.
    #[error("`{path}` cannot be read: {why}")]
    Malformed {
        /// Its JSON path in the record.
        path: Cow<'static, str>,
        /// What is wrong.
        why: String,
    },
}

impl Unusable {
    /// Its JSON path in the record.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Absent { path } | Self::Omitted { path } | Self::Malformed { path, .. } => path,
        }
    }

    /// Whether it is plainly not there, which for many members is an answer.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        match self {
            Self::Absent { .. } => true,
            Self::Omitted { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// A member of parameters, or why it cannot be used.
pub type Field<T> = Result<T, Unusable>;

/// Something that is read from the members of an object.
pub trait FromMembers: Sized {
    /// Reads it. Members that are missing or wrong are so in the result.
    fn from_members(object: &Object<'_>) -> Self;
}

impl Record {
    /// What was asked for.
    ///
    /// # Errors
    /// [`Unusable`] when there are no request parameters to read from.
    pub fn parameters<T: FromMembers>(&self) -> Field<T> {
        members("requestParameters", self.request_parameters.as_deref())
    }

    /// What was answered.
    ///
    /// # Errors
    /// [`Unusable`] when there are no response elements, as on most writes.
    pub fn response<T: FromMembers>(&self) -> Field<T> {
        members("responseElements", self.response_elements.as_deref())
    }

    /// What the service adds.
    ///
    /// # Errors
    /// [`Unusable`] when it adds nothing.
    pub fn additional<T: FromMembers>(&self) -> Field<T> {
        members("additionalEventData", self.additional_event_data.as_deref())
    }

    /// The request parameters as a JSON value, for readers of whole bodies (ACLs).
    ///
    /// # Errors
    /// [`Unusable`] when there are none, or when they cannot be a value (nested beyond any API's
    /// answer, numbers beyond any type).
    pub fn parameters_value(&self) -> Field<Value> {
        let root = "requestParameters";
        let raw = object_of(root, self.request_parameters.as_deref())?;
        serde_json::from_str(raw.get())
            .map_err(|error| Unusable::Malformed { path: root.into(), why: error.to_string() })
    }
}

fn members<T: FromMembers>(root: &'static str, raw: Option<&RawValue>) -> Field<T> {
    let object = Object::new(root, object_of(root, raw)?)?;
    Ok(T::from_members(&object))
}

/// The member of a record, if it is an object that CloudTrail did not cut.
fn object_of<'a>(root: &'static str, raw: Option<&'a RawValue>) -> Field<&'a RawValue> {
    let raw = raw::present(raw).ok_or(Unusable::Absent { path: root.into() })?;
    if Shape::of(raw) != Shape::Object {
        let why = format!("it is {}, not an object", Shape::of(raw).in_words());
        return Err(Unusable::Malformed { path: root.into(), why });
    }
    let object = Object::new(root, raw)?;
    if object.flag("omitted") == Ok(true) {
        return Err(Unusable::Omitted { path: root.into() });
    }
    Ok(raw)
}
