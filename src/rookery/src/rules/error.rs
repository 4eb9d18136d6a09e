//! What is wrong with rule files before or after their SQL.

/// A fault that keeps rules from running. Codes E402x are stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// E4020
    #[error("cannot read the rule file: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// E4021
    #[error("rule file of {size} bytes is over the limit of {limit}; split it")]
    TooLarge {
        /// Its size, with separators.
        size: String,
        /// The limit, with separators.
        limit: String,
    },
    /// E4022
    #[error("the rule file is not UTF-8: byte {at} begins no character; save it as UTF-8")]
    NotUtf8 {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// E4023
    #[error(
        "a rule file named `{stem}` is there already: {other}; rules and tables are named after it, so rename one"
    )]
    SameName {
        /// The name without its ending.
        stem: String,
        /// The other file.
        other: String,
    },
    /// E4024
    #[error("source table `{table}` has {connector}; messages come in over `tcp` only")]
    SourceConnector {
        /// The table.
        table: String,
        /// ``connector `x` `` or `no connector`.
        connector: String,
    },
    /// E4025
    #[error("source table `{table}`: connector `tcp` has no option `{option}`; it has none at all")]
    SourceOption {
        /// The table.
        table: String,
        /// The option.
        option: String,
    },
    /// E4026
    #[error("`[tables.{name}]` names no table of the rule files")]
    NoSuchTable {
        /// As in the configuration.
        name: String,
    },
    /// E4027
    #[error("no rule file matches `{pattern}`")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// E4028
    #[error("`{pattern}` has a `*` or `?` in a folder's name; only the file's name may have them")]
    PatternInFolder {
        /// The pattern.
        pattern: String,
    },
    /// E4029
    #[error(
        "table {table} {change}, and rows wait in {directory} as they were encoded for connector `{connector}`; put the table back until `rookery_sink_spilled_bytes` of it is 0, or give the changed one another name, or remove this directory of every shard to give the rows up"
    )]
    RowsWait {
        /// `file.table`
        table: String,
        /// `has .. now`
        change: String,
        /// The connector that the rows are for.
        connector: String,
        /// Where they are.
        directory: String,
    },
}

impl RulesError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "E4020",
            Self::TooLarge { .. } => "E4021",
            Self::NotUtf8 { .. } => "E4022",
            Self::SameName { .. } => "E4023",
            Self::SourceConnector { .. } => "E4024",
            Self::SourceOption { .. } => "E4025",
            Self::NoSuchTable { .. } => "E4026",
            Self::NoMatch { .. } => "E4027",
            Self::PatternInFolder { .. } => "E4028",
            Self::RowsWait { .. } => "E4029",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_thing_the_limit_and_the_remedy() {
        let texts = [
            (
                RulesError::Unreadable {
                    reason: "Permission denied".into(),
                },
                "E4020 cannot read the rule file: Permission denied",
            ),
            (
                RulesError::TooLarge {
                    size: "9,000,000".into(),
                    limit: "4,194,304".into(),
                },
                "E4021 rule file of 9,000,000 bytes is over the limit of 4,194,304; split it",
            ),
            (
                RulesError::NotUtf8 { at: 7 },
                "E4022 the rule file is not UTF-8: byte 7 begins no character; save it as UTF-8",
            ),
            (
                RulesError::SameName {
                    stem: "water".into(),
                    other: "/a/water.sql".into(),
                },
                "E4023 a rule file named `water` is there already: /a/water.sql; rules and tables are named after it, so rename one",
            ),
            (
                RulesError::SourceConnector {
                    table: "iot_up".into(),
                    connector: "connector `datahub`".into(),
                },
                "E4024 source table `iot_up` has connector `datahub`; messages come in over `tcp` only",
            ),
            (
                RulesError::SourceOption {
                    table: "iot_up".into(),
                    option: "port".into(),
                },
                "E4025 source table `iot_up`: connector `tcp` has no option `port`; it has none at all",
            ),
            (
                RulesError::NoSuchTable { name: "iot".into() },
                "E4026 `[tables.iot]` names no table of the rule files",
            ),
            (
                RulesError::NoMatch {
                    pattern: "/r/*.sql".into(),
                },
                "E4027 no rule file matches `/r/*.sql`",
            ),
            (
                RulesError::PatternInFolder {
                    pattern: "/*/a.sql".into(),
                },
                "E4028 `/*/a.sql` has a `*` or `?` in a folder's name; only the file's name may have them",
            ),
            (
                RulesError::RowsWait {
                    table: "job.latest".into(),
                    change: "has connector `sqlite` now".into(),
                    connector: "redis".into(),
                    directory: "/d/shard-0/spill/job.latest-0".into(),
                },
                "E4029 table job.latest has connector `sqlite` now, and rows wait in /d/shard-0/spill/job.latest-0 as they were encoded for connector `redis`; put the table back until `rookery_sink_spilled_bytes` of it is 0, or give the changed one another name, or remove this directory of every shard to give the rows up",
            ),
        ];
        for (error, text) in texts {
            assert_eq!(format!("{} {error}", error.code()), text);
        }
    }
}
