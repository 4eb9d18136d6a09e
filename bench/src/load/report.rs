//! The result of a run. The JSON keys are fixed: scripts read them.

use std::fmt;

use serde::Serialize;

use crate::percentiles::Percentiles;

/// What a run measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Messages that were handed to the sockets, each once.
    pub messages: u64,
    /// From the first intended send time to the last acknowledgement (without acknowledgements: the
    /// last write).
    pub seconds: f64,
    /// Acknowledged (without acknowledgements: sent) messages a second.
    pub messages_per_second: f64,
    /// Messages that the server acknowledged, counted from its acknowledgements.
    pub acked: u64,
    /// Intended send time to acknowledgement; null where none came.
    pub ack_ms: Option<Percentiles>,
    /// CPU of the server for a million messages, until it was idle again; null without `--pid`.
    pub server_cpu_seconds_per_million: Option<f64>,
    /// Largest RssAnon of the server in MiB; null without `--pid`.
    pub server_peak_rss_anon_mb: Option<f64>,
    /// Rows of all sinks; null without `--admin`.
    pub rows_out: Option<u64>,
    /// Syncs of the log; null without `--admin`.
    pub syncs: Option<u64>,
    /// Bytes that the log made the device write; null without `--admin`.
    pub device_bytes: Option<u64>,
}

/// Something seen or not.
fn or_unknown(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "not measured".to_owned(), |value| value.to_string())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = self
            .server_cpu_seconds_per_million
            .map(|seconds| format!("{seconds:.3} s per million messages"));
        let rss = self
            .server_peak_rss_anon_mb
            .map(|mb| format!("{mb:.1} MB RssAnon at most"));
        writeln!(
            f,
            "messages     {} sent, {} acknowledged",
            self.messages, self.acked
        )?;
        writeln!(
            f,
            "time         {:.3} s, {:.0} messages/s",
            self.seconds, self.messages_per_second
        )?;
        writeln!(f, "send to ack  {}", or_unknown(self.ack_ms))?;
        writeln!(f, "server CPU   {}", or_unknown(cpu))?;
        writeln!(f, "server RSS   {}", or_unknown(rss))?;
        writeln!(f, "rows out     {}", or_unknown(self.rows_out))?;
        writeln!(f, "syncs        {}", or_unknown(self.syncs))?;
        write!(f, "device bytes {}", or_unknown(self.device_bytes))
    }
}

/// A line of progress, for whoever watches the run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    /// Since the first intended send time.
    pub seconds: f64,
    /// Messages sent so far.
    pub messages: u64,
    /// Messages acknowledged so far.
    pub acked: u64,
    /// Intended send time to acknowledgement, since the last line.
    pub ack_ms: Option<Percentiles>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            messages: 10,
            seconds: 2.0,
            messages_per_second: 4.5,
            acked: 9,
            ack_ms: Some(Percentiles {
                p50: 1.0,
                p99: 2.0,
                p999: 3.0,
                max: 4.0,
            }),
            server_cpu_seconds_per_million: Some(1.25),
            server_peak_rss_anon_mb: None,
            rows_out: Some(6),
            syncs: None,
            device_bytes: None,
        }
    }

    #[test]
    fn the_json_keys_are_fixed() {
        assert_eq!(
            serde_json::to_string(&report()).unwrap(),
            "{\"messages\":10,\"seconds\":2.0,\"messages_per_second\":4.5,\"acked\":9,\
             \"ack_ms\":{\"p50\":1.0,\"p99\":2.0,\"p999\":3.0,\"max\":4.0},\
             \"server_cpu_seconds_per_million\":1.25,\"server_peak_rss_anon_mb\":null,\
             \"rows_out\":6,\"syncs\":null,\"device_bytes\":null}"
        );
    }

    #[test]
    fn the_summary_says_what_was_not_measured() {
        assert_eq!(
            report().to_string(),
            "messages     10 sent, 9 acknowledged\n\
             time         2.000 s, 4 messages/s\n\
             send to ack  p50 1.00 ms, p99 2.00 ms, p99.9 3.00 ms, max 4.00 ms\n\
             server CPU   1.250 s per million messages\n\
             server RSS   not measured\n\
             rows out     6\n\
             syncs        not measured\n\
             device bytes not measured"
        );
    }
}
