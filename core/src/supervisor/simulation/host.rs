//! The host: it calls whatever there is to call, of any account at any time, many calls at once, and holds every answer against
//! the books.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Duration, Instant, sleep};

use super::day::Plant;
use super::oracle::{Oracle, Rule};
use super::world::{Actor, World};
use crate::account::AccountCell;
use crate::call::Call;
use crate::error::Error;
use crate::states::{ReasonCode, TaskState};
use crate::supervisor::{Slot, Supervisor};

pub(super) type Accounts = Arc<Supervisor<Actor>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Remove,
    SwitchOn,
    SwitchOff,
    Pause,
    Resume,
    Restart,
    Priority(i32),
}

#[derive(Clone)]
pub(super) struct Host {
    pub(super) accounts: Accounts,
    pub(super) world: Arc<World>,
}

impl Host {
    /// Calls about `per_hour` times an hour until `until`.
    pub(super) async fn be_busy(self, seed: u64, count: usize, per_hour: f64, until: Instant) {
        let mut random = StdRng::seed_from_u64(seed ^ 0x0005_7005);
        while Instant::now() < until {
            sleep(Duration::from_secs_f64(3_600.0 / per_hour * random.random_range(0.0..2.0))).await;
            let cookie_id = random.random_range(0..count).to_string();
            // Several calls to one account at once: their order must hold.
            for _ in 0..random.random_range(1..4) {
                self.call(&cookie_id, any_verb(&mut random));
            }
        }
    }

    /// Makes a call; the answer is looked at when it comes.
    pub(super) fn call(&self, cookie_id: &str, verb: Verb) {
        let number = self.oracle().issued(cookie_id);
        let call = self.begin(cookie_id, verb, number);
        let (host, cookie_id) = (self.clone(), cookie_id.to_owned());
        tokio::spawn(async move {
            let answer = call.await;
            host.look_at(&cookie_id, verb, number, answer);
        });
    }

    fn oracle(&self) -> &Arc<Oracle> {
        &self.world.oracle
    }

    fn begin(&self, cookie_id: &str, verb: Verb, number: u64) -> Call<()> {
        let (oracle, id, plant) = (Arc::clone(self.oracle()), cookie_id.to_owned(), self.world.plant);
        // A host that mixes up the order of its calls looks to the books like a supervisor that does.
        let number = if plant == Plant::CallsOutOfOrder { number ^ 3 } else { number };
        if verb == Verb::Add {
            let world = Arc::clone(&self.world);
            let worker = move |_: &Arc<AccountCell>| Actor::new(Arc::clone(&world));
            return self.accounts.on_new_account(cookie_id, worker, move |slot| {
                Box::pin(async move {
                    if slot.is_active() {
                        slot.stop(ReasonCode::Replaced).await;
                    }
                    slot.set_known();
                    slot.set_enabled(true);
                    oracle.wanted(&id);
                    slot.start();
                    oracle.carried_out(&id, number);
                    Ok(())
                })
            });
        }
        self.accounts.on_account(cookie_id, move |slot| {
            Box::pin(async move {
                let done = carry_out(slot, verb, &oracle, plant).await;
                oracle.carried_out(&id, number);
                done
            })
        })
    }

    /// What was answered must be so, unless another call was made since.
    fn look_at(&self, cookie_id: &str, verb: Verb, number: u64, answer: Result<(), Error>) {
        let oracle = self.oracle();
        if let Err(error) = answer {
            // A call to an account that is not on record is not carried out, and neither is a restart of one that is off.
            oracle.refused(cookie_id, number);
            if !matches!(error, Error::AccountNotFound { .. } | Error::AccountDisabled { .. }) {
                oracle.violated(Rule::AcknowledgedIsDone, format!("{cookie_id}: {verb:?} was answered with {error}"));
            }
            return;
        }
        if !oracle.is_latest(cookie_id, number) {
            return;
        }
        let status = self.accounts.cell(cookie_id).map(|cell| cell.status());
        let is_done = match (verb, status) {
            (Verb::Remove, Err(Error::AccountNotFound { .. })) => !oracle.lives(cookie_id),
            (Verb::SwitchOff, Ok(status)) => !status.enabled && status.state == TaskState::Stopped && !oracle.lives(cookie_id),
            (Verb::Add | Verb::SwitchOn | Verb::Restart, Ok(status)) => status.enabled && status.state != TaskState::Stopped,
            (Verb::Pause, Ok(status)) => status.paused,
            (Verb::Resume, Ok(status)) => !status.paused,
            (Verb::Priority(priority), Ok(status)) => status.priority == priority,
            _ => false,
        };
        if !is_done {
            oracle.violated(Rule::AcknowledgedIsDone, format!("{cookie_id}: {verb:?} was answered, and is not done"));
        }
    }
}

/// What the manager's verbs do, without the store.
async fn carry_out(slot: &mut Slot<Actor>, verb: Verb, oracle: &Oracle, plant: Plant) -> Result<(), Error> {
    let id = slot.cookie_id().to_owned();
    match verb {
        Verb::Remove if plant == Plant::RemovalNotDone => oracle.unwanted(&id, false),
        Verb::Remove => {
            slot.stop(ReasonCode::Removed).await;
            slot.retire();
            oracle.unwanted(&id, false);
        }
        Verb::SwitchOn => {
            oracle.switched_on(&id);
            slot.switch(true).await;
        }
        Verb::SwitchOff => {
            slot.switch(false).await;
            oracle.unwanted(&id, true);
        }
        Verb::Pause | Verb::Resume => {
            slot.set_paused(verb == Verb::Pause);
            oracle.paused(&id, verb == Verb::Pause);
        }
        Verb::Restart => {
            slot.check_enabled()?;
            slot.stop(ReasonCode::Restarted).await;
            oracle.wanted(&id);
            slot.start();
        }
        Verb::Priority(priority) => {
            slot.set_priority(priority);
            match plant {
                // As if a failure had stopped it and forgotten to go on, or had written what only the host may.
                Plant::AccountForgotten => drop(slot.stop(ReasonCode::ConnectionLost).await),
                Plant::DesiredOverwritten => slot.set_enabled(false),
                Plant::StartsTheUnwanted if !slot.is_active() => slot.start(),
                _ => {}
            }
        }
        Verb::Add => unreachable!("an account that may be new is another kind of call"),
    }
    Ok(())
}

fn any_verb(random: &mut StdRng) -> Verb {
    match random.random_range(0..100) {
        0..30 => Verb::Add,
        30..40 => Verb::Remove,
        40..60 => Verb::SwitchOn,
        60..68 => Verb::SwitchOff,
        68..75 => Verb::Pause,
        75..85 => Verb::Resume,
        85..95 => Verb::Restart,
        _ => Verb::Priority(random.random_range(-100..=100)),
    }
}
