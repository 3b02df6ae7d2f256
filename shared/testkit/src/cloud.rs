//! A live account of one resource.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use controls::{Control, Observed, Tags};
use model::{Resource, Target};
use respond::{Applied, Cloud, CloudError, Retry};

use crate::script::{Script, error, locked};

/// A resource as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Present<S> {
    /// What the control would read.
    pub state: S,
    /// Its tags; `None`: not readable.
    pub tags: Option<Tags>,
    /// The resource as reading tells it.
    pub resource: Resource,
}

/// The resource's life: what it is now, and what it was.
#[derive(Debug)]
pub struct World<S> {
    life: Arc<Mutex<Vec<Option<Present<S>>>>>,
}

impl<S> Clone for World<S> {
    fn clone(&self) -> Self {
        Self { life: Arc::clone(&self.life) }
    }
}

impl<S: Clone> World<S> {
    /// A resource without tags.
    #[must_use]
    pub fn new(state: S, resource: Resource) -> Self {
        Self::of(Some(Present { state, tags: Some(Tags::new()), resource }))
    }

    /// A resource, or that it is gone.
    #[must_use]
    pub fn of(present: Option<Present<S>>) -> Self {
        Self { life: Arc::new(Mutex::new(vec![present])) }
    }

    /// What it is now.
    #[must_use]
    pub fn now(&self) -> Option<Present<S>> {
        locked(&self.life).last().cloned().flatten()
    }

    /// What it was, from the beginning to now.
    #[must_use]
    pub fn life(&self) -> Vec<Option<Present<S>>> {
        locked(&self.life).clone()
    }

    /// How often it changed.
    #[must_use]
    pub fn changes(&self) -> usize {
        locked(&self.life).len().saturating_sub(1)
    }

    /// Somebody sets it.
    pub fn set(&self, present: Option<Present<S>>) {
        locked(&self.life).push(present);
    }

    /// Somebody changes its state, if it is there.
    pub fn edit(&self, change: impl FnOnce(&mut Present<S>)) {
        if let Some(mut present) = self.now() {
            change(&mut present);
            self.set(Some(present));
        }
    }

    /// What it was before the last change.
    fn before(&self) -> Option<Present<S>> {
        let life = locked(&self.life);
        life.iter().nth_back(1).or(life.last()).cloned().flatten()
    }
}

/// How a remedy changes the resource: `Ok(None)` when it is so already, an error when the resource
/// is not what the remedy expects.
pub type Effect<C> = fn(
    &Present<<C as Control>::State>,
    &<C as Control>::Remedy,
) -> Result<Option<Present<<C as Control>::State>>, Retry>;

/// The live account behind the port, with the test's script.
pub struct FakeCloud<C: Control> {
    script: Script,
    world: World<C::State>,
    effect: Option<Effect<C>>,
}

impl<C: Control> fmt::Debug for FakeCloud<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeCloud").field("world", &self.world).finish_non_exhaustive()
    }
}

impl<C: Control> FakeCloud<C> {
    /// An account that can only be read: a write fails the test.
    #[must_use]
    pub fn read_only(script: &Script, world: &World<C::State>) -> Self {
        Self { script: script.clone(), world: world.clone(), effect: None }
    }

    /// An account in which remedies have this effect.
    #[must_use]
    pub fn new(script: &Script, world: &World<C::State>, effect: Effect<C>) -> Self {
        Self { effect: Some(effect), ..Self::read_only(script, world) }
    }
}

impl<C: Control> Cloud<C> for FakeCloud<C> {
    async fn observe(&self, target: &Target) -> Result<Observed<C::State>, CloudError> {
        let fate = self.script.begin("cloud", "observe", &target.resource)?;
        let seen = if fate.is_stale() { self.world.before() } else { self.world.now() };
        fate.end(Ok(match seen {
            None => Observed::Gone,
            Some(Present { state, tags, resource }) => Observed::Present { state, tags, resource },
        }))
    }

    #[expect(clippy::panic, reason = "an unscripted write must fail the test, loudly")]
    async fn apply(&self, resource: &Resource, remedy: &C::Remedy) -> Result<Applied, CloudError> {
        let Some(effect) = self.effect else {
            panic!("a write that the test does not expect: {remedy:?} of {resource}");
        };
        let fate = self.script.begin("cloud", "apply", resource)?;
        let refused = |code, retry| error("cloud", "apply", code, retry, false);
        let applied = match self.world.now() {
            None => Err(refused("NoSuchEntity", Retry::Gone)),
            Some(present) => match effect(&present, remedy) {
                Err(retry) => Err(refused("NotAsExpected", retry)),
                Ok(None) => Ok(false),
                Ok(Some(after)) => {
                    self.world.set(Some(after));
                    Ok(true)
                }
            },
        };
        fate.end(
            applied.map(|changed| Applied {
                changed,
                request_ids: vec!["EXAMPLE-REQUEST".to_owned()],
            }),
        )
    }
}
