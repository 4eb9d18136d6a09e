//! Each message, word for word.

use super::*;
use std::io;
use std::path::Path;

fn path() -> PathBuf {
    PathBuf::from("/srv/out")
}

#[test]
fn sink_errors_say_what_happens_now() {
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let cases = [
        (
            SinkError::io("open", Path::new("/srv/out"), denied()),
            "[E3001] cannot open /srv/out: permission denied; it is tried again",
        ),
        (
            SinkError::io(
                "write",
                Path::new("/srv/out"),
                io::ErrorKind::StorageFull.into(),
            ),
            "[E3002] the disk of /srv/out is full; rows wait and go on by themselves when there is space",
        ),
        (
            SinkError::DirectoryInUse { path: path() },
            "[E3003] the directory /srv/out is in use by another sink or process; give each its own `path`",
        ),
        (
            SinkError::FileRemoved { path: path() },
            "[E3004] the row file /srv/out was removed while it was written; unconfirmed rows go to a new one",
        ),
        (
            SinkError::CursorDamaged { path: path() },
            "[E3005] the cursor file /srv/out is damaged in both slots; move it away to go on after the \
             row files that are there (rows of the last moments may come twice)",
        ),
        (
            SinkError::CursorFormat {
                path: path(),
                found: 2,
                known: 1,
            },
            "[E3006] the cursor file /srv/out has format 2, this version reads 1; run the version that \
             wrote it",
        ),
        (
            SinkError::RetryAsked { rows: 3 },
            "[E3007] the target asks for 3 rows again; they wait, and later rows behind them",
        ),
        (
            SinkError::DeadLettersRefused {
                rows: 3,
                reason: "no".to_owned(),
            },
            "[E3008] 3 refused rows cannot be stored as dead letters: no; the sink waits",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
        assert!(text.starts_with(&format!("[{}] ", error.code())));
    }
}

#[test]
fn option_errors_name_table_option_and_remedy() {
    let table = || "jobs.orders".to_owned();
    let cases = [
        (
            SinkOptionError::NoConnector {
                table: table(),
                suggestion: " (its option `conector` is none of a sink; did you mean `connector`?)"
                    .to_owned(),
                known: "a, b".to_owned(),
            },
            "[E3020] table jobs.orders names no connector (its option `conector` is none of a sink; did you mean \
             `connector`?); add `connector`, one of: a, b",
        ),
        (
            SinkOptionError::UnknownConnector {
                table: table(),
                connector: "prnt".to_owned(),
                suggestion: "; did you mean `print`?".to_owned(),
            },
            "[E3021] table jobs.orders: unknown connector `prnt`; did you mean `print`?",
        ),
        (
            SinkOptionError::KnownNotBuilt {
                table: table(),
                bare: "orders".to_owned(),
                connector: "mq".to_owned(),
                known: "a, b".to_owned(),
            },
            "[E3022] table jobs.orders: connector `mq` is not available as a sink yet; set another with \
             `[tables.orders]` in the configuration, one of: a, b",
        ),
        (
            SinkOptionError::UnknownOption {
                table: table(),
                connector: "filesystem",
                key: "pth".to_owned(),
                suggestion: "; did you mean `path`?".to_owned(),
            },
            "[E3023] table jobs.orders: connector `filesystem` has no option `pth`; did you mean `path`?",
        ),
        (
            SinkOptionError::Missing {
                table: table(),
                connector: "filesystem",
                key: "path",
                meaning: "the directory",
            },
            "[E3024] table jobs.orders: connector `filesystem` needs the option `path`: the directory",
        ),
        (
            SinkOptionError::Invalid {
                table: table(),
                key: "linger_ms",
                value: "x".to_owned(),
                expected: "a number".to_owned(),
            },
            "[E3025] table jobs.orders: option `linger_ms` = 'x' is not a number",
        ),
        (
            SinkOptionError::Repeated {
                table: table(),
                key: "path".to_owned(),
            },
            "[E3026] table jobs.orders: option `path` is given twice; keep one",
        ),
        (
            SinkOptionError::SharedDirectory {
                first: table(),
                second: "jobs.power".to_owned(),
                path: path(),
            },
            "[E3027] tables jobs.orders and jobs.power both write to /srv/out, and each needs a directory \
             of its own; change the `path` of one",
        ),
        (
            SinkOptionError::ReservedDirectory {
                table: table(),
                path: path(),
            },
            "[E3028] table jobs.orders: /srv/out belongs to the data directory's own files; choose another \
             `path`",
        ),
        (
            SinkOptionError::Zone {
                table: table(),
                zone: "Mars".to_owned(),
            },
            "[E3029] table jobs.orders: there is no time zone `Mars`; name one such as Asia/Shanghai or \
             +08:00",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
        assert!(text.starts_with(&format!("[{}] ", error.code())));
    }
}

#[test]
fn encode_errors_carry_their_code() {
    let error = EncodeError {
        code: "E3040",
        reason: "column `metric` is NULL".to_owned(),
    };
    assert_eq!(error.to_string(), "[E3040] column `metric` is NULL");
}
