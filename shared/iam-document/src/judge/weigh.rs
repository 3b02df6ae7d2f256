//! Whether what restricts a statement leaves in only those whom we trust.

use std::collections::BTreeSet;

use crate::{
    Context, Exposure,
    condition::{Class, Restriction},
};

/// What the restrictions of a statement that names everyone come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Nothing restricts it.
    Open,
    /// Only those whom we trust are left.
    Trusted(Exposure),
    /// Accounts that we do not trust, by which condition.
    Accounts(BTreeSet<String>, String),
    /// Organizations that we do not trust, by which condition.
    Orgs(BTreeSet<String>, String),
    /// Networks that are not among ours, by which condition.
    Networks(BTreeSet<String>, String),
    /// A service, on behalf of a resource whose account is not named.
    SourceArn(String),
    /// A service, on anyone's behalf.
    Service(String),
    /// The conditions contradict each other: nobody.
    Nobody(String),
}

/// Weighs the restrictions: entries are AND-ed, so one that leaves only trusted callers suffices.
pub(crate) fn weigh(restrictions: &[&Restriction], context: &Context) -> Weight {
    let identities: Vec<&Restriction> =
        restrictions.iter().copied().filter(|one| is_identity(one.class)).collect();
    let firm = identities.iter().filter(|restriction| !restriction.weak);
    if let Some(exposure) = firm.filter_map(|restriction| trusted(restriction, context)).min() {
        return Weight::Trusted(exposure);
    }
    // Those that it names are ours; but it names others beside them, of whom it does not say whose.
    let mut weak = identities.iter().filter(|restriction| restriction.weak);
    if let Some(restriction) = weak.find(|restriction| trusted(restriction, context).is_some()) {
        return Weight::SourceArn(restriction.condition.clone());
    }
    if let Some(weight) = strangers(&identities, context) {
        return weight;
    }
    let of = |class: Class| restrictions.iter().find(|one| one.class == class);
    if of(Class::Identity).is_some() {
        return Weight::Trusted(Exposure::Accounts);
    }
    if let Some(weight) = networks(restrictions, context) {
        return weight;
    }
    if let Some(restriction) = of(Class::SourceArn) {
        return Weight::SourceArn(restriction.condition.clone());
    }
    if let Some(restriction) = of(Class::Service) {
        return Weight::Service(restriction.condition.clone());
    }
    Weight::Open
}

fn is_identity(class: Class) -> bool {
    match class {
        Class::Accounts | Class::Orgs | Class::SourceAccounts | Class::SourceOrgs => true,
        Class::SourceArn | Class::Network | Class::Identity | Class::Service => false,
    }
}

fn is_account(class: Class) -> bool {
    matches!(class, Class::Accounts | Class::SourceAccounts)
}

/// How far a restriction opens, if it leaves only those whom we trust.
fn trusted(restriction: &Restriction, context: &Context) -> Option<Exposure> {
    let values = &restriction.values;
    if is_account(restriction.class) {
        if !values.iter().all(|account| context.trusts(account)) {
            return None;
        }
        let own = values.iter().all(|account| context.owns(account));
        return Some(if own { Exposure::Account } else { Exposure::Accounts });
    }
    values.iter().all(|org| context.trusts_org(org)).then(|| {
        let own = values.iter().all(|org| context.is_own_org(org));
        if own { Exposure::Organization } else { Exposure::Accounts }
    })
}

/// The strangers that are left where no restriction leaves only the trusted.
fn strangers(identities: &[&Restriction], context: &Context) -> Option<Weight> {
    let mut accounts = identities.iter().filter(|restriction| is_account(restriction.class));
    if let Some(first) = accounts.next() {
        // Sets of one key's class are AND-ed, so only what is in each of them is left.
        let both = accounts
            .filter(|other| other.class == first.class)
            .fold(first.values.clone(), |left, other| {
                left.intersection(&other.values).cloned().collect()
            });
        if both.is_empty() {
            return Some(Weight::Nobody(first.condition.clone()));
        }
        let foreign = both.into_iter().filter(|account| !context.trusts(account)).collect();
        return Some(Weight::Accounts(foreign, first.condition.clone()));
    }
    let first = identities.first()?;
    let foreign = first.values.iter().filter(|org| !context.trusts_org(org)).cloned().collect();
    Some(Weight::Orgs(foreign, first.condition.clone()))
}

/// Networks are ours unless a list says which are.
fn networks(restrictions: &[&Restriction], context: &Context) -> Option<Weight> {
    let mut foreign: Option<Weight> = None;
    for restriction in restrictions.iter().filter(|one| one.class == Class::Network) {
        let strange: BTreeSet<String> = restriction
            .values
            .iter()
            .filter(|network| !is_ours(network, context))
            .cloned()
            .collect();
        if strange.is_empty() {
            return Some(Weight::Trusted(Exposure::Accounts));
        }
        foreign.get_or_insert(Weight::Networks(strange, restriction.condition.clone()));
    }
    foreign
}

fn is_ours(network: &str, context: &Context) -> bool {
    let listed = |list: &BTreeSet<String>, id: &str| list.is_empty() || list.contains(id);
    if let Some(id) = network.strip_prefix("vpc:") {
        return listed(&context.trust.trusted_vpcs, id);
    }
    network.strip_prefix("vpce:").is_none_or(|id| listed(&context.trust.trusted_vpces, id))
}
