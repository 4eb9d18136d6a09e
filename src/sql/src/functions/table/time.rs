//! Functions of dates and times.

use super::{BIGINT, form};
use crate::Function as F;
use crate::functions::Argument::{Text, Timestamp};
use crate::functions::Dialects::Both;
use crate::functions::Meaning::Call;
use crate::functions::Signature;

/// Their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[Signature] = &[
    form("UNIX_TIMESTAMP", &[],                        BIGINT,  Both,  Call(F::UnixTimestampNow)),
    form("UNIX_TIMESTAMP", &[Text],                    BIGINT,  Both,  Call(F::UnixTimestamp)),
    form("UNIX_TIMESTAMP", &[Timestamp],               BIGINT,  Both,  Call(F::UnixTimestampOf)),
    form("UNIX_TIMESTAMP", &[Text, Text],              BIGINT,  Both,  Call(F::UnixTimestamp)),
];
