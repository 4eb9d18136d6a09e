//! From a validated configuration to a running server, and back.

use crate::admin::{Admin, Facts, RowRetrier};
use crate::bundle::{StoredRules, build_sinks, formats};
use crate::config::{Config, Durability, TableOverride};
use crate::exit::Exit;
use crate::report::{self, Report, Severity};
use crate::rules::{self, RuleFile, files};
use crate::status::StatusSource;
use crate::view::Board;
use crate::{endpoints, output, signals, waiting_rows};
use anyhow::Context;
use rookery_engine::RuleSet;
use rookery_runtime::SyncBackend;
use rookery_runtime::storage::Storage;
use rookery_shard::{
    ActorEnd, DataDir, DataDirError, RuleBundle, Server, ServerConfig, ServerEvent, SinkSpill,
    SpillConfig, SpillPolicy, StopReport,
};
use rookery_sinks::{DeadLetterLimits, SinkContext};
use rookery_sources::LineLimits;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a stop drains; threads that are given up then end within a second more.
const DRAIN: Duration = Duration::from_secs(9);

/// Why a start ended: told to the user already where there is nothing to say.
#[derive(Debug)]
pub enum Refusal {
    /// The text is on standard error.
    Told(Exit),
    /// This is to be told.
    Because(Exit, anyhow::Error),
}

impl Refusal {
    fn system(error: impl Into<anyhow::Error>) -> Self {
        Self::Because(Exit::System, error.into())
    }

    /// Tells what is left to tell, and gives the exit.
    pub fn tell(self) -> Exit {
        match self {
            Self::Told(exit) => exit,
            Self::Because(exit, error) => {
                output::complain(&format!("rookery: {error:#}\n"));
                exit
            }
        }
    }
}

/// A configuration whose rules compile and whose sinks can be made. Nothing is opened yet.
pub struct Prepared {
    config: Config,
    stored: StoredRules,
    rules: Arc<RuleSet>,
}

impl Prepared {
    /// Reads and compiles the rule files, binds their tables, and tells every fault.
    ///
    /// # Errors
    /// A rule file, a table or a sink is faulty.
    pub fn new(config: Config, paths: &[PathBuf]) -> Result<Self, Refusal> {
        let mut sources = Vec::new();
        for path in paths {
            match files::read(path) {
                Ok(source) => sources.push(source),
                Err(error) => {
                    let help = [
                        "the paths stand in `rules` of the configuration, or after --rules"
                            .to_owned(),
                    ];
                    tell(
                        &error.to_string(),
                        error.code(),
                        &path.display().to_string(),
                        None,
                        &help,
                    );
                    return Err(Refusal::Told(Exit::Configuration));
                }
            }
        }
        let stored = StoredRules {
            files: sources,
            tables: config.tables.clone(),
        };
        let rules = compile(&stored, &config.tables)?;
        Ok(Self {
            config,
            stored,
            rules: Arc::new(rules),
        })
    }

    /// Opens the data directory and starts everything.
    ///
    /// # Errors
    /// The directory, the disk, the kernel or a port refuses.
    pub fn start(self) -> Result<Appliance, Refusal> {
        Appliance::start(self)
    }
}

fn tell(
    message: &str,
    code: &str,
    path: &str,
    place: Option<(&str, std::ops::Range<usize>)>,
    help: &[String],
) {
    let report = Report {
        severity: Severity::Error,
        code,
        message,
        path,
        place,
        help,
    };
    output::complain(&format!(
        "{}\n",
        report.render(report::colour(&std::io::stderr()))
    ));
}

/// Compiles all files as one set, with this installation's connectors, and tells every fault.
fn compile(stored: &StoredRules, tables: &[TableOverride]) -> Result<RuleSet, Refusal> {
    let refused = || Refusal::Told(Exit::Configuration);
    let mut files = compile_files(stored).ok_or_else(refused)?;
    for unused in rules::apply(&mut files, tables) {
        let meant = unused
            .suggestion
            .map(|name| format!("; did you mean `{name}`?"));
        tracing::warn!(
            "[{}] {}{}",
            unused.error.code(),
            unused.error,
            meant.unwrap_or_default()
        );
    }
    let mut faulty = false;
    for file in &files {
        for bad in rules::check_sources(&file.program) {
            let place = Some((file.source.text.as_str(), rules::bytes(bad.span)));
            tell(
                &bad.error.to_string(),
                bad.error.code(),
                &file.source.path,
                place,
                &bad.help,
            );
            faulty = true;
        }
    }
    let programs = files.iter().map(|file| file.program.clone()).collect();
    let rules = match RuleSet::compile(programs) {
        Ok(rules) => rules,
        Err(error) => {
            for refusal in &error.refusals {
                let source = &files[refusal.program_index].source;
                let place = Some((source.text.as_str(), rules::bytes(refusal.span)));
                tell(
                    &refusal.reason.to_string(),
                    refusal.code(),
                    &source.path,
                    place,
                    &[],
                );
            }
            return Err(refused());
        }
    };
    if faulty || !check_sinks(&files, tables, &rules) {
        return Err(refused());
    }
    Ok(rules)
}

