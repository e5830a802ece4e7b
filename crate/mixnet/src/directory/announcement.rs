//! How nodes that run apart get onto the directory's list: they announce themselves again and
//! again, and say goodbye when they stop.
//!
//! An announcement is signed by the node's identity key and dated, so that nobody can list, move
//! or remove another's node.

use super::Directory;
use super::registry::{Origin, SILENCE_LIMIT};
use crate::clock;
use crate::counters::{Counters, Counts};
use crate::descriptor::Descriptor;
use crate::epoch::Epochs;
use crate::node::{NodeKeys, Shared, Tasks};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An announcement may be so much older or newer than the directory's clock says.
const MAX_SKEW: Duration = Duration::from_secs(120);

const PATH: &str = "/sotto/announce";

/// What is signed, as JSON text.
#[derive(Serialize, Deserialize)]
struct Announcement {
    /// Milliseconds since the Unix epoch.
    at: u64,
    node: Descriptor,
    counts: Counts,
    /// The node stops.
    goodbye: bool,
}

/// The text and its signature.
#[derive(Serialize, Deserialize)]
struct Signed {
    announcement: String,
    /// Base58.
    signature: String,
}

/// What the node gets back.
#[derive(Serialize, Deserialize)]
struct Accepted {
    /// The addresses it may forward to.
    known: HashSet<IpAddr>,
    /// When its keys are to change.
    epochs: Epochs,
}

/// The directory's side.
pub(crate) fn announcements(registry: Directory) -> Router {
    Router::new()
        .route(PATH, post(receive))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(registry)
}

