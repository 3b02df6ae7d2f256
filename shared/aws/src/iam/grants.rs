//! Permissions of users, groups and roles: what was granted, and taking exactly that back.
//!
//! The documents come first: where they are harmless nothing else is read.

mod apply;
mod read;

use aws_sdk_iam::Client;
use controls::{
    IamAdminGrant, Observed, Tags,
    iam_admin_grant::{
        Boundary, Grant, GrantRemedy, GrantState, Holder, Permissions, Source, is_dangerous,
        may_be_completed,
    },
};
use model::{Resource, Target, Trust};
use respond::{Applied, Cloud, CloudError, Retry};

use crate::{Session, error::refusal};

/// Permissions of users, groups and roles.
#[derive(Debug, Clone)]
pub struct Grants {
    reads: Client,
    writes: Client,
    trust: Trust,
}

impl Grants {
    /// Makes the clients; no call.
    #[must_use]
    pub fn connect(session: &Session) -> Self {
        Self {
            reads: Client::new(session.reads()),
            writes: Client::new(session.writes()),
            trust: session.trust().as_ref().clone(),
        }
    }

    /// Reads what a grant gives; who has it is read only where that is dangerous.
    async fn look(&self, target: &Target) -> Result<Observed<GrantState>, CloudError> {
        let grant = Grant::of(target).ok_or_else(|| {
            refusal("iam:GetPolicy", &target.resource.arn, "no grant", Retry::Pointless)
        })?;
        let (mut state, holder) = match grant {
            Grant::Attachment { holder, policy_arn } => {
                let mut state = match self.managed(&policy_arn).await {
                    Ok(permissions) => GrantState::granting(vec![permissions]),
                    // A policy can only be deleted once nobody has it.
                    Err(error) if error.retry == Retry::Gone => gone(),
                    Err(error) => {
                        hidden(error, Source::Managed { arn: policy_arn.clone(), version: None })?
                    }
                };
                if state.stands
                    && !self.is_wrong(&state)
                    && !self.besides(&holder, &mut state).await?
                {
                    return Ok(present(target, state, None));
                }
                let attached = told(self.attached(&holder).await, &mut state.unread)?;
                let lost = !state.stands;
                state.stands = attached.is_none_or(|all| all.contains(&policy_arn));
                // What was made a moment ago may not be seen everywhere yet.
                if lost && state.stands {
                    state.unread.push("iam:GetPolicy: NoSuchEntity".to_owned());
                    let source = Source::Managed { arn: policy_arn, version: None };
                    state.permissions.push(Permissions { source, document: None });
                }
                (state, holder)
            }
            Grant::Inline { holder, policy } => {
                let mut state = match self.inline(&holder, &policy).await {
                    Ok(permissions) => GrantState::granting(vec![permissions]),
                    // The policy or its holder: which of them is said by the holder.
                    Err(error) if error.retry == Retry::Gone => gone(),
                    Err(error) => hidden(error, Source::Inline { name: policy.clone() })?,
                };
                if state.stands
                    && !self.is_wrong(&state)
                    && !self.besides(&holder, &mut state).await?
                {
                    return Ok(present(target, state, None));
                }
                (state, holder)
            }
            Grant::Membership { user, group } => {
                let (permissions, unread) = self.holdings(&Holder::Group(group.clone())).await?;
                let mut state = GrantState { unread, ..GrantState::granting(permissions) };
                if !self.is_wrong(&state) && state.unread.is_empty() && state.permissions.len() < 2
                {
                    return Ok(present(target, state, None));
                }
                let groups = told(self.groups(&user).await, &mut state.unread)?;
                state.stands = groups.is_none_or(|all| all.contains(&group));
                (state, Holder::User(user))
            }
            Grant::Boundary { holder } => return self.bounded(target, &holder).await,
            Grant::Policy { policy_arn, staged } => {
                return self.policy(target, &policy_arn, staged.as_deref()).await;
            }
        };
        // What was found is not lost with a read that is refused: it is told as unclear.
        let Some(who) = told(self.holder(&holder).await, &mut state.unread)? else {
            return Ok(present(target, state, None));
        };
        if !who.is_of(target) {
            return Err(stranger(&who.arn));
        }
        state.boundary = match who.boundary {
            Some(arn) if state.stands => {
                Boundary::Set { document: self.boundary_document(&arn).await?, arn }
            }
            Some(arn) => Boundary::Set { arn, document: None },
            None => Boundary::None,
        };
        state.arn = Some(who.arn);
        Ok(present(target, state, who.tags))
    }