fn compile_files(stored: &StoredRules) -> Option<Vec<RuleFile>> {
    let colour = report::colour(&std::io::stderr());
    let mut files: Vec<RuleFile> = Vec::new();
    let mut faulty = false;
    for source in &stored.files {
        let findings = rules::compile(source, &crate::cli::Language::default());
        for found in &findings.diagnostics {
            output::complain(&format!("{}\n\n", found.render(source, colour)));
        }
        let Some(program) = findings.program else {
            faulty = true;
            continue;
        };
        if let Some(other) = files.iter().find(|file| file.program.name == program.name) {
            let error = rules::RulesError::SameName {
                stem: program.name.clone(),
                other: other.source.path.clone(),
            };
            tell(&error.to_string(), error.code(), &source.path, None, &[]);
            faulty = true;
        }
        files.push(RuleFile {
            source: source.clone(),
            program,
        });
    }
    (!faulty).then_some(files)
}

/// Whether every sink can be made; nothing is touched by that.
fn check_sinks(files: &[RuleFile], tables: &[TableOverride], rules: &RuleSet) -> bool {
    let context = SinkContext {
        data_dir: PathBuf::new(),
        instance: String::new(),
    };
    let mut good = true;
    for table in rules.sinks() {
        let spec = rules::spec(table);
        let file = &files[table.program];
        // Where the options are the configuration's, its name of the table leads to them.
        let replaced = rules::override_of(tables, &file.program.name, &spec.table);
        let help: Vec<_> = replaced
            .map(|other| {
                format!(
                    "the table's options stand in `[tables.{}]` of the configuration",
                    rules::toml_key(&other.name)
                )
            })
            .into_iter()
            .collect();
        for fault in rookery_sinks::faults(&spec, &context) {
            let span = rules::span_of(&fault, &file.program.tables[table.table]);
            let place = Some((file.source.text.as_str(), rules::bytes(span)));
            let message = rules::without_code(&fault.to_string());
            tell(&message, fault.code(), &file.source.path, place, &help);
            good = false;
        }
    }
    good
}

/// A running appliance.
pub struct Appliance {
    server: Server,
    events: Receiver<ServerEvent>,
    board: Arc<Board>,
    admin: Admin,
    tcp: SocketAddr,
    stop_asked: Arc<OnceLock<&'static str>>,
    /// Locked until the very end.
    _dir: DataDir,
}

/// Why the wait for an end is over.
#[derive(Debug)]
pub enum Over {
    /// A signal of this name came.
    Asked(&'static str),
    /// A shard cannot go on.
    Failed(String),
    /// Nothing of that happened in the time given.
    NotYet,
}

/// How often the wait looks for a signal.
const SIGNAL_POLL: Duration = Duration::from_millis(250);

impl Appliance {
    fn start(prepared: Prepared) -> Result<Self, Refusal> {
        let Prepared {
            config,
            stored,
            rules,
        } = prepared;
        let stop_asked = Arc::new(OnceLock::new());
        let asked = Arc::clone(&stop_asked);
        signals::on_stop(move |signal| {
            let _ = asked.set(signal);
        })
        .map_err(Refusal::system)?;
        // The directory first: a second process on it is told of the first one, not of its ports.
        let dir = open_data_dir(&config)?;
        rookery_runtime::storage::install_sigbus_handler();
        rookery_runtime::check_environment(usize::from(dir.shards())).map_err(Refusal::system)?;
        let board = Arc::new(Board::default());
        board.opened(dir.instance());
        let admin = start_admin(&config, &board)?;
        endpoints::write(dir.path(), admin.address())
            .context("cannot note the admin port's address in the data directory")
            .map_err(Refusal::system)?;
        let mut server_config = server_config(&config, &dir)?;
        server_config.spill.sinks = spill_of(&rules)?;
        let bundle = make_bundle(&dir, &stored, rules)?;
        let (sender, events) = mpsc::channel();
        let path = dir.path().to_owned();
        let context = sink_context(&dir);
        let mut newer = vec![bundle.clone()];
        let load = |hash| {
            let bundle = StoredRules::load(&path, &hash)
                .and_then(|rules| rules.bundle(&config.tables, &newer, &context))
                .map_err(|error| format!("{error:#}"))?;
            newer.push(bundle.clone());
            Ok(bundle)
        };
        let server =
            Server::start(&dir, server_config, bundle, load, sender).map_err(Refusal::system)?;
        board.started(server.view());
        let mut appliance = Self {
            server,
            events,
            board,
            admin,
            tcp: config.listen.tcp,
            stop_asked,
            _dir: dir,
        };
        appliance.become_ready()?;
        Ok(appliance)
    }

