//! `snapback baseline take`: keeps what is right today, so that its loss can be told tomorrow.

use std::io::Write;

use crate::{
    args::TakeArgs,
    exit::{Exit, Failure},
};

/// Takes the baseline of every resource that a control keeps one of.
///
/// # Errors
/// [`Failure::Usage`] in a build without the SDK, or when the account cannot be reached;
/// [`Failure::Settings`] for the trust file; or the output cannot be written.
pub fn take(args: &TakeArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    #[cfg(feature = "live")]
    return crate::live::baseline::take(args, out);
    #[cfg(not(feature = "live"))]
    {
        let _: (&TakeArgs, &mut dyn Write) = (args, out);
        Err(crate::replay::without_sdk("baseline take ...", "baseline take"))
    }
}
