//! Plays a scenario, lets everything settle, and looks whether every promise was kept.

use crate::check::{self, Findings};
use crate::directory::Directory;
use crate::fault::Fault;
use crate::gateway::Gateway;
use crate::host::{Fuse, Host};
use crate::network::Conditions;
use crate::scenario::{Deed, Fate, Scenario};
use crate::trace::Note;
use crate::world::World;
use rand_core::SeedableRng;
use sotto_core::ChaCha20Rng;
use sotto_core::address::Address;
use sotto_core::client::{Client, Cover, DeliveryState, GatewayChoice, MessageId};
use sotto_core::message::SenderTag;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// Everything must have come to an end so long after the last fault.
const SETTLES_WITHIN: Duration = Duration::from_secs(2 * 3600);

/// So many looks in a row, one each half minute, must find everything at an end: requests for
/// SURBs come and go.
const SETTLED_FOR: u32 = 8;

/// After that, clients are watched for so long, and must be quiet.
const QUIET: Duration = Duration::from_secs(600);

/// So often may a client's timer fire in that time: twice a minute it asks its gateway for a sign
/// of life, once a minute it looks through what is old, every five minutes it asks for a topology.
const QUIET_TICKS: u64 = 60;

/// And so often for each gateway that the client has left.
const FORMER_TICKS: u64 = 30;

/// Whatever is kept for a time is gone after so long.
const MEMORY: Duration = Duration::from_secs(8 * 24 * 3600);

/// A message that a client took.
pub(crate) struct Written {
    pub(crate) id: MessageId,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) body: Vec<u8>,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the scenario was drawn from.
    pub seed: u64,
    /// Promises that were broken.
    pub violations: Vec<String>,
    /// What became of the messages.
    pub findings: Findings,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<Fault, u64>,
    /// Packets that clients gave to their gateways, cover included.
    pub packets: u64,
    /// Packets among them that repeat a fragment.
    pub repeated: u64,
    /// How long it took in the world.
    pub virtual_time: Duration,
    /// How long it took here.
    pub wall_time: Duration,
    /// The same for two runs only if the same happened at the same times.
    pub trace: u64,
    /// Things that happened.
    pub notes: u64,
}

/// A world and what its users did.
struct Run {
    world: World,
    written: Vec<Written>,
    bodies: HashSet<Vec<u8>>,
    addresses: Vec<Address>,
    violations: Vec<String>,
}

/// Plays a scenario to its end. With `aloud` everything that happens is printed.
pub fn play(scenario: &Scenario, aloud: bool) -> Report {
    let began = Instant::now();
    let mut run = Run::new(scenario, aloud);
    let start = run.world.now;
    for (at, deed) in &scenario.deeds {
        let until = start + *at;
        run.world.run_for(until.saturating_since(run.world.now));
        run.perform(deed);
    }
    let end = start + scenario.length;
    run.world.run_for(end.saturating_since(run.world.now));
    let faults = run.world.faults.clone();
    run.heal();
    run.settle();
    run.be_quiet();
    run.grow_old();
    // Only now, as something may still come twice.
    let findings = check::messages(&run.world, &run.written, &mut run.violations);
    Report {
        faults,
        ..run.into_report(scenario, findings, began)
    }
}