    /// Waits for the replay, then opens the listener.
    fn become_ready(&mut self) -> Result<(), Refusal> {
        let mut replaying = self.server.view().shards.len();
        while replaying > 0 {
            match self.events.recv_timeout(SIGNAL_POLL) {
                Ok(ServerEvent::Replayed(_)) => replaying -= 1,
                Ok(ServerEvent::Ended(shard, end)) => {
                    return Err(Refusal::system(anyhow::anyhow!(failure(shard.0, &end))));
                }
                Err(RecvTimeoutError::Timeout) if self.stop_asked.get().is_some() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Refusal::system(anyhow::anyhow!(
                        "the shards ended without a word"
                    )));
                }
            }
        }
        self.tcp = self.server.listen().map_err(Refusal::system)?;
        self.board.ready(self.tcp, self.server.acceptor_stats());
        tracing::info!(tcp = %self.tcp, admin = %self.admin.address(), "ready");
        Ok(())
    }

    /// Where messages come in.
    pub fn tcp(&self) -> SocketAddr {
        self.tcp
    }

    /// Where metrics and status are.
    pub fn admin(&self) -> SocketAddr {
        self.admin.address()
    }

    /// How things are.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Waits for a signal or a failure, at most so long.
    pub fn wait(&self, at_most: Duration) -> Over {
        let deadline = std::time::Instant::now() + at_most;
        loop {
            if let Some(signal) = self.stop_asked.get() {
                return Over::Asked(signal);
            }
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return Over::NotYet;
            }
            match self.events.recv_timeout(left.min(SIGNAL_POLL)) {
                Ok(ServerEvent::Ended(shard, end)) => return Over::Failed(failure(shard.0, &end)),
                Ok(ServerEvent::Replayed(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Over::Failed("the shards ended without a word".to_owned());
                }
            }
        }
    }

    /// Stops reading, commits, acknowledges and drains.
    pub fn stop(self) -> StopReport {
        self.board.stopping();
        self.server.stop(DRAIN, &self.events)
    }
}

fn failure(shard: u16, end: &ActorEnd) -> String {
    match end {
        ActorEnd::Failed(error) => format!("shard {shard}: {error}"),
        ActorEnd::Drained | ActorEnd::Undrained { .. } => format!("shard {shard} ended unasked"),
    }
}

fn start_admin(config: &Config, board: &Arc<Board>) -> Result<Admin, Refusal> {
    let facts = Facts {
        data_dir: config.data_dir.display().to_string(),
        durability: match config.durability {
            Durability::Sync => "sync",
            Durability::Os => "os",
        },
    };
    let source = Arc::clone(board) as Arc<dyn StatusSource>;
    let retrier = Arc::clone(board) as Arc<dyn RowRetrier>;
    let admin =
        Admin::start(config.admin_listen, source, retrier, facts).map_err(Refusal::system)?;
    tracing::info!(address = %admin.address(), "admin port");
    Ok(admin)
}

fn open_data_dir(config: &Config) -> Result<DataDir, Refusal> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = u16::try_from(cores)
        .unwrap_or(u16::MAX)
        .min(rookery_model::SLOTS as u16);
    DataDir::open(
        &config.data_dir,
        config.shards,
        cores,
        config.log.unsafe_filesystem,
    )
    .map_err(|error| {
        let exit = match error {
            DataDirError::Shards { .. } | DataDirError::FileSystem(_) => Exit::Configuration,
            _ => Exit::System,
        };
        Refusal::Because(exit, error.into())
    })
}