type Refused = (StatusCode, &'static str);

async fn receive(
    State(directory): State<Directory>,
    Json(signed): Json<Signed>,
) -> Result<Json<Accepted>, Refused> {
    let announcement = open(&signed)?;
    if announcement.goodbye {
        directory.remove(&announcement.node.identity.to_string());
    } else {
        let origin = Origin::Announced(Instant::now(), announcement.counts);
        directory.list(announcement.node, origin).ok_or((
            StatusCode::INSUFFICIENT_STORAGE,
            "the directory's list is full",
        ))?;
    }
    let nodes = directory.nodes();
    let known = nodes
        .values()
        .map(|entry| entry.descriptor.mix_address.ip())
        .collect();
    let epochs = directory.epochs();
    Ok(Json(Accepted { known, epochs }))
}

/// Checks signature and date.
fn open(signed: &Signed) -> Result<Announcement, Refused> {
    let malformed = (StatusCode::BAD_REQUEST, "the announcement is malformed");
    let announcement: Announcement =
        serde_json::from_str(&signed.announcement).map_err(|_| malformed)?;
    let signature = bs58::decode(&signed.signature)
        .into_vec()
        .map_err(|_| malformed)?;
    let signature = signature.try_into().map_err(|_| malformed)?;
    if !announcement.node.is_valid() {
        return Err(malformed);
    }
    if !announcement
        .node
        .identity
        .verify(signed.announcement.as_bytes(), &signature)
    {
        return Err((
            StatusCode::FORBIDDEN,
            "the announcement is not signed by the node it names",
        ));
    }
    let skew = clock::now().as_millis().abs_diff(announcement.at);
    if u128::from(skew) > MAX_SKEW.as_millis() {
        return Err((
            StatusCode::FORBIDDEN,
            "the clocks of node and directory differ too much",
        ));
    }
    Ok(announcement)
}

/// The node's side.
#[derive(Clone)]
pub(crate) struct Announcer {
    url: String,
    agent: ureq::Agent,
    keys: Arc<NodeKeys>,
    counters: Arc<Counters>,
    shared: Shared,
    node: Descriptor,
}

impl Announcer {
    pub(crate) fn new(
        directory: &str,
        node: Descriptor,
        keys: Arc<NodeKeys>,
        counters: Arc<Counters>,
        shared: Shared,
    ) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(SILENCE_LIMIT / 3))
            .build();
        let url = format!("{}{PATH}", directory.trim_end_matches('/'));
        Self {
            url,
            agent: config.into(),
            keys,
            counters,
            shared,
            node,
        }
    }

    /// Announces the node until it stops, then says goodbye.
    pub(crate) async fn run(self, tasks: Tasks) {
        let (mut heard, mut pause) = (true, Duration::ZERO);
        loop {
            tokio::select! {
                () = tasks.stopped() => break,
                () = tokio::time::sleep(pause) => {}
            }
            pause = self.pause();
            let result = self.say(false).await;
            if let (Err(error), true) = (&result, heard) {
                tracing::warn!(
                    url = self.url,
                    error,
                    "the directory does not take this node; trying on"
                );
            }
            heard = result.is_ok();
        }
        let _ = self.say(true).await;
    }

    /// Between two announcements: short enough for a new key to be known before it is needed.
    fn pause(&self) -> Duration {
        let epochs = self.shared.calendar.epochs();
        let quarter = epochs.map(|epochs| epochs.length() / 4);
        quarter.map_or(SILENCE_LIMIT / 3, |quarter| quarter.min(SILENCE_LIMIT / 3))
    }

    async fn say(&self, goodbye: bool) -> Result<(), String> {
        let Accepted { known, epochs } = self.ask(goodbye).await?;
        self.shared.known.set(known);
        if !goodbye && self.shared.calendar.learn(epochs) {
            // Now it is known which keys there ought to be. Those who use them wait for them.
            let turned = self.shared.turn(&self.keys).await;
            turned.map_err(|error| error.to_string())?;
            self.ask(false).await?;
        }
        Ok(())
    }

    async fn ask(&self, goodbye: bool) -> Result<Accepted, String> {
        let this = self.clone();
        let signed = self.sign(goodbye).map_err(|error| error.to_string())?;
        let accepted = tokio::task::spawn_blocking(move || this.post(&signed)).await;
        let accepted = accepted.map_err(|error| error.to_string())?;
        accepted.map_err(|error| error.to_string())
    }

    fn sign(&self, goodbye: bool) -> serde_json::Result<Signed> {
        let announcement = serde_json::to_string(&Announcement {
            at: clock::now().as_millis(),
            node: Descriptor {
                sphinx: self.keys.announced(),
                ..self.node.clone()
            },
            counts: self.counters.counts(),
            goodbye,
        })?;
        let signature = self.keys.signing().sign(announcement.as_bytes());
        Ok(Signed {
            signature: bs58::encode(signature).into_string(),
            announcement,
        })
    }

    fn post(&self, signed: &Signed) -> Result<Accepted, ureq::Error> {
        self.agent
            .post(&self.url)
            .send_json(signed)?
            .body_mut()
            .read_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::tests::descriptor;
    use crate::node::test_keys;

    fn signed(keys: &NodeKeys, node: Descriptor, at: u64) -> Signed {
        let counts = Counts::default();
        let announcement = Announcement {
            at,
            node,
            counts,
            goodbye: false,
        };
        let announcement = serde_json::to_string(&announcement).unwrap();
        let signature = bs58::encode(keys.signing().sign(announcement.as_bytes())).into_string();
        Signed {
            announcement,
            signature,
        }
    }

    #[test]
    fn only_a_node_itself_announces_it_and_only_now() {
        let (keys, _folder) = test_keys(31);
        let own = Descriptor {
            identity: keys.identity(),
            ..descriptor(1)
        };
        let now = clock::now().as_millis();
        assert!(open(&signed(&keys, own.clone(), now)).is_ok());
        let stale = open(&signed(&keys, own.clone(), now - 200_000))
            .err()
            .unwrap();
        assert!(stale.1.contains("clocks"), "{}", stale.1);
        let other = open(&signed(&keys, descriptor(2), now)).err().unwrap();
        assert_eq!(other.0, StatusCode::FORBIDDEN);
        let changed = Signed {
            announcement: "{}".into(),
            ..signed(&keys, own, now)
        };
        assert_eq!(open(&changed).err().unwrap().0, StatusCode::BAD_REQUEST);
    }
}