impl Run {
    fn new(scenario: &Scenario, aloud: bool) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&scenario.seed.to_be_bytes());
        let mut world = World::with_shape(scenario.shape, ChaCha20Rng::from_seed(bytes));
        world.trace.aloud = aloud;
        world.directory_lag = scenario.directory_lag;
        for (config, lag) in &scenario.clients {
            let host = world.add_host(config.clone());
            world.hosts[host].lag = *lag;
        }
        world.run_until_online();
        world.run_for(Duration::from_secs(1));
        let address = |host: &Host| host.client().address().unwrap();
        let addresses = world.hosts.iter().map(address).collect();
        Self {
            world,
            written: Vec::new(),
            bodies: HashSet::new(),
            addresses,
            violations: Vec::new(),
        }
    }

    /// A text that nobody wrote before.
    fn draw_body(&mut self, len: usize) -> Vec<u8> {
        for tries in 0.. {
            // Of the shortest texts there are not enough for all.
            let mut body = vec![0; len + tries / 20];
            rand_core::Rng::fill_bytes(&mut self.world.rng, &mut body);
            if self.bodies.insert(body.clone()) {
                return body;
            }
        }
        unreachable!("there are always longer texts");
    }

    fn perform(&mut self, deed: &Deed) {
        let hosts = self.world.hosts.len();
        let what = check::name_of(deed);
        self.world.note(Note::Deed {
            what,
            number: self.written.len(),
        });
        match deed {
            Deed::Write {
                from,
                to,
                len,
                surbs,
            } => self.write(*from, *to, *len, *surbs),
            Deed::Reply { by, pick, len } => self.reply(*by % hosts, *pick, *len),
            Deed::Cancel { by, pick } => self.cancel(*by, *pick),
            Deed::Retry { by } => self.retry(*by),
            Deed::ChangeGateway { by } => self.change_gateway(*by),
            other => self.damage(other),
        }
    }

    /// A user can only write to a worker that runs, so writing starts it.
    fn wake(&mut self, host: usize) {
        if self.world.hosts[host].asleep {
            self.world.wake_up(host);
        }
        if !self.world.hosts[host].is_alive() {
            self.world.start(host);
        }
    }

    fn write(&mut self, from: usize, to: usize, len: usize, surbs: Option<u16>) {
        self.wake(from);
        let body = self.draw_body(len);
        let address = self.address(to);
        let text = body.clone();
        let id = self.world.act(from, |client, now| match surbs {
            None => client.send(now, &address, text).unwrap(),
            Some(surbs) => client.send_anonymous(now, &address, text, surbs).unwrap(),
        });
        self.written.push(Written { id, from, to, body });
    }

    /// Where a client can be reached: at the address that it had first, or has now.
    fn address(&self, of: usize) -> Address {
        let now = self.world.hosts[of].addresses.last();
        let now = now.filter(|_| self.written.len() % 2 == 1);
        *now.unwrap_or(&self.addresses[of])
    }

    fn change_gateway(&mut self, by: usize) {
        self.wake(by);
        let change = |client: &mut Client, now| client.change_gateway(now, GatewayChoice::Random);
        // There may be no other.
        if self.world.act(by, change).is_ok() {
            self.world.happened(Fault::GatewayChange);
        }
    }

    fn reply(&mut self, by: usize, pick: usize, len: usize) {
        self.wake(by);
        let Some((tag, to)) = self.correspondent(by, pick) else {
            return;
        };
        let body = self.draw_body(len);
        let text = body.clone();
        let reply = self
            .world
            .act(by, |client, now| client.reply(now, tag, text));
        // Who has no SURB of theirs left after a restart is told so at once.
        if let Ok(id) = reply {
            let from = by;
            self.written.push(Written { id, from, to, body });
        }
    }

    /// The sender of one of the anonymous messages that came.
    fn correspondent(&self, by: usize, pick: usize) -> Option<(SenderTag, usize)> {
        let host = &self.world.hosts[by];
        let both = host.senders.iter().zip(&host.received);
        let tagged: Vec<_> = both
            .filter_map(|(tag, body)| tag.map(|tag| (tag, body)))
            .collect();
        let (tag, body) = tagged.get(pick.checked_rem(tagged.len())?)?;
        let original = self.written.iter().find(|written| written.body == **body)?;
        Some((*tag, original.from))
    }

    fn cancel(&mut self, by: usize, pick: usize) {
        let own: Vec<_> = self.written.iter().filter(|w| w.from == by).collect();
        let Some(place) = pick.checked_rem(own.len()) else {
            return;
        };
        let id = own[place].id;
        self.wake(by);
        self.world.act(by, |client, now| client.cancel(now, id));
    }

    fn retry(&mut self, by: usize) {
        self.wake(by);
        let own = self.written.iter().filter(|written| written.from == by);
        let host = &self.world.hosts[by];
        let failed = |id: &MessageId| matches!(host.state(*id), Some(DeliveryState::Failed(_)));
        let failed: Vec<_> = own.map(|written| written.id).filter(failed).collect();
        for id in failed {
            self.world.act(by, |client, now| client.retry(now, id));
        }
    }

    fn damage(&mut self, deed: &Deed) {
        let world = &mut self.world;
        match *deed {
            Deed::Loss(share) => world.conditions.loss = share,
            Deed::Duplication(share) => world.conditions.duplication = share,
            Deed::Jitter(most) => world.conditions.jitter = most,
            Deed::Stragglers(share, most) => {
                (world.conditions.stragglers, world.conditions.straggle) = (share, most);
            }
            Deed::Mix { pick, up } => {
                let index = pick % world.mixes.len();
                if !up {
                    world.happened(Fault::MixDeath);
                }
                world.set_mix(index, up);
            }
            Deed::Gateway { pick, fate } => gateway(world, pick % world.gateways.len(), fate),
            Deed::Kill {
                host,
                effects,
                reached,
                down_for,
            } => kill(world, host, effects, reached, down_for),
            Deed::Clock { host, ahead } => {
                world.happened(Fault::ClockJump);
                world.hosts[host].set_clock(ahead);
            }
            Deed::Rotate => {
                world.happened(Fault::Rotation);
                world.rotate();
            }
            Deed::Epoch => world.begin_epoch(),
            Deed::Disk { host, full } => world.hosts[host].disk_full = full,
            Deed::Directory(directory) => world.directory = directory,
            Deed::Sleep { host, wakes: false } => world.fall_asleep(host),
            Deed::Sleep { host, wakes: true } => world.wake_up(host),
            Deed::Move { host, silently } => change_network(world, host, silently),
            _ => unreachable!("that is for users to do: {deed:?}"),
        }
    }

    /// Everything works again, and there is no cover any more, so that all that moves has a
    /// reason.
    fn heal(&mut self) {
        let world = &mut self.world;
        world.conditions = Conditions::default();
        world.directory = Directory::Honest;
        world.start_gateways();
        (0..world.mixes.len()).for_each(|index| world.set_mix(index, true));
        for host in 0..world.hosts.len() {
            let it = &mut world.hosts[host];
            it.set_clock(0);
            it.disk_full = false;
            it.clear_fuse();
            if it.asleep {
                world.wake_up(host);
            }
            let it = &mut world.hosts[host];
            if it.config.cover != Cover::default() {
                it.config.cover = Cover::default();
                if it.is_alive() {
                    world.kill(host);
                }
            }
            if !world.hosts[host].is_alive() {
                world.start(host);
            }
        }
    }

    fn settle(&mut self) {
        let world = &mut self.world;
        let end = world.now + SETTLES_WITHIN;
        let mut quiet = 0;
        while quiet < SETTLED_FOR && world.now < end {
            world.run_for(Duration::from_secs(30));
            quiet = if is_settled(world) { quiet + 1 } else { 0 };
        }
        for (number, host) in world.hosts.iter().enumerate() {
            let footprint = host.client().footprint();
            if !is_host_settled(host) {
                self.violations.push(format!(
                    "host {number} did not settle: {footprint:?} {host:?}"
                ));
            }
        }
    }

    /// Nothing is sent any more, and timers fire as often as they must.
    fn be_quiet(&mut self) {
        let world = &mut self.world;
        let before: Vec<_> = world.hosts.iter().map(effort).collect();
        world.run_for(QUIET);
        for (number, (host, before)) in world.hosts.iter().zip(before).enumerate() {
            let after = effort(host);
            let former = host.others.former.len() as u64;
            let ticks = QUIET_TICKS + FORMER_TICKS * former;
            if after.0 > before.0 || after.1 - before.1 > ticks {
                self.violations.push(format!(
                    "host {number} is not quiet: (packets, ticks) {before:?} to {after:?}, {:?}",
                    host.client().footprint()
                ));
            }
        }
    }

    /// A week later, and under other keys, nothing is left of it all but what the user keeps.
    fn grow_old(&mut self) {
        let world = &mut self.world;
        (0..world.hosts.len()).for_each(|host| world.kill(host));
        world.run_for(MEMORY);
        for _ in 0..2 {
            world.rotate();
            world.begin_epoch();
        }
        (0..world.hosts.len()).for_each(|host| world.start(host));
        // Old SURBs let it ask for new ones, in vain, for five minutes.
        world.run_for(Duration::from_secs(600));
        for number in 0..world.hosts.len() {
            check::leftovers(world, number, &mut self.violations);
        }
    }

    fn into_report(self, scenario: &Scenario, findings: Findings, began: Instant) -> Report {
        let world = self.world;
        let sum =
            |count: fn(&Host) -> (u64, u64)| world.hosts.iter().map(|h| count(h).0).sum::<u64>();
        Report {
            seed: scenario.seed,
            violations: self.violations,
            findings,
            packets: sum(|host| host.packets()),
            repeated: sum(|host| {
                let (packets, repeated) = host.packets();
                (repeated, packets)
            }),
            virtual_time: world.now.saturating_since(crate::world::BEGINNING) - MEMORY,
            wall_time: began.elapsed(),
            trace: world.trace.hash(),
            notes: world.trace.len(),
            faults: BTreeMap::new(),
        }
    }
}

