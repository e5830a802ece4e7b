//! The extension's brain: inputs in, effects out.

mod change;
mod effect;
mod input;
mod pages;
mod requests;
mod run;
mod start;
mod transfer;

use std::collections::VecDeque;

use sotto_core::time::Time;

pub use effect::{Change, CommitId, Effect, FetchId, PortId, ReadId, Scoped, SocketId, Table};
pub use input::{Input, Stored};

use crate::sender::ExtensionOrigin;
use pages::Pages;
use start::Phase;
use transfer::Transfers;

/// The extension's background, from start to end.
///
/// The contract with the host is that of the core: after every [`Background::handle`], carry out
/// all of [`Background::poll`], then set one timer for [`Background::next_deadline`].
pub struct Background {
    origin: ExtensionOrigin,
    phase: Phase,
    pages: Pages,
    transfers: Transfers,
    runs: u32,
    /// What the badge shows.
    badge: u32,
    effects: VecDeque<Effect>,
}

impl Background {
    /// A background of the extension with these pages. Its first effect loads the state.
    #[must_use]
    pub fn new(origin: ExtensionOrigin) -> Self {
        Self {
            origin,
            phase: Phase::Loading,
            pages: Pages::new(),
            transfers: Transfers::default(),
            runs: 0,
            badge: 0,
            effects: VecDeque::from([Effect::Load]),
        }
    }

    /// Takes note of something that happened.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Loaded(stored) => self.loaded(now, *stored),
            Input::LoadFailed(reason) => self.load_failed(now, reason),
            Input::Saved(CommitId::Settings) => self.settings_saved(),
            Input::SaveFailed(CommitId::Settings, reason) => self.settings_failed(reason),
            // What could not be saved as seen counts as unread again after a restart.
            Input::Saved(CommitId::Seen) | Input::SaveFailed(CommitId::Seen, _) => {}
            Input::RecordRead(read, result) => self.record_read(read, result),
            Input::PortOpened(port) => self.pages.open(port),
            Input::PortMessage {
                port,
                sender,
                message,
            } => {
                self.page_message(now, port, &sender, message);
            }
            Input::PortClosed(port) => {
                self.pages.close(port);
                self.transfers.close(port);
            }
            Input::Tick if self.is_load_due(now) => self.load_again(),
            other => self.client_input(now, other),
        }
        self.transfers.sweep(now);
        self.update_badge();
    }

    fn update_badge(&mut self) {
        let Phase::Running(run) = &self.phase else {
            return;
        };
        let unread = run.unread();
        if unread != self.badge {
            self.badge = unread;
            self.effects.push_back(Effect::Badge { unread });
        }
    }

    /// The next thing to do, if any.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Input::Tick`] must be given at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let work = match &self.phase {
            Phase::Running(run) => run.client.next_deadline(),
            Phase::Failed { retry_at, .. } => *retry_at,
            Phase::Loading | Phase::Ending(..) | Phase::Saving(_) => None,
        };
        work.into_iter().chain(self.transfers.deadline()).min()
    }

    /// Whether there is a connection, or one is being made: while this holds the background should
    /// be kept alive.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(&self.phase, Phase::Running(run) if run.is_connected())
    }

    /// Feeds the client, if it is the one that is meant, and carries on with what it gives.
    fn client_input(&mut self, now: Time, input: Input) {
        if matches!(self.phase, Phase::Ending(..)) {
            return self.last_input(now, input);
        }
        let Phase::Running(run) = &mut self.phase else {
            return;
        };
        let Some(input) = run.client_input(input) else {
            return;
        };
        run.client.handle(now, input);
        self.drain_client();
    }

    /// Turns all that the client wants into effects and events.
    fn drain_client(&mut self) {
        let Phase::Running(run) = &mut self.phase else {
            return;
        };
        while let Some(output) = run.client.poll() {
            run.carry_out(output, &mut self.pages, &mut self.effects);
        }
    }
}
