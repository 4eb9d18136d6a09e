//! Thousands of seeded schedules over the real log on the simulated disk: appends, commits,
//! rotations, retention, kills, power cuts at any operation, syncs that fail and then lie.
//!
//! The oracle: whatever a commit confirmed, or a start found, is there after every reopening, in its
//! place, unchanged; nothing else is but a beginning of what was appended after it; and nothing is
//! called damaged, for no fault here damages what was synced.

use crate::harness::{DIR, Record, dir};
use rookery_model::{Mutant, Position, RecordTime, ShardId, Term, with_mutant};
use rookery_runtime::storage::sim::SimStorage;
use rookery_wal::{
    AppendError, Commit, Known, Log, LogConfig, LogReader, RecordKind, Recovery, SideWork, Start,
};
use std::io;

const SCHEDULES: u64 = 3000;
/// Seeds beyond these that once found something.
const FOUND: [u64; 1] = [6465];
const STEPS: usize = 70;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

type Check = Result<(), String>;

/// What a schedule has seen, so that a suite that tests nothing shows.
#[derive(Default)]
struct Seen {
    crashes: u64,
    kills: u64,
    torn: u64,
    rotations: u64,
    deleted: u64,
    poisoned: u64,
    lost_unacked: u64,
}

struct World {
    random: Random,
    storage: SimStorage,
    config: LogConfig,
    log: Option<Log<SimStorage>>,
    reader: Option<(LogReader<SimStorage>, usize)>,
    commit: Option<(Commit, io::Result<()>)>,
    /// Everything appended that may still be there, in order.
    records: Vec<Record>,
    /// How many of these are promised.
    promised: usize,
    /// Highest position declared needless.
    deletable: Position,
    /// Where the cursors' file would say the log is durable.
    known: Known,
    seen: Seen,
    /// Print each step: for one seed by hand.
    trace: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let config = LogConfig {
            segment_size_bytes: 8192 + 4096 * (seed % 3),
            side_work: SideWork::Inline,
            retain_hours: 0,
            retain_bytes: 0,
            ..LogConfig::new(*b"an instance's id", ShardId(0))
        };
        Self {
            random: Random(seed),
            storage: SimStorage::new(seed),
            config,
            log: None,
            reader: None,
            commit: None,
            records: Vec::new(),
            promised: 0,
            deletable: Position::ZERO,
            known: Known::default(),
            seen: Seen::default(),
            trace: false,
        }
    }

    fn run(&mut self) -> Check {
        self.reopen()?;
        for _ in 0..STEPS {
            if self.random.chance(2) {
                let operations = self.random.below(14);
                self.storage.power_off_after(operations);
            }
            let pick = self.random.below(100);
            self.note(|world| format!("step {pick}, {} records", world.records.len()));
            match pick {
                0..40 => self.append()?,
                40..56 => self.begin_commit(),
                56..72 => self.end_commit()?,
                72..75 => self.log().close_batch(),
                75..79 => self.log().mark_durable(),
                79..84 => self.retain(),
                84..90 => self.read()?,
                90..92 => self.storage.fail_syncs(1),
                92..94 => self.kill()?,
                94..96 => self.close()?,
                96..98 => self.crash()?,
                _ => {
                    let operations = self.random.below(20);
                    self.storage.power_off_after(operations);
                }
            }
            if self.storage.is_off() {
                self.crash()?;
            }
        }
        self.crash()
    }

    fn note(&self, text: impl FnOnce(&Self) -> String) {
        if self.trace {
            println!(
                "{}, {} promised, off {}",
                text(self),
                self.promised,
                self.storage.is_off()
            );
        }
    }

    fn log(&mut self) -> &mut Log<SimStorage> {
        self.log.as_mut().unwrap()
    }

    fn append(&mut self) -> Check {
        let count = 1 + self.random.below(4);
        for _ in 0..count {
            let length = match self.random.below(10) {
                0 => 0,
                1 => self.random.below(3000),
                _ => self.random.below(300),
            } as usize;
            let byte = self.random.below(256) as u8;
            let payload = vec![byte; length];
            let log = self.log.as_mut().unwrap();
            log.begin_batch(RecordTime(log.last_time().0 + 1));
            let cut = length / 3;
            let parts = [&payload[..cut], &payload[cut..]];
            match log.append(RecordKind::Message, &parts) {
                Ok(lsn) => {
                    let position = Position::new(log.term(), lsn);
                    if position != log.appended() {
                        return Err(format!("appended {position}, log says {}", log.appended()));
                    }
                    let time = log.last_time();
                    let kind = RecordKind::Message;
                    self.records.push(Record {
                        position,
                        time,
                        kind,
                        payload,
                    });
                }
                Err(AppendError::Poisoned(_)) => {
                    self.seen.poisoned += 1;
                    return self.restart();
                }
                Err(AppendError::Full { .. }) if self.storage.is_off() => return Ok(()),
                Err(error) => return Err(format!("append: {error}")),
            }
        }
        Ok(())
    }

    fn begin_commit(&mut self) {
        if self.commit.is_some() {
            return;
        }
        if let Some(commit) = self.log().begin_commit() {
            // Synced now, ended later: what is appended between is not covered.
            let result = commit.sync_data();
            self.commit = Some((commit, result));
        }
    }

    fn end_commit(&mut self) -> Check {
        let Some((commit, result)) = self.commit.take() else {
            return Ok(());
        };
        let through = commit.through();
        match self.log().end_commit(commit, result) {
            Ok(position) if position == through => {
                self.promise(through);
                Ok(())
            }
            Ok(position) => Err(format!("committed through {through}, log says {position}")),
            Err(_) => {
                self.seen.poisoned += 1;
                let log = self.log();
                log.begin_batch(RecordTime(0));
                let refused = log.append(RecordKind::Message, &[b"after poison"]).is_err();
                if !refused || log.begin_commit().is_some() || log.check().is_ok() {
                    return Err("a poisoned log goes on".to_owned());
                }
                self.restart()
            }
        }
    }

    fn promise(&mut self, through: Position) {
        let promised = self
            .records
            .iter()
            .filter(|record| record.position <= through)
            .count();
        self.promised = self.promised.max(promised);
        if self.random.chance(30) {
            self.known.durable = through;
        }
    }

    fn retain(&mut self) {
        let durable = self.log().durable();
        let kept = self
            .records
            .iter()
            .filter(|record| record.position <= durable)
            .count();
        if kept == 0 {
            return;
        }
        let at = self.random.below(kept as u64) as usize;
        self.deletable = self.deletable.max(self.records[at].position);
        self.known.checkpoint = self.deletable;
        let deletable = self.deletable;
        let log = self.log();
        log.set_deletable(deletable);
        let now = RecordTime(log.last_time().0 + 1);
        self.seen.deleted += self.log().apply_retention(now) as u64;
    }

    /// A reader that lives as long as the log sees every record once.
    fn read(&mut self) -> Check {
        let log = self.log.as_ref().unwrap();
        let (reader, next) = self.reader.get_or_insert_with(|| {
            let at = self.random.below(self.records.len() as u64) as usize;
            let from = self.records[at].position.max(self.deletable);
            let next = self
                .records
                .iter()
                .filter(|record| record.position <= from)
                .count();
            (log.reader(from), next)
        });
        loop {
            let record = match reader.next(log) {
                Ok(None) => break,
                Ok(Some(record)) => record,
                Err(_) if self.storage.is_off() => return Ok(()),
                Err(rookery_wal::WalError::Gone { .. }) => {
                    self.reader = None;
                    return Ok(());
                }
                Err(error) => return Err(format!("read: {error}")),
            };
            let wanted = self.records.get(*next);
            let same = wanted.is_some_and(|wanted| {
                wanted.position == record.position
                    && wanted.payload == record.payload
                    && wanted.time == record.time
                    && wanted.kind == record.kind
            });
            if !same && !self.storage.is_off() {
                let wanted = wanted.map(|record| record.position);
                return Err(format!("read {} instead of {wanted:?}", record.position));
            }
            *next += 1;
        }
        let damage = reader.take_damage();
        if self.storage.is_off() {
            return Ok(());
        }
        if *next != self.records.len() || !damage.is_empty() {
            return Err(format!(
                "reader ends at {next} of {}, {damage:?}",
                self.records.len()
            ));
        }
        Ok(())
    }

    /// After a poisoning: a new process, sometimes after a power cut.
    fn restart(&mut self) -> Check {
        if self.random.chance(50) {
            self.kill()
        } else {
            self.crash()
        }
    }

    fn drop_log(&mut self) {
        self.seen.rotations += self.log.take().map_or(0, |log| log.stats().rotations);
        self.reader = None;
        self.commit = None;
    }

    fn kill(&mut self) -> Check {
        self.seen.kills += 1;
        self.drop_log();
        self.reopen()
    }

    fn close(&mut self) -> Check {
        self.end_commit()?;
        let Some(log) = self.log.take() else {
            return Ok(());
        };
        let end = log.appended();
        self.seen.rotations += log.stats().rotations;
        self.reader = None;
        if log.close().is_ok() {
            self.promise(end);
        }
        self.reopen()
    }

    fn crash(&mut self) -> Check {
        self.seen.crashes += 1;
        self.drop_log();
        self.storage.crash();
        self.reopen()
    }

    /// Opens until it works; the power may fail on the way, and a sync too.
    fn reopen(&mut self) -> Check {
        loop {
            match self.open_once() {
                Ok(()) => return Ok(()),
                Err(Some(wrong)) => return Err(wrong),
                Err(None) if self.storage.is_off() => {
                    self.seen.crashes += 1;
                    self.storage.crash();
                }
                Err(None) => {}
            }
            if self.random.chance(30) {
                let operations = self.random.below(25);
                self.storage.power_off_after(operations);
            }
        }
    }

    /// `Err(None)` is a failure of the disk, `Err(Some)` one of the log.
    fn open_once(&mut self) -> Result<(), Option<String>> {
        let config = self.config.clone();
        let known = self.known;
        let recovery =
            Recovery::open(self.storage.clone(), dir(), config, known).map_err(|_| None)?;
        let report = recovery.report().clone();
        self.note(|_| format!("found {report:?}"));
        if report.is_degraded() {
            return Err(Some(format!("false alarm: {:?}", report.findings)));
        }
        self.seen.torn += report.findings.len() as u64;
        let term = Term(recovery.last_term().0 + 1);
        let time = RecordTime(recovery.last_time().0 + 1);
        let last = recovery.last();
        let mut log = recovery
            .start(Start {
                term,
                time,
                payload: b"start",
            })
            .map_err(|_| None)?;
        log.set_deletable(self.deletable);
        let found = read_everything(&log).map_err(|_| None)?;
        if self.storage.is_off() {
            return Err(None);
        }
        self.compare(&found, last).map_err(Some)?;
        self.log = Some(log);
        Ok(())
    }

    fn compare(&mut self, found: &[Record], last: Position) -> Check {
        let Some((start, found)) = found.split_last() else {
            return Err("no start record".to_owned());
        };
        let skipped = match found.first() {
            Some(first) => self
                .records
                .iter()
                .position(|r| r.position == first.position),
            None => Some(0),
        };
        let Some(skipped) = skipped else {
            return Err(format!("invented {:?}", found[0].position));
        };
        let needed = self
            .records
            .iter()
            .filter(|r| r.position <= self.deletable)
            .count();
        if skipped > needed {
            return Err(format!(
                "{skipped} records are gone, {needed} were needless"
            ));
        }
        let kept = skipped + found.len();
        if kept < self.promised {
            return Err(format!(
                "{} of {} promised records are there",
                kept, self.promised
            ));
        }
        if self.records.get(skipped..kept) != Some(found) {
            return Err("records differ from what was appended".to_owned());
        }
        let before = found
            .last()
            .map_or(Position::ZERO, |record| record.position);
        if before != last || start.position.lsn != last.lsn.next() {
            return Err(format!(
                "ends at {before}, report says {last}, start {}",
                start.position
            ));
        }
        self.seen.lost_unacked += (self.records.len() - kept) as u64;
        self.records.truncate(kept);
        self.promised = kept;
        self.records.push(start.clone());
        Ok(())
    }
}

