//! What will happen, drawn from a seed: a network, its clients, what they write, what goes wrong.

use crate::directory::Directory;
use crate::draw::Draw;
use crate::fault::Fault;
use crate::world::Shape;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::client::{Config, Cover, Pacing};
use std::collections::BTreeSet;
use std::time::Duration;

/// Something done by a user, or to the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A user writes to another.
    Write {
        /// Who.
        from: usize,
        /// To whom.
        to: usize,
        /// Bytes.
        len: usize,
        /// With so many SURBs and without a name; `None` for an identified message.
        surbs: Option<u16>,
    },
    /// A user answers one of the anonymous messages that came, if any.
    Reply {
        /// Who.
        by: usize,
        /// Which one, counted round.
        pick: usize,
        /// Bytes.
        len: usize,
    },
    /// A user takes one of its messages back.
    Cancel {
        /// Who.
        by: usize,
        /// Which one, counted round.
        pick: usize,
    },
    /// A user puts its failed messages on their way again.
    Retry {
        /// Who.
        by: usize,
    },
    /// So large a share of packets is lost.
    Loss(f64),
    /// So large a share of packets comes twice.
    Duplication(f64),
    /// Packets take longer by up to that time.
    Jitter(Duration),
    /// So large a share of packets takes longer by up to that time.
    Stragglers(f64, Duration),
    /// A mix node dies, or returns.
    Mix {
        /// Which one, counted round.
        pick: usize,
        /// Whether it returns.
        up: bool,
    },
    /// A gateway dies, or returns.
    Gateway {
        /// Which one, counted round.
        pick: usize,
        /// What becomes of it.
        fate: Fate,
    },
    /// A worker is killed, and starts again after that time.
    Kill {
        /// Whose.
        host: usize,
        /// After so many more effects; `None` for now.
        effects: Option<u64>,
        /// Whether the commit that is under way then is on disk.
        reached: bool,
        /// How long it is dead.
        down_for: Duration,
    },
    /// A clock is set so many milliseconds ahead of the truth.
    Clock {
        /// Whose.
        host: usize,
        /// Milliseconds.
        ahead: i64,
    },
    /// The nodes change their keys.
    Rotate,
    /// The next epoch begins, and the keys before are destroyed.
    Epoch,
    /// A disk is full, or has room again.
    Disk {
        /// Whose.
        host: usize,
        /// Whether it is full.
        full: bool,
    },
    /// The directory answers like this.
    Directory(Directory),
    /// A machine falls asleep, or wakes.
    Sleep {
        /// Whose.
        host: usize,
        /// Whether it wakes.
        wakes: bool,
    },
    /// A user changes the gateway for any other.
    ChangeGateway {
        /// Who.
        by: usize,
    },
    /// A machine changes its network.
    Move {
        /// Whose.
        host: usize,
        /// Whether the gateway does not notice.
        silently: bool,
    },
}

/// What becomes of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It dies without saving anything.
    Crash,
    /// It is stopped in an orderly way.
    Stop,
    /// It runs again.
    Return,
    /// It loses its registrations.
    Forget,
}

/// A whole run, as it will be played.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What everything was drawn from.
    pub seed: u64,
    /// How large the network is.
    pub shape: Shape,
    /// Each client's choices, and how long its browser holds what came until the worker takes it.
    pub clients: Vec<(Config, Duration)>,
    /// How long the directory goes on listing what is down.
    pub directory_lag: Duration,
    /// The kinds of faults.
    pub faults: BTreeSet<Fault>,
    /// What is done when, counted from the moment in which all are online.
    pub deeds: Vec<(Duration, Deed)>,
    /// When the last of it is done.
    pub length: Duration,
}

/// Of each kind of fault, this share of scenarios has it.
const SHARE: f64 = 0.4;

/// Of all scenarios, this share has clients with cover, which makes many packets.
const COVERED: f64 = 0.06;

impl Scenario {
    /// Draws a scenario. `messages` is how many are written on average.
    pub fn draw(seed: u64, messages: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        bytes[8..16].copy_from_slice(b"scenario");
        let mut draw = Draw(ChaCha20Rng::from_seed(bytes));
        let covered = draw.chance(COVERED);
        let clients = (0..draw.between(2, 6))
            .map(|_| draw_client(&mut draw, covered))
            .collect();
        let shape = Shape {
            width: draw.between(1, 3),
            gateways: draw.between(1, 4),
        };
        let faults = Fault::ALL.into_iter().filter(|_| draw.chance(SHARE));
        let faults: BTreeSet<_> = faults.collect();
        let longest = if covered { 60 } else { 600 };
        let mut scenario = Self {
            seed,
            shape,
            clients,
            directory_lag: draw.up_to(Duration::from_secs(120)),
            faults,
            deeds: Vec::new(),
            length: Duration::from_secs(draw.between(30, longest) as u64),
        };
        let count = draw.between(messages * 3 / 4, messages * 5 / 4).max(1);
        scenario.draw_messages(&mut draw, count);
        for fault in scenario.faults.clone() {
            for _ in 0..draw.between(1, 4) {
                scenario.draw_fault(&mut draw, fault);
            }
        }
        scenario.deeds.sort_by_key(|(at, _)| *at);
        scenario
    }