fn sink_context(dir: &DataDir) -> SinkContext {
    SinkContext {
        data_dir: dir.path().to_owned(),
        instance: dir.instance().to_owned(),
    }
}

fn make_bundle(
    dir: &DataDir,
    stored: &StoredRules,
    rules: Arc<RuleSet>,
) -> Result<RuleBundle, Refusal> {
    let configuration =
        |error: rookery_sinks::SinkOptionError| Refusal::Because(Exit::Configuration, error.into());
    let sinks = build_sinks(&rules, &sink_context(dir)).map_err(configuration)?;
    let borrowed: Vec<_> = sinks.iter().map(AsRef::as_ref).collect();
    rookery_sinks::check_directories(&borrowed).map_err(configuration)?;
    let bundle = RuleBundle {
        hash: stored.hash(),
        formats: formats(&rules),
        rules,
        sinks,
    };
    let noted = waiting_rows::Noted::read(dir.path()).map_err(Refusal::system)?;
    if let Some(error) = noted.changed(dir, &bundle) {
        let error = anyhow::anyhow!("[{}] {error}", error.code());
        return Err(Refusal::Because(Exit::Configuration, error));
    }
    stored.store(dir.path()).map_err(Refusal::system)?;
    noted.note(&bundle).map_err(Refusal::system)?;
    Ok(bundle)
}

/// What each sink says of its own about spilling.
fn spill_of(rules: &RuleSet) -> Result<BTreeMap<String, SinkSpill>, Refusal> {
    let mut sinks = BTreeMap::new();
    for table in rules.sinks() {
        let spec = rules::spec(table);
        let own = rookery_sinks::spill_options(&spec)
            .map_err(|error| Refusal::Because(Exit::Configuration, error.into()))?;
        let spill = SinkSpill {
            max_bytes: own.max_bytes,
            policy: own.drop_oldest.map(spill_policy),
        };
        sinks.insert(spec.name, spill);
    }
    Ok(sinks)
}

fn spill_policy(drop_oldest: bool) -> SpillPolicy {
    match drop_oldest {
        true => SpillPolicy::DropOldest,
        false => SpillPolicy::Block,
    }
}

fn server_config(config: &Config, dir: &DataDir) -> Result<ServerConfig, Refusal> {
    let retain_bytes = match config.log.retain_bytes {
        Some(bytes) => bytes,
        None => half_of_the_free_disk(dir).map_err(Refusal::system)?,
    };
    Ok(ServerConfig {
        listen: config.listen.tcp,
        durability: match config.durability {
            Durability::Sync => rookery_shard::Durability::Sync,
            Durability::Os => rookery_shard::Durability::Os,
        },
        sync_backend: if config.log.sync_thread {
            SyncBackend::Thread
        } else {
            SyncBackend::Ring
        },
        pin: false,
        line: LineLimits {
            frame_max_bytes: config.listen.frame_max_bytes,
            frame_deadline_ms: config.listen.frame_deadline_ms,
            idle_timeout_ms: config.listen.idle_timeout_ms,
        },
        unacked_max_bytes: config.listen.unacked_max_bytes,
        connections_max: config.listen.connections_max,
        forwarders_max: config.listen.forwarders_max,
        device_key: config.listen.device_key.clone(),
        segment_size_bytes: config.log.segment_size_bytes,
        retain_hours: config.log.retain_hours,
        retain_bytes,
        dead_letters: DeadLetterLimits {
            max_bytes: config.dead_letters_max_bytes,
            ..DeadLetterLimits::default()
        },
        spill: SpillConfig {
            max_bytes: config.spill.max_bytes,
            lane_max_bytes: config.spill.lane_max_bytes,
            policy: spill_policy(config.spill.drop_oldest),
            ..SpillConfig::default()
        },
        #[cfg(feature = "count-allocations")]
        thread_allocations: Some(crate::allocations::of_thread),
        #[cfg(not(feature = "count-allocations"))]
        thread_allocations: None,
    })
}

fn half_of_the_free_disk(dir: &DataDir) -> anyhow::Result<u64> {
    let free = dir
        .storage()
        .free_bytes(dir.path())
        .context("cannot ask for the free space of the data directory")?;
    Ok(free / 2)
}