    /// A boundary: where one stands that bounds, nothing else is read.
    async fn bounded(
        &self,
        target: &Target,
        holder: &Holder,
    ) -> Result<Observed<GrantState>, CloudError> {
        let mut state = GrantState::granting(Vec::new());
        let Some(who) = told(self.holder(holder).await, &mut state.unread)? else {
            return Ok(present(target, state, None));
        };
        if !who.is_of(target) {
            return Err(stranger(&who.arn));
        }
        let mut bounds = false;
        state.boundary = match who.boundary {
            Some(arn) => {
                let document = self.boundary_document(&arn).await?;
                bounds = document.as_ref().is_some_and(|text| !is_dangerous(text, &self.trust));
                Boundary::Set { arn, document }
            }
            None => Boundary::None,
        };
        if !bounds {
            (state.permissions, state.unread) = self.everything(holder).await?;
        }
        state.arn = Some(who.arn);
        Ok(present(target, state, who.tags))
    }

    /// Reads what the holder has besides a grant that is harmless by itself, if that is a part of a
    /// way to more power; whether there is anything, or something that may not be read.
    async fn besides(&self, holder: &Holder, state: &mut GrantState) -> Result<bool, CloudError> {
        let is_part = |one: &Permissions| {
            let document = one.document.as_deref();
            document.is_some_and(|document| may_be_completed(document, &self.trust))
        };
        if !state.permissions.iter().any(is_part) {
            return Ok(false);
        }
        let (mut all, unread) = self.everything(holder).await?;
        all.retain(|one| !state.permissions.contains(one));
        state.beside = all;
        state.unread.extend(unread);
        Ok(!state.beside.is_empty() || !state.unread.is_empty())
    }

    fn is_wrong(&self, state: &GrantState) -> bool {
        let wrong = |one: &Permissions| {
            one.document.as_deref().is_none_or(|text| is_dangerous(text, &self.trust))
        };
        state.permissions.iter().any(wrong)
    }
}

fn stranger(arn: &str) -> CloudError {
    refusal("iam:GetUser", arn, "of another account", Retry::Pointless)
}

fn gone() -> GrantState {
    GrantState { stands: false, ..GrantState::granting(Vec::new()) }
}

/// What a read tells; a refusal for good is a part of the state.
fn told<T>(
    answer: Result<T, CloudError>,
    unread: &mut Vec<String>,
) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(error) if error.retry == Retry::Pointless => {
            unread.push(format!("{}: {}", error.operation, error.code));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A policy that may not be read.
fn hidden(error: CloudError, source: Source) -> Result<GrantState, CloudError> {
    let mut state = GrantState::granting(vec![Permissions { source, document: None }]);
    told::<()>(Err(error), &mut state.unread)?;
    Ok(state)
}

fn present(target: &Target, state: GrantState, tags: Option<Tags>) -> Observed<GrantState> {
    let mut resource = target.resource.clone();
    if let Some(arn) = &state.arn {
        resource.arn.clone_from(arn);
    }
    Observed::Present { state, tags, resource }
}

impl Cloud<IamAdminGrant> for Grants {
    async fn observe(&self, target: &Target) -> Result<Observed<GrantState>, CloudError> {
        match self.look(target).await {
            Err(error) if error.retry == Retry::Gone => Ok(Observed::Gone),
            answer => answer,
        }
    }

    async fn apply(
        &self,
        _resource: &Resource,
        remedy: &GrantRemedy,
    ) -> Result<Applied, CloudError> {
        self.take_back(remedy).await
    }
}

#[cfg(test)]
mod tests;
