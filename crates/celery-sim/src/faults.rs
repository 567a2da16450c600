//! What goes wrong: by the means with which it goes wrong in reality. Processes are killed or
//! stopped; the server is told by a client of its own, as by an administrator with `redis-cli`.

use crate::connection::Role;
use crate::keys;
use crate::simulation::ActorId;
use crate::world::World;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};

/// The longest time that a clock jumps at once, or that a server is down.
const JUMP_MAX_MS: i64 = 366 * 86_400_000;

/// Something that goes wrong. Workers go by their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// `kill -9` of a worker.
    Kill(String),
    /// `kill -9` of a worker when it next has a message, before it notes it in `unacked`.
    KillBeforeUnacked(String),
    /// The worker's process stops, as by SIGSTOP or in a machine that hangs.
    Pause(String),
    /// It goes on.
    Resume(String),
    /// One connection of a worker is closed by the server.
    CutConnection {
        /// The worker.
        worker: String,
        /// Which of its connections.
        role: Role,
    },
    /// The worker's subscription to remote control and events is lost.
    DropSubscriber(String),
    /// The server stops, and comes back.
    RestartBroker {
        /// Whether its data is there again.
        keep_data: bool,
        /// For how long it is not there.
        down_ms: i64,
    },
    /// The bindings of an exchange are evicted.
    EvictBinding(String),
    /// The server's memory is full, and its policy is `noeviction`.
    FillMemory,
    /// There is memory again.
    FreeMemory,
    /// The machine sleeps: nothing runs, and then it is later.
    JumpClock {
        /// By how much.
        ms: i64,
    },
}

impl Fault {
    /// What it is, in a few words.
    pub fn title(&self) -> String {
        match self {
            Fault::Kill(worker) => format!("kill -9 {worker}"),
            Fault::KillBeforeUnacked(worker) => format!("kill -9 {worker} before unacked"),
            Fault::Pause(worker) => format!("pause {worker}"),
            Fault::Resume(worker) => format!("resume {worker}"),
            Fault::CutConnection { worker, .. } => format!("cut a connection of {worker}"),
            Fault::DropSubscriber(worker) => format!("drop the subscriber of {worker}"),
            Fault::RestartBroker { keep_data: true, .. } => "restart Redis".to_owned(),
            Fault::RestartBroker { keep_data: false, .. } => "restart Redis, empty".to_owned(),
            Fault::EvictBinding(exchange) => format!("evict {}", keys::binding(exchange)),
            Fault::FillMemory => "fill the memory".to_owned(),
            Fault::FreeMemory => "free the memory".to_owned(),
            Fault::JumpClock { ms } => format!("sleep for {} s", ms / 1000),
        }
    }
}

/// Lets something go wrong; the error says why it cannot.
pub(crate) fn perform(world: &mut World, fault: &Fault, now: UnixMillis) -> Result<(), String> {
    match fault {
        Fault::Kill(name) => {
            let worker = running(world, name)?;
            world.simulation.kill_worker(worker);
        }
        Fault::KillBeforeUnacked(name) => {
            let worker = running(world, name)?;
            world.simulation.kill_worker_before_unacked(worker);
        }
        Fault::Pause(name) => {
            let worker = running(world, name)?;
            world.simulation.pause_worker(worker);
        }
        Fault::Resume(name) => {
            let worker = running(world, name)?;
            world.simulation.resume_worker(worker, now);
        }
        Fault::CutConnection { worker, role } => cut(world, worker, *role, now)?,
        Fault::DropSubscriber(worker) => cut(world, worker, Role::Pidbox, now)?,
        Fault::RestartBroker { keep_data, down_ms } => {
            restart(world, *keep_data, (*down_ms).clamp(0, JUMP_MAX_MS), now)?;
        }
        Fault::EvictBinding(exchange) => {
            let broker_db = world.simulation.config().broker_db;
            let (binding, permanent) = (keys::binding(exchange), keys::permanent_binding(exchange));
            world.administer(broker_db, &[&["DEL", &binding, &permanent]], now)?;
        }
        Fault::FillMemory => {
            let full = ["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"];
            world.administer(0, &[&full], now)?;
        }
        Fault::FreeMemory => {
            world.administer(0, &[&["CONFIG", "SET", "maxmemory", "0"]], now)?;
        }
        Fault::JumpClock { ms } => {
            world.engine.advance(now + (*ms).clamp(0, JUMP_MAX_MS));
        }
    }
    Ok(())
}

fn running(world: &World, name: &str) -> Result<ActorId, String> {
    let worker = world.worker(name)?;
    if world.simulation.is_over(worker) {
        return Err(format!("{name} does not run any more"));
    }
    Ok(worker)
}

/// Closes one connection, from the server's side.
fn cut(world: &mut World, worker: &str, role: Role, now: UnixMillis) -> Result<(), String> {
    let id = running(world, worker)?;
    let Some(client) = world.simulation.client_of(id, role) else {
        return Err(format!("{worker} has no such connection now"));
    };
    world.administer(0, &[&["CLIENT", "KILL", "ID", &client.0.to_string()]], now)?;
    Ok(())
}

/// Everybody's connection is lost. What is not stored is gone: scripts, subscriptions, waits; and
/// without its data, keys and functions.
fn restart(
    world: &mut World,
    keep_data: bool,
    down_ms: i64,
    now: UnixMillis,
) -> Result<(), String> {
    let forget_scripts: &[&str] = &["SCRIPT", "FLUSH"];
    let mut commands = vec![forget_scripts];
    if !keep_data {
        commands.extend([&["FUNCTION", "FLUSH"][..], &["FLUSHALL"]]);
    }
    commands.push(&["CLIENT", "KILL", "TYPE", "NORMAL"]);
    commands.push(&["CLIENT", "KILL", "TYPE", "PUBSUB"]);
    world.administer(0, &commands, now)?;
    world.simulation.refuse_connections_until(now + down_ms);
    Ok(())
}
