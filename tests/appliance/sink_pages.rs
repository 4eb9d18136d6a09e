//! The example of each sink's page, copied out and run word by word against the server that it names; only
//! ports are others.

use rookery_tests::{eventually, rookery};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a page gives to copy.
struct Example {
    rules: String,
    configuration: String,
    /// A message is sent, then what came of it is read.
    send: String,
    read: String,
    answer: String,
}

/// The first block of this language, after its fence.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let fence = format!("```{language}\n");
    let (_, rest) = page.split_once(&fence).expect(language);
    rest.split_once("```").unwrap().0
}

fn example(name: &str) -> Example {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/sinks/{name}.md"));
    let page = std::fs::read_to_string(page).unwrap();
    let (send, read) = block(&page, "sh").split_once('\n').unwrap();
    Example {
        rules: block(&page, "sql").to_owned(),
        configuration: block(&page, "toml").to_owned(),
        send: send.to_owned(),
        read: read.to_owned(),
        answer: block(&page, "text").to_owned(),
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn start(folder: &Path, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let program = program.into();
        let output = std::fs::File::create(folder.join("seen.ndjson")).unwrap();
        let child = Command::new(&program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("{}: {error}", program.display())))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shell(folder: &Path, command: &str) -> String {
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", command]).current_dir(folder).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// A text with other ports: whole numbers only, for one may hold another's digits.
fn with_ports(text: &str, ports: &[(u16, u16)]) -> String {
    let ours = |number: &str| {
        let number: u16 = number.parse().ok()?;
        let (_, ours) = ports.iter().find(|(port, _)| *port == number)?;
        Some(ours.to_string())
    };
    let is_digit = |c: char| c.is_ascii_digit();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_digit) {
        let end = rest[at..]
            .find(|c| !is_digit(c))
            .map_or(rest.len(), |length| at + length);
        out += &rest[..at];
        out += &ours(&rest[at..end]).unwrap_or_else(|| rest[at..end].to_owned());
        rest = &rest[end..];
    }
    out + rest
}

/// Runs the example of a page; `ports` are those of its server and what stands in their place.
fn run_page(folder: &Path, name: &str, ports: &[(u16, u16)]) {
    let example = example(name);
    let (tcp, admin) = (free_port(), free_port());
    let ports = [ports, &[(7710, tcp), (7711, admin)]].concat();
    let put = |text: &str| with_ports(text, &ports);
    std::fs::write(folder.join("job.sql"), put(&example.rules)).unwrap();
    let configuration = format!(
        "{}shards = 1\nlisten.tcp = \"127.0.0.1:{tcp}\"\nadmin.listen = \"127.0.0.1:{admin}\"\n\
         log.unsafe_filesystem = true\n",
        example.configuration
    );
    std::fs::write(folder.join("rookery.toml"), configuration).unwrap();
    let _server = Running::start(folder, rookery(), &["run", "--config", "rookery.toml"]);
    eventually("the listener accepts", || listens(tcp));
    shell(folder, &put(&example.send));
    let mut answer = String::new();
    eventually(&format!("the answer of the page on {name}"), || {
        answer = shell(folder, &put(&example.read));
        answer.trim_end() == example.answer.trim_end()
    });
}

/// A folder beside the binary: `/tmp` may be a tmpfs.
fn folder() -> tempfile::TempDir {
    let beside = rookery().parent().unwrap().join("appliances");
    std::fs::create_dir_all(&beside).unwrap();
    tempfile::tempdir_in(beside).unwrap()
}

#[test]
fn the_pages_of_files_and_streams_hold() {
    for name in ["filesystem", "sqlite", "print", "blackhole"] {
        run_page(folder().path(), name, &[]);
    }
}

#[test]
fn the_page_of_redis_holds() {
    let (place, port) = (folder(), free_port());
    let arguments = ["--port", &port.to_string(), "--save", ""];
    let _redis = Running::start(place.path(), "redis-server", &arguments);
    eventually("Redis listens", || listens(port));
    run_page(folder().path(), "redis", &[(6379, port)]);
}

#[test]
fn the_page_of_the_time_series_databases_holds() {
    let (place, http, opentsdb) = (folder(), free_port(), free_port());
    let arguments = [
        "-storageDataPath=points".to_owned(),
        format!("-httpListenAddr=127.0.0.1:{http}"),
        format!("-opentsdbHTTPListenAddr=127.0.0.1:{opentsdb}"),
        "-dedup.minScrapeInterval=1ms".to_owned(),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let _victoria = Running::start(place.path(), "victoria-metrics", &arguments);
    eventually("VictoriaMetrics listens", || {
        listens(http) && listens(opentsdb)
    });
    run_page(folder().path(), "tsdb", &[(4242, opentsdb), (8428, http)]);
}
