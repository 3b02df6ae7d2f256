//! What becomes of a policy: one value raised, every other kept.

use model::trust::PasswordFloor;

use super::state::{PasswordPolicy, PasswordState, Requirement, WITHOUT};

/// Why an age is left to people.
///
/// A new age holds at once for passwords that are older already, and with `HardExpiry` whoever has
/// such a password cannot choose another: an administrator has to reset it.
/// Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html>.
pub(super) const SHUTS_OUT: &str = "while ended passwords need an administrator's reset \
    (`HardExpiry`), a new `MaxPasswordAge` would at once shut out every user whose password is older";

/// What becomes of a policy.
pub(super) struct Mended {
    /// The policy that the remedy leaves.
    pub(super) policy: PasswordPolicy,
    /// Whether what was there had an age that does not come back: see [`SHUTS_OUT`].
    pub(super) left_out_age: bool,
}

/// The policy with one value raised to the strongest of what it is, what it was when nothing was
/// wrong, and the floor; `None`: it is not for a program to raise it, see [`SHUTS_OUT`].
///
/// Where there is no policy there is nothing to keep: the whole of what was there comes back, raised
/// to the floor, since a new policy with one value alone would ask for less than AWS's default.
pub(super) fn strengthened(
    value: Requirement,
    state: &PasswordState,
    floor: &PasswordFloor,
) -> Option<Mended> {
    let lowest = lowest(floor);
    let age = value == Requirement::MaxPasswordAge;
    let Some(live) = state.policy else {
        let mut policy = restored(state.before, lowest);
        let left_out_age = policy.hard_expiry && policy.max_password_age.take().is_some();
        return (!age || !left_out_age).then_some(Mended { policy, left_out_age });
    };
    // An age that is weak could only be set or lowered.
    if age && live.hard_expiry {
        return None;
    }
    let raised = stronger(value, live, &lowest);
    let policy = match &state.before {
        Some(before) => stronger(value, raised, before),
        None => raised,
    };
    Some(Mended { policy, left_out_age: false })
}

fn restored(before: Option<PasswordPolicy>, lowest: PasswordPolicy) -> PasswordPolicy {
    let raised = strongest(before.unwrap_or(lowest), &lowest);
    at_least_three_classes(stronger(Requirement::MinimumPasswordLength, raised, &WITHOUT))
}

/// AWS's default asks for three classes, whichever they are; a policy has to name them.
fn at_least_three_classes(mut policy: PasswordPolicy) -> PasswordPolicy {
    let classes = [
        policy.require_symbols,
        policy.require_numbers,
        policy.require_uppercase_characters,
        policy.require_lowercase_characters,
    ];
    if classes.into_iter().filter(|asked| *asked).count() < 3 {
        policy.require_numbers = true;
        policy.require_uppercase_characters = true;
        policy.require_lowercase_characters = true;
    }
    policy
}

/// The floor as the weakest policy that holds it.
pub(super) fn lowest(floor: &PasswordFloor) -> PasswordPolicy {
    PasswordPolicy {
        minimum_password_length: floor.minimum_length,
        require_symbols: floor.require_symbols,
        require_numbers: floor.require_numbers,
        require_uppercase_characters: floor.require_uppercase,
        require_lowercase_characters: floor.require_lowercase,
        max_password_age: floor.max_age_days,
        password_reuse_prevention: Some(floor.reuse_prevention).filter(|number| *number != 0),
        ..WITHOUT
    }
}

/// A policy with every value that has a floor at the stronger of two.
pub(super) fn strongest(policy: PasswordPolicy, other: &PasswordPolicy) -> PasswordPolicy {
    Requirement::ALL.into_iter().fold(policy, |policy, value| stronger(value, policy, other))
}

/// A policy with one value at the stronger of two, every other as it was.
fn stronger(
    value: Requirement,
    mut policy: PasswordPolicy,
    other: &PasswordPolicy,
) -> PasswordPolicy {
    match value {
        Requirement::MinimumPasswordLength => {
            policy.minimum_password_length =
                policy.minimum_password_length.max(other.minimum_password_length);
        }
        Requirement::RequireSymbols => policy.require_symbols |= other.require_symbols,
        Requirement::RequireNumbers => policy.require_numbers |= other.require_numbers,
        Requirement::RequireUppercaseCharacters => {
            policy.require_uppercase_characters |= other.require_uppercase_characters;
        }
        Requirement::RequireLowercaseCharacters => {
            policy.require_lowercase_characters |= other.require_lowercase_characters;
        }
        // The sooner a password ends the stronger; without an age it never does.
        Requirement::MaxPasswordAge => {
            let ages = [policy.max_password_age, other.max_password_age];
            policy.max_password_age = ages.into_iter().flatten().min();
        }
        Requirement::PasswordReusePrevention => {
            policy.password_reuse_prevention =
                policy.password_reuse_prevention.max(other.password_reuse_prevention);
        }
    }
    policy
}

/// Whether a policy asks for no less than another, in every value that has a floor.
pub(super) fn is_no_weaker(policy: &PasswordPolicy, than: &PasswordPolicy) -> bool {
    strongest(*policy, than) == *policy
}
