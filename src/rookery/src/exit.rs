//! How a command ends.

use std::process::ExitCode;

/// The codes that scripts and service managers rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done,
    /// A check or a verification failed.
    Failed,
    /// The command line names something that is not there.
    Usage,
    /// The system failed: a disk, a port, a child.
    System,
    /// The configuration or the SQL is bad.
    Configuration,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::System => 74,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kept() {
        let codes = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::System,
            Exit::Configuration,
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 74, 78]);
    }
}