fn read_everything(log: &Log<SimStorage>) -> Result<Vec<Record>, String> {
    let mut reader = log.reader(Position::ZERO);
    let mut records = Vec::new();
    while let Some(record) = reader.next(log).map_err(|error| error.to_string())? {
        records.push(Record {
            position: record.position,
            time: record.time,
            kind: record.kind,
            payload: record.payload.to_vec(),
        });
    }
    match reader.take_damage().as_slice() {
        [] => Ok(records),
        damage => Err(format!("the reader met damage: {damage:?}")),
    }
}

fn run(seed: u64) -> Result<Seen, String> {
    let mut world = World::new(seed);
    match world.run() {
        Ok(()) => Ok(world.seen),
        Err(wrong) => Err(format!("seed {seed}, {DIR}: {wrong}")),
    }
}

#[test]
fn no_schedule_loses_a_promised_record_or_invents_one() {
    let mut all = Seen::default();
    // A longer campaign by hand: `SCHEDULES=100000`.
    let schedules = std::env::var("SCHEDULES")
        .ok()
        .and_then(|count| count.parse().ok());
    let schedules = schedules.unwrap_or(SCHEDULES);
    for seed in (0..schedules).chain(FOUND) {
        let seen = run(seed).unwrap_or_else(|wrong| panic!("{wrong}"));
        all.crashes += seen.crashes;
        all.kills += seen.kills;
        all.torn += seen.torn;
        all.rotations += seen.rotations;
        all.deleted += seen.deleted;
        all.poisoned += seen.poisoned;
        all.lost_unacked += seen.lost_unacked;
    }
    println!(
        "{schedules} schedules: {} crashes, {} kills, {} torn ends, {} rotations, {} segments \
         deleted, {} poisonings, {} unacknowledged records lost",
        all.crashes,
        all.kills,
        all.torn,
        all.rotations,
        all.deleted,
        all.poisoned,
        all.lost_unacked
    );
    let least = [
        all.crashes,
        all.kills,
        all.torn,
        all.rotations,
        all.deleted,
        all.lost_unacked,
    ];
    assert!(
        least.iter().all(|count| *count > SCHEDULES / 4),
        "{least:?}"
    );
    assert!(all.poisoned > SCHEDULES / 20, "{}", all.poisoned);
}

#[test]
fn every_mutant_turns_the_schedules_red() {
    for mutant in Mutant::LOG {
        let red = (0..SCHEDULES).find(|seed| with_mutant(Some(mutant), || run(*seed)).is_err());
        match red {
            Some(seed) => println!("{mutant:?}: red at seed {seed}"),
            None => panic!("{mutant:?} survives {SCHEDULES} schedules"),
        }
    }
}

#[test]
fn a_schedule_is_the_same_each_time() {
    for seed in 0..20 {
        let state = |seed| {
            let mut world = World::new(seed);
            let result = world.run();
            (
                result,
                world.records.len(),
                world.promised,
                world.storage.syncs(),
            )
        };
        assert_eq!(state(seed), state(seed));
    }
}

/// `SEED=17 cargo test -p rookery-wal the_schedule_of_a_seed -- --nocapture` shows one schedule.
#[test]
fn the_schedule_of_a_seed() {
    let Some(seed) = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    else {
        println!("skipped: SEED names no schedule");
        return;
    };
    let mut world = World::new(seed);
    world.trace = true;
    world.run().unwrap();
}
