//! Clients that run elsewhere: a test that has a whole extension around its client lends it the
//! network, and hands over what its worker would have done.

use crate::host::{self, Host};
use crate::world::World;
use sotto_core::client::{Config, Input, Output};
use sotto_core::time::Time;

/// A guest's place in the network.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    /// What has happened, in order.
    pub(crate) inputs: Vec<Input>,
}

impl World {
    /// A place for a client that runs elsewhere.
    pub fn add_guest(&mut self) -> usize {
        let mut host = Host::new(Config::default());
        host.guest = Some(Guest::default());
        self.hosts.push(host);
        self.hosts.len() - 1
    }

    /// Carries out what a guest wants of the network: websockets, and the directory.
    ///
    /// # Panics
    /// If it wants anything else.
    pub fn serve_guest(&mut self, guest: usize, output: Output) {
        let network = matches!(
            output,
            Output::OpenGateway { .. }
                | Output::CloseGateway { .. }
                | Output::SendText { .. }
                | Output::SendBinary { .. }
                | Output::FetchTopology
        );
        assert!(network, "a guest brings everything else along");
        host::carry_out(self, guest, output);
    }

    /// What has happened to a guest since the last time.
    pub fn guest_inputs(&mut self, guest: usize) -> Vec<Input> {
        let guest = self.hosts[guest].guest.as_mut();
        std::mem::take(&mut guest.expect("no guest").inputs)
    }

    /// A guest is killed: its websockets break.
    pub fn kill_guest(&mut self, guest: usize) {
        self.kill(guest);
        self.guest_inputs(guest).clear();
    }

    /// When something happens next.
    pub fn next_event(&self) -> Option<Time> {
        self.events.first_key_value().map(|((time, _), _)| *time)
    }
}
