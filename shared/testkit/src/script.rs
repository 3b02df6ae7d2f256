//! What goes wrong, and when: one script for all fakes of a test.
//!
//! Every call through any port takes the next number. A test counts the calls of a clean run and
//! then lets each of them fail in turn.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use respond::{CloudError, Retry};

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Refused for the moment; nothing happened.
    Throttled,
    /// Refused for good; nothing happened.
    Denied,
    /// The thing does not exist; nothing happened.
    Gone,
    /// A precondition failed; nothing happened.
    Moved,
    /// It happened, and the answer was lost.
    LostAnswer,
    /// It did not happen, and nobody knows.
    LostCall,
    /// The process died just before: neither this call nor any later one of it happens.
    CrashBefore,
    /// The process died just after: this call happened, no later one of it does.
    CrashAfter,
    /// A read sees the state before the last change.
    Stale,
}

/// Every fault that any call may meet.
pub const FAULTS: [Fault; 8] = [
    Fault::Throttled,
    Fault::Denied,
    Fault::Gone,
    Fault::Moved,
    Fault::LostAnswer,
    Fault::LostCall,
    Fault::CrashBefore,
    Fault::CrashAfter,
];

/// One call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `cloud`, `ledger`, `notifier`, `later`, `switch`.
    pub port: &'static str,
    /// The port's method.
    pub method: &'static str,
    /// What it was about, for reading a failed test.
    pub about: String,
    /// The fault it met.
    pub fault: Option<Fault>,
}

type Edit = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Inner {
    calls: Vec<Call>,
    faults: BTreeMap<usize, Fault>,
    edits: BTreeMap<usize, Vec<Edit>>,
    dead: bool,
}

/// The script, shared by all fakes of a test.
#[derive(Clone, Default)]
pub struct Script {
    inner: Arc<Mutex<Inner>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

/// What a fake does with a call that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    port: &'static str,
    method: &'static str,
    fault: Option<Fault>,
}

impl Script {
    /// A script in which nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the call of this number (from 0) meet a fault.
    pub fn fail(&self, number: usize, fault: Fault) {
        locked(&self.inner).faults.insert(number, fault);
    }

    /// Lets a stranger act just before the call of this number.
    pub fn before(&self, number: usize, edit: impl FnOnce() + Send + 'static) {
        locked(&self.inner).edits.entry(number).or_default().push(Box::new(edit));
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        locked(&self.inner).calls.clone()
    }

    /// How many calls of a method were made, failed ones included.
    #[must_use]
    pub fn count(&self, port: &str, method: &str) -> usize {
        let calls = self.calls();
        calls.iter().filter(|call| call.port == port && call.method == method).count()
    }

    /// Starts the process anew after a crash.
    pub fn restart(&self) {
        locked(&self.inner).dead = false;
    }

    /// Lets a call in, or fails it.
    pub(crate) fn begin(
        &self,
        port: &'static str,
        method: &'static str,
        about: impl fmt::Display,
    ) -> Result<Fate, CloudError> {
        let (fault, edits, dead) = {
            let mut inner = locked(&self.inner);
            let dead = inner.dead;
            if dead {
                (None, Vec::new(), true)
            } else {
                let number = inner.calls.len();
                let fault = inner.faults.remove(&number);
                let edits = inner.edits.remove(&number).unwrap_or_default();
                inner.dead = matches!(fault, Some(Fault::CrashBefore | Fault::CrashAfter));
                inner.calls.push(Call { port, method, about: about.to_string(), fault });
                (fault, edits, false)
            }
        };
        for edit in edits {
            edit();
        }
        if dead {
            return Err(error(port, method, "crashed", Retry::Worthwhile, true));
        }
        let fail = |code, retry, in_doubt| Err(error(port, method, code, retry, in_doubt));
        match fault {
            Some(Fault::Throttled) => fail("Throttling", Retry::Worthwhile, false),
            Some(Fault::Denied) => fail("AccessDenied", Retry::Pointless, false),
            Some(Fault::Gone) => fail("NoSuchEntity", Retry::Gone, false),
            Some(Fault::Moved) => fail("PreconditionFailed", Retry::Moved, false),
            Some(Fault::LostCall) => fail("timeout", Retry::Worthwhile, true),
            Some(Fault::CrashBefore) => fail("crashed", Retry::Worthwhile, true),
            Some(Fault::LostAnswer | Fault::CrashAfter | Fault::Stale) | None => {
                Ok(Fate { port, method, fault })
            }
        }
    }
}

impl Fate {
    /// Whether the read is to see the state before the last change.
    pub(crate) fn is_stale(self) -> bool {
        self.fault == Some(Fault::Stale)
    }

    /// The call's end: its own result, or the loss of it.
    pub(crate) fn end<T>(self, result: Result<T, CloudError>) -> Result<T, CloudError> {
        match self.fault {
            Some(Fault::LostAnswer | Fault::CrashAfter) => {
                Err(error(self.port, self.method, "timeout", Retry::Worthwhile, true))
            }
            Some(
                Fault::Throttled
                | Fault::Denied
                | Fault::Gone
                | Fault::Moved
                | Fault::LostCall
                | Fault::CrashBefore
                | Fault::Stale,
            )
            | None => result,
        }
    }
}

/// An error as the adapters make them.
pub(crate) fn error(
    port: &'static str,
    method: &'static str,
    code: &str,
    retry: Retry,
    in_doubt: bool,
) -> CloudError {
    CloudError {
        operation: method,
        resource: port.to_owned(),
        code: code.to_owned(),
        request_id: Some("EXAMPLE-REQUEST".to_owned()),
        retry,
        in_doubt,
        source: None,
    }
}
