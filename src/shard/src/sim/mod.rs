//! Shards, sessions, lanes and logs as they are, above a simulated disk, network, clock and target:
//! thousands of seeded schedules, with kills, power cuts, lying disks, lost connections and
//! re-greetings, held against an oracle that knows only what was sent, acknowledged and delivered.

mod forwarder;
mod node;
mod rng;
mod target;
mod world;

use rookery_model::{Mutant, with_mutant};
use world::World;

/// Schedules of one test run; each is some hundred events.
const SCHEDULES: u64 = 3_000;
/// Schedules within which a mutant must be found.
const MUTANT_SCHEDULES: u64 = 9_000;

/// Runs one schedule; what the oracle found wrong, if anything.
fn schedule(seed: u64) -> Result<(), String> {
    let run = std::panic::catch_unwind(|| {
        let mut world = World::new(seed);
        world
            .run()
            .map_err(|error| format!("{error}\n{}", world.trace()))
    });
    match run {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                .unwrap_or_default();
            Err(format!("a broken invariant: {text}"))
        }
    }
}

#[test]
fn no_schedule_loses_doubles_or_reorders() {
    let first = std::env::var("SIM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seeds = match first {
        Some(seed) => seed..seed + 1,
        None => 0..SCHEDULES,
    };
    for seed in seeds {
        if let Err(error) = schedule(seed) {
            panic!("SIM_SEED={seed}: {error}");
        }
    }
}

#[test]
fn a_schedule_is_the_same_each_time() {
    let trace = |seed| {
        let mut world = World::new(seed);
        world.run().map(|()| world.trace())
    };
    for seed in 0..20 {
        assert_eq!(trace(seed), trace(seed));
    }
}

#[test]
fn every_mutant_is_found() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = |mutant| {
        with_mutant(Some(mutant), || {
            (0..MUTANT_SCHEDULES).find_map(|seed| schedule(seed).err().map(|e| (seed, e)))
        })
    };
    let found: Vec<_> = Mutant::ALL
        .into_iter()
        .map(|mutant| (mutant, found(mutant)))
        .collect();
    std::panic::set_hook(quiet);
    for (mutant, found) in &found {
        match found {
            Some((seed, error)) => println!("{mutant:?}: schedule {seed}: {error}"),
            None => println!("{mutant:?} IS NOT FOUND within {MUTANT_SCHEDULES} schedules"),
        }
    }
    assert!(
        found.iter().all(|(_, found)| found.is_some()),
        "a mutant is not found"
    );
}