fn gateway(world: &mut World, at: usize, fate: Fate) {
    match fate {
        Fate::Crash => {
            world.happened(Fault::GatewayCrash);
            Gateway::crash(world, at);
        }
        Fate::Stop => {
            world.happened(Fault::GatewayRestart);
            Gateway::stop(world, at);
        }
        Fate::Return => world.gateways[at].node.up = true,
        Fate::Forget => {
            world.happened(Fault::GatewayAmnesia);
            // It forgets while it is down, so that it notices its clients' return.
            Gateway::stop(world, at);
            world.gateways[at].forget_clients();
            world.gateways[at].node.up = true;
        }
    }
}

fn kill(world: &mut World, host: usize, effects: Option<u64>, reached: bool, down_for: Duration) {
    if !world.hosts[host].is_awake() {
        return;
    }
    let fuse = Fuse {
        effects: effects.unwrap_or(0),
        reached,
        down_for,
    };
    match effects {
        Some(_) => world.hosts[host].set_fuse(fuse),
        None => world.kill_for(host, fuse),
    }
}

fn change_network(world: &mut World, host: usize, silently: bool) {
    if !world.hosts[host].is_awake() {
        return;
    }
    world.happened(Fault::NetworkChange);
    world.hosts[host].leaves_silently = silently;
    world.reconnect(host);
    world.hosts[host].leaves_silently = false;
}

fn is_host_settled(host: &Host) -> bool {
    let footprint = host.client().footprint();
    let busy = footprint.outgoing + footprint.unprepared + footprint.answers + footprint.unsaved;
    host.is_online() && host.connection.is_some() && busy + footprint.outputs == 0
}

fn is_settled(world: &World) -> bool {
    world.hosts.iter().all(is_host_settled)
}

/// Packets sent and ticks so far.
fn effort(host: &Host) -> (u64, u64) {
    (host.packets().0, host.ticks)
}
