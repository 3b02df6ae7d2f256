//! What `iam-password-policy` could ever do.

use model::{AccountId, Operation, Remedy, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    mend,
    state::{PasswordPolicy, WITHOUT},
};

/// `UpdateAccountPasswordPolicy` with every value, or in an inverse `DeleteAccountPasswordPolicy`.
///
/// The API replaces the whole policy and has no compare-and-set, so the adapter reads once more and
/// refuses when the policy is not `before` any longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRemedy {
    /// Whose policy it is.
    pub account: AccountId,
    /// The policy it was made for; `None`: there was none.
    pub before: Option<PasswordPolicy>,
    /// The policy it leaves; `None`, in an inverse alone: none.
    pub after: Option<PasswordPolicy>,
}

impl Remedy for PasswordRemedy {
    fn needs(&self) -> Response {
        Response::Revert
    }

    fn operations(&self) -> Vec<Operation> {
        vec![match self.after {
            Some(policy) => Operation::new("iam:UpdateAccountPasswordPolicy", json!(policy)),
            None => Operation::new("iam:DeleteAccountPasswordPolicy", json!({})),
        }]
    }

    fn inverse(&self) -> Option<Self> {
        Some(Self { account: self.account.clone(), before: self.after, after: self.before })
    }

    fn iam_actions(&self) -> &'static [&'static str] {
        match self.after {
            Some(_) => &["iam:GetAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"],
            None => &["iam:DeleteAccountPasswordPolicy", "iam:GetAccountPasswordPolicy"],
        }
    }

    /// Both only raise values, of the same policy: what both leave has the stronger of each.
    fn join(&self, other: &Self) -> Option<Self> {
        let (Some(after), Some(other_after)) = (self.after, other.after) else { return None };
        let before = self.before.unwrap_or(WITHOUT);
        let raises = |after: &PasswordPolicy| mend::is_no_weaker(after, &before);
        let alike = self.account == other.account && self.before == other.before;
        (alike && raises(&after) && raises(&other_after)).then(|| Self {
            account: self.account.clone(),
            before: self.before,
            after: Some(mend::strongest(after, &other_after)),
        })
    }

    fn document_change(&self) -> Option<(String, String)> {
        Some((in_words(self.before), in_words(self.after)))
    }
}

/// One value a line, for showing what changes.
fn in_words(policy: Option<PasswordPolicy>) -> String {
    let Some(policy) = policy else { return "no policy\n".to_owned() };
    let values = json!(policy);
    let lines: Vec<String> = values
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect();
    lines.concat()
}
