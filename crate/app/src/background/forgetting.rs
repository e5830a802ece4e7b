//! Forgetting everything.

use std::time::Duration;

use sotto_core::{client::Output, time::Time};

use super::{
    Background,
    effect::{Change, CommitId, Effect, Table},
    input::Input,
    pages::Asker,
    requests::Outcome,
    run::Run,
    start::Phase,
    transfer::Transfers,
};
use crate::page::{Reply, RequestError};

/// How long the gateways may take to answer.
const GATEWAYS_PATIENCE: Duration = Duration::from_secs(5);

/// The gateways are told; then everything is deleted.
pub(super) struct Forgetting {
    run: Box<Run>,
    asker: Asker,
    pub(super) until: Time,
}

impl Background {
    /// Asks the gateways that are connected to forget us, and then deletes everything. A locked or
    /// lost vault does not tell which gateways these are.
    pub(super) fn forget_everything(&mut self, now: Time, asker: Asker) -> Outcome {
        self.abandon_sites();
        match std::mem::replace(&mut self.phase, Phase::Erasing(asker)) {
            Phase::Running(mut run) => {
                run.client.ask_to_be_forgotten(now);
                self.phase = Phase::Forgetting(Forgetting {
                    run,
                    asker,
                    until: now + GATEWAYS_PATIENCE,
                });
                self.go_on_forgetting(now);
            }
            _ => self.erase(asker),
        }
        Outcome::Later
    }

    /// Tells the client what the gateways say, and nothing else.
    pub(super) fn forgetting_input(&mut self, now: Time, input: Input) {
        if let Phase::Forgetting(forgetting) = &mut self.phase {
            let run = &mut forgetting.run;
            if let Some(input) = run.client_input(input) {
                run.client.handle(now, input);
            }
            self.go_on_forgetting(now);
        }
    }

    fn go_on_forgetting(&mut self, now: Time) {
        let Phase::Forgetting(Forgetting { run, asker, until }) = &mut self.phase else {
            return;
        };
        while let Some(output) = run.client.poll() {
            // Nothing is connected anew, and nothing is written any more.
            if let Output::SendText { .. } | Output::CloseGateway { .. } = output {
                run.carry_out(output, &mut self.pages, &mut self.effects);
            }
        }
        if run.client.is_forgotten() || *until <= now {
            let (asker, sockets) = (*asker, run.disconnect());
            let close = |socket| Effect::CloseSocket { socket };
            self.effects.extend(sockets.into_iter().map(close));
            self.erase(asker);
        }
    }

    /// Deletes all records and all keys in one transaction.
    fn erase(&mut self, asker: Asker) {
        self.push_sealed(Effect::Commit {
            id: CommitId::Nothing,
            changes: Table::all().map(Change::Clear).collect(),
        });
        self.phase = Phase::Erasing(asker);
    }

    /// Nothing is left.
    pub(super) fn erased(&mut self, now: Time) {
        let Phase::Erasing(asker) = self.phase else {
            return;
        };
        self.safe.clear();
        self.transfers = Transfers::default();
        self.push_sealed(Effect::ForgetSession { everything: true });
        self.pages.reply(&mut self.effects, asker, Reply::Ok);
        self.stay_closed(now, Phase::New);
    }

    /// Everything is still there: start anew on it.
    pub(super) fn not_erased(&mut self, reason: String) {
        let Phase::Erasing(asker) = self.phase else {
            return;
        };
        let error = RequestError::Storage(reason).view();
        self.pages
            .reply(&mut self.effects, asker, Reply::Error { error });
        self.safe.clear();
        self.look_again();
    }
}
