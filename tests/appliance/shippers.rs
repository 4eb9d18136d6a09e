//! Tools of the system as forwarders.

use crate::{installation, sorted_ids, wait_for_rows};
use rookery_tests::{Server, tool};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

fn lines(count: u64) -> String {
    (1..=count)
        .map(|id| {
            format!(
                "{{\"id\":\"{id:04}\",\"imei\":\"{}\",\"type\":\"08\"}}\n",
                id % 3
            )
        })
        .collect()
}

#[test]
fn netcat_sends_a_file() {
    let nc = tool("nc", "netcat-openbsd");
    let installation = installation();
    let server = Server::start(&installation);
    let mut child = Command::new(nc)
        .args(["-N", "127.0.0.1", &server.tcp.port().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines(500).as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        output.stdout.is_empty(),
        "nothing is written to who did not greet"
    );
    wait_for_rows(&installation, "orders", 500);
}

/// A daemon that is killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn rsyslog_forwards_a_file_with_omfwd() {
    let rsyslogd = tool("rsyslogd", "rsyslog");
    let installation = installation();
    let server = Server::start(&installation);
    let folder = installation.path().join("rsyslog");
    std::fs::create_dir_all(folder.join("work")).unwrap();
    let input = folder.join("messages.ndjson");
    std::fs::write(&input, lines(200)).unwrap();
    let configuration = format!(
        "global(workDirectory=\"{work}\")\n\
         module(load=\"imfile\")\n\
         template(name=\"line\" type=\"string\" string=\"%msg%\\n\")\n\
         ruleset(name=\"forward\") {{\n  \
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" template=\"line\")\n}}\n\
         input(type=\"imfile\" file=\"{input}\" tag=\"devices\" ruleset=\"forward\")\n",
        work = folder.join("work").display(),
        port = server.tcp.port(),
        input = input.display(),
    );
    let path = folder.join("rsyslog.conf");
    std::fs::write(&path, configuration).unwrap();
    let _daemon = Daemon(
        Command::new(rsyslogd)
            .arg("-n")
            .arg("-f")
            .arg(&path)
            .arg("-i")
            .arg(folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    wait_for_rows(&installation, "orders", 200);
    assert_eq!(
        sorted_ids(&installation, "orders")
            .first()
            .map(String::as_str),
        Some("0001")
    );
    // Lines that come later are forwarded too.
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&input)
        .unwrap();
    file.write_all(b"{\"id\":\"9999\",\"imei\":\"1\",\"type\":\"08\"}\n")
        .unwrap();
    wait_for_rows(&installation, "orders", 201);
}
