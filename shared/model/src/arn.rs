//! Amazon Resource Names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// An ARN split at its first five colons; the resource keeps any further ones.
///
/// `arn:partition:service:region:account:resource`, region and account possibly empty. Printing
/// gives back the text that was read.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`, or another that exists one day.
    pub partition: String,
    /// `s3`, `iam`, `sts`, …
    pub service: String,
    /// Empty for global services and for S3 buckets.
    pub region: String,
    /// Empty for S3 buckets and objects.
    pub account: String,
    /// `role/path/name`, `bucket/key`, …
    pub resource: String,
}

/// Why a text is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArnError {
    /// It does not begin with `arn:`.
    #[error("`{text}` does not begin with `arn:`")]
    Prefix {
        /// What was read.
        text: String,
    },
    /// Fewer than six segments.
    #[error("`{text}` has fewer than six segments separated by `:`")]
    Segments {
        /// What was read.
        text: String,
    },
    /// Partition, service or resource is empty.
    #[error("`{text}` leaves its partition, service or resource empty")]
    Empty {
        /// What was read.
        text: String,
    },
}

impl Arn {
    /// The last part of the resource after its last `/`: a role's name without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.resource.rsplit('/').next().unwrap_or(&self.resource)
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let owned = || text.to_owned();
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return Err(ArnError::Prefix { text: owned() });
        }
        let mut next = || parts.next().ok_or_else(|| ArnError::Segments { text: owned() });
        let arn = Self {
            partition: next()?.to_owned(),
            service: next()?.to_owned(),
            region: next()?.to_owned(),
            account: next()?.to_owned(),
            resource: next()?.to_owned(),
        };
        if arn.partition.is_empty() || arn.service.is_empty() || arn.resource.is_empty() {
            return Err(ArnError::Empty { text: owned() });
        }
        Ok(arn)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

impl Serialize for Arn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Arn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_colons_and_slashes_in_the_resource() {
        let arn: Arn = "arn:aws:iam::111122223333:role/a:b/c".parse().unwrap();
        assert_eq!(arn.resource, "role/a:b/c");
        assert_eq!(arn.name(), "c");
    }

    #[test]
    fn refuses_what_is_not_an_arn() {
        for text in ["", "arn", "arn:aws:s3", "urn:aws:s3:::b", "arn::s3:::b", "arn:aws:s3:::"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_gives_back_what_was_read(text in "arn:[a-z-]{1,9}:[a-z0-9]{1,9}:[a-z0-9-]{0,9}:[0-9]{0,12}:.{1,40}") {
            prop_assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }
}