    fn draw_messages(&mut self, draw: &mut Draw, count: usize) {
        let hosts = self.clients.len();
        let anonymous = draw.share() * 0.6;
        for _ in 0..count {
            let at = draw.up_to(self.length);
            let (from, to) = draw.two_of(hosts);
            let len = draw_len(draw);
            let surbs = draw.between(0, 25) as u16;
            let deed = match draw.chance(anonymous) {
                true if draw.chance(0.6) => Deed::Reply {
                    by: from,
                    pick: draw.below(1000),
                    len,
                },
                nameless => Deed::Write {
                    from,
                    to,
                    len,
                    surbs: nameless.then_some(surbs),
                },
            };
            self.deeds.push((at, deed));
            if draw.chance(0.01) {
                let (by, pick) = (from, draw.below(1000));
                let soon = at + draw.up_to(Duration::from_secs(3));
                self.deeds.push((soon, Deed::Cancel { by, pick }));
            }
            if draw.chance(0.01) {
                self.deeds
                    .push((draw.up_to(self.length), Deed::Retry { by: from }));
            }
        }
    }

    /// Something goes wrong, and comes right again.
    fn draw_fault(&mut self, draw: &mut Draw, fault: Fault) {
        let at = draw.up_to(self.length);
        let lasts = draw.up_to(Duration::from_secs(90)) + Duration::from_millis(500);
        let (begins, ends) = self.draw_pair(draw, fault, lasts);
        self.deeds.push((at, begins));
        if let Some(ends) = ends {
            self.deeds.push((at + lasts, ends));
        }
    }

    fn draw_pair(&self, draw: &mut Draw, fault: Fault, down_for: Duration) -> (Deed, Option<Deed>) {
        let host = draw.below(self.clients.len());
        let pick = draw.below(1000);
        let secs = Duration::from_secs;
        match fault {
            Fault::Loss => (Deed::Loss(draw.share() * 0.3), Some(Deed::Loss(0.0))),
            Fault::Duplication => (
                Deed::Duplication(draw.share() * 0.3),
                Some(Deed::Duplication(0.0)),
            ),
            Fault::Delay => (
                Deed::Jitter(draw.up_to(secs(1)) + Duration::from_millis(5)),
                Some(Deed::Jitter(Duration::ZERO)),
            ),
            Fault::Reordering => (
                Deed::Stragglers(draw.share() * 0.3, draw.up_to(secs(5))),
                Some(Deed::Stragglers(0.0, Duration::ZERO)),
            ),
            Fault::MixDeath => {
                let mix = |up| Deed::Mix { pick, up };
                (mix(false), Some(mix(true)))
            }
            Fault::GatewayCrash | Fault::GatewayRestart | Fault::GatewayAmnesia => {
                let fate = |fate| Deed::Gateway { pick, fate };
                match fault {
                    Fault::GatewayCrash => (fate(Fate::Crash), Some(fate(Fate::Return))),
                    Fault::GatewayRestart => (fate(Fate::Stop), Some(fate(Fate::Return))),
                    _ => (fate(Fate::Forget), None),
                }
            }
            Fault::Kill => (draw_kill(draw, host, down_for), None),
            Fault::ClockJump => {
                let ahead = draw.clock();
                let clock = |ahead| Deed::Clock { host, ahead };
                (clock(ahead), Some(clock(0)))
            }
            Fault::Rotation => (Deed::Rotate, Some(Deed::Epoch)),
            Fault::DiskFull => {
                let disk = |full| Deed::Disk { host, full };
                (disk(true), Some(disk(false)))
            }
            Fault::DirectoryDown => {
                let nonsense = draw.chance(0.3);
                let how = if nonsense {
                    Directory::Nonsense
                } else {
                    Directory::Dead
                };
                let honest = Deed::Directory(Directory::Honest);
                (Deed::Directory(how), Some(honest))
            }
            Fault::Sleep => {
                let sleep = |wakes| Deed::Sleep { host, wakes };
                (sleep(false), Some(sleep(true)))
            }
            Fault::GatewayChange => (Deed::ChangeGateway { by: host }, None),
            Fault::NetworkChange | Fault::HalfOpen => {
                let silently = fault == Fault::HalfOpen;
                (Deed::Move { host, silently }, None)
            }
        }
    }
}

fn draw_kill(draw: &mut Draw, host: usize, down_for: Duration) -> Deed {
    let effects = draw.chance(0.7).then(|| draw.below(400) as u64);
    let brief = draw.chance(0.5);
    Deed::Kill {
        host,
        effects,
        reached: draw.chance(0.5),
        down_for: if brief { down_for / 100 } else { down_for },
    }
}

/// Mostly short, now and then a hundred kilobytes.
fn draw_len(draw: &mut Draw) -> usize {
    match draw.below(1000) {
        0..900 => draw.between(1, 200),
        900..985 => draw.between(200, 5_000),
        985..997 => draw.between(5_000, 25_000),
        _ => draw.between(25_000, 120_000),
    }
}

fn draw_client(draw: &mut Draw, covered: bool) -> (Config, Duration) {
    let mean = Duration::from_millis(draw.between(4, 40) as u64);
    let paced = draw.chance(0.3);
    let mut config = Config::default();
    if paced {
        config.pacing = Pacing::Poisson { mean };
    }
    if covered {
        // As in the presets, but slower: what is simulated is every packet.
        config.pacing = Pacing::Poisson { mean: mean * 40 };
        config.cover = Cover {
            fill_ticks: true,
            stream: Some(mean * 100),
        };
    }
    let lag = draw.up_to(Duration::from_millis(4));
    (config, lag)
}
