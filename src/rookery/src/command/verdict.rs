//! What a command over several files came to.

use crate::exit::Exit;
use crate::rules::RulesError;

/// What one file came to; the worst of all is the command's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is wrong.
    Good,
    /// What is in it is wrong.
    Faulty,
    /// It is not there, or may not be read.
    Missing,
}

impl Verdict {
    /// Of a file that could not be taken.
    pub fn of_unread(error: &RulesError) -> Self {
        match error {
            RulesError::Unreadable { .. } => Self::Missing,
            _ => Self::Faulty,
        }
    }

    /// How the command ends.
    pub fn exit(self) -> Exit {
        match self {
            Self::Good => Exit::Done,
            Self::Faulty => Exit::Failed,
            Self::Missing => Exit::Usage,
        }
    }
}
