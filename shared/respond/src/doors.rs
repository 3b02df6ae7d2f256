//! All doors to the world in one hand.

use controls::Control;

use crate::{Clock, Cloud, Later, LedgerPort, Notifier, Switch};

/// What a pipeline is built on: one of each port.
pub trait Ports<C: Control>: Send + Sync + 'static {
    /// The live account.
    type Cloud: Cloud<C>;
    /// Claims, history and entries.
    type Ledger: LedgerPort;
    /// The way to people.
    type Notifier: Notifier;
    /// Delayed messages to oneself.
    type Later: Later;
    /// The switch that pauses every write.
    type Switch: Switch;
    /// The time.
    type Clock: Clock;

    /// The live account.
    fn cloud(&self) -> &Self::Cloud;
    /// Claims, history and entries.
    fn ledger(&self) -> &Self::Ledger;
    /// The way to people.
    fn notifier(&self) -> &Self::Notifier;
    /// Delayed messages to oneself.
    fn later(&self) -> &Self::Later;
    /// The switch that pauses every write.
    fn switch(&self) -> &Self::Switch;
    /// The time.
    fn clock(&self) -> &Self::Clock;
}

/// One of each port, whatever their types.
#[derive(Debug, Clone)]
pub struct Doors<Cloud, Ledger, Notifier, Later, Switch, Clock> {
    /// The live account.
    pub cloud: Cloud,
    /// Claims, history and entries.
    pub ledger: Ledger,
    /// The way to people.
    pub notifier: Notifier,
    /// Delayed messages to oneself.
    pub later: Later,
    /// The switch that pauses every write.
    pub switch: Switch,
    /// The time.
    pub clock: Clock,
}

impl<C, Cl, Le, No, La, Sw, Ck> Ports<C> for Doors<Cl, Le, No, La, Sw, Ck>
where
    C: Control,
    Cl: Cloud<C>,
    Le: LedgerPort,
    No: Notifier,
    La: Later,
    Sw: Switch,
    Ck: Clock,
{
    type Cloud = Cl;
    type Ledger = Le;
    type Notifier = No;
    type Later = La;
    type Switch = Sw;
    type Clock = Ck;

    fn cloud(&self) -> &Cl {
        &self.cloud
    }

    fn ledger(&self) -> &Le {
        &self.ledger
    }

    fn notifier(&self) -> &No {
        &self.notifier
    }

    fn later(&self) -> &La {
        &self.later
    }

    fn switch(&self) -> &Sw {
        &self.switch
    }

    fn clock(&self) -> &Ck {
        &self.clock
    }
}
