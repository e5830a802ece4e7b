//! What the directory answers, and what of it is kept on disk.

use super::session::quote;
use super::{Client, Output, Problem, Store};
use crate::time::Time;
use crate::topology::DirectoryReplies;

/// The name of the only record.
const TOPOLOGY_KEY: &[u8] = b"last";

impl Client {
    pub(super) fn refresh_topology(&mut self, now: Time) {
        if self.atlas.overdue(now) {
            self.topology_failed(now, "no answer in time".to_owned());
        }
        if self.atlas.due(now, self.config.topology_refresh) {
            self.outputs.push_back(Output::FetchTopology);
        }
    }

    pub(super) fn topology_fetched(&mut self, now: Time, replies: &DirectoryReplies) {
        let share = self.draw_share(now);
        match self.atlas.fetched(now, replies, share) {
            Ok(()) => {
                if let Some(record) = self.atlas.record(now, replies) {
                    self.ledger.put(Store::Topology, TOPOLOGY_KEY, record);
                }
                self.topology_changed(now);
            }
            Err(problem) => self.directory_failed(now, problem),
        }
    }

    pub(super) fn topology_failed(&mut self, now: Time, reason: String) {
        let share = self.draw_share(now);
        self.atlas.failed(now, share);
        let problem = Problem::DirectoryUnreachable(quote(&reason));
        self.directory_failed(now, problem);
    }

    /// The last good answer is used, if there is one. Without any topology the directory is what
    /// keeps us from connecting.
    fn directory_failed(&mut self, now: Time, problem: Problem) {
        if self.atlas.use_stored() {
            return self.topology_changed(now);
        }
        if self.atlas.topology().is_none() {
            for session in self.sessions.iter_mut() {
                session.reconnect.problem = Some(problem.clone());
            }
        }
    }

    fn topology_changed(&mut self, now: Time) {
        for session in self.sessions.iter_mut() {
            session.reconnect.topology_is_fresh(now);
        }
        self.look_at_rotation();
        if let Some(news) = self.atlas.news() {
            self.outputs.push_back(Output::Topology(news));
        }
    }

    /// A number between 0 and 1 for backing off.
    fn draw_share(&mut self, now: Time) -> f64 {
        self.lend(now).1.share()
    }
}
