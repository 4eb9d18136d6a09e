//! The figures of `limit` and `probe`, what is seen of the server's process and admin port, and the
//! command line.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::scripted::{Script, Scripted};
use crate::{generated, run, run_json, text};

#[test]
fn the_floor_reads_every_message() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let report = run_json(&format!(
        "limit --messages 20000 --devices 1000 --noise 0.1 --threads 2 --json --dir {}",
        directory.path().display()
    ));
    assert_eq!(report["messages"], 20_000);
    assert_eq!(
        report["bytes"].as_u64().unwrap() as usize,
        generated("--messages 20000 --devices 1000 --noise 0.1").len()
    );
    assert!(report["syncs"].as_u64().unwrap() >= 2, "{report}");
    for key in [
        "seconds",
        "messages_per_second",
        "cpu_seconds_per_million",
        "generator_cpu_seconds_per_million",
    ] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key} in {report}");
    }
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn the_probe_measures_the_disk() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let report = run_json(&format!(
        "probe --seconds 0.3 --json --dir {}",
        directory.path().display()
    ));
    let at = |key: &str| report["sync_ms"][key].as_f64().unwrap();
    assert!(
        0.0 < at("p50")
            && at("p50") <= at("p99")
            && at("p99") <= at("p999")
            && at("p999") <= at("max")
    );
    assert!(report["syncs"].as_u64().unwrap() > 0);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    let missing = run("probe --dir /nonexistent");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("making /nonexistent/"));
}

/// An admin port whose counters are 100 times the count of its answers.
fn admin_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for (index, socket) in listener.incoming().enumerate() {
            let mut socket = socket.unwrap();
            let _ = socket.read(&mut [0; 1024]);
            // Rows stand still after the first answer, so that the server counts as settled.
            let rows = 100 * (index + 1).min(2);
            let body = format!(
                "rookery_sink_rows_total{{sink=\"jobs.water\"}} {rows}\nrookery_sink_rows_total{{sink=\"dead_letters\"}} 7{rows}\n\
                 rookery_log_syncs_total{{shard=\"0\"}} {rows}\n"
            );
            let _ = write!(
                socket,
                "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    addr
}

#[test]
fn the_server_is_seen_from_outside() {
    let server = Scripted::start(Script::default());
    let report = run_json(&format!(
        "load --addr {} --messages 1000 --rate max --ack --json --pid {} --admin {}",
        server.addr,
        std::process::id(),
        admin_port()
    ));
    assert_eq!(
        (&report["rows_out"], &report["syncs"]),
        (&100.into(), &100.into())
    );
    assert!(report["device_bytes"].is_null());
    assert!(report["server_cpu_seconds_per_million"].as_f64().unwrap() >= 0.0);
    assert!(report["server_peak_rss_anon_mb"].as_f64().unwrap() > 0.1);
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    for (arguments, expected) in [
        (
            "load --addr 127.0.0.1:1 --rate fast",
            "--rate fast is neither",
        ),
        ("load --addr 127.0.0.1:1 --mix dryer=1", "--mix dryer=1"),
        (
            "load --addr 127.0.0.1:1 --connections 0",
            "--connections 0 is outside",
        ),
        (
            "load --addr 127.0.0.1:1 --seconds 0",
            "--seconds 0 is outside",
        ),
        (
            "load --addr 127.0.0.1:1 --seconds 1 --messages 1",
            "cannot be used with",
        ),
        (
            "generate --messages 1 --connections 2 --connection 2",
            "--connection 2 of --connections 2 is none",
        ),
        (
            "generate --messages 1 --noise 1.5",
            "--noise 1.5 is no share",
        ),
        (
            "generate --messages 1 --start-time=soon",
            "\"soon\" is no time",
        ),
        ("limit --threads 0", "--threads 0 is outside"),
        ("launch", "unrecognized subcommand"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        let said = text(&output.stderr);
        assert!(said.contains(expected), "{arguments}: {said}");
    }
}

#[test]
fn generated_messages_do_not_depend_on_the_connections() {
    let mut whole: Vec<_> = text(&generated("--messages 3000 --devices 70"))
        .lines()
        .map(str::to_owned)
        .collect();
    let mut shared = Vec::new();
    for connection in 0..4 {
        let part = generated(&format!(
            "--messages 3000 --devices 70 --connections 4 --connection {connection}"
        ));
        shared.extend(text(&part).lines().map(str::to_owned));
    }
    whole.sort();
    shared.sort();
    assert!(whole == shared);
}
