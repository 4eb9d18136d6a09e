//! Rows of earlier rule sets at the sinks of today.
//!
//! A replay makes rows under the set that was in force when their records came, but they go to the target
//! that their table names today: today's sink encodes them. Where the table's columns have changed since,
//! no encoder fits, and the message becomes a dead letter.

use rookery_engine::SinkTable;
use rookery_model::{RowIdentity, Value};
use rookery_shard::RuleBundle;
use rookery_sinks::{Batching, EncodeError, RowEncoder, Sink, SinkWriter};
use std::path::Path;
use std::sync::Arc;

/// Gives the sinks of `bundle` that `newer` sets have too (the first of these that has it) the sink there.
pub fn bind(bundle: &mut RuleBundle, newer: &[RuleBundle]) {
    for (at, table) in bundle.rules.sinks().iter().enumerate() {
        let found = newer.iter().find_map(|newer| {
            let place = newer
                .rules
                .sinks()
                .iter()
                .position(|t| t.name == table.name)?;
            Some((newer, place))
        });
        let Some((newer, place)) = found else {
            continue;
        };
        let sink = Arc::clone(&newer.sinks[place]);
        bundle.formats[at] = newer.formats[place];
        bundle.sinks[at] = match newer.rules.sinks()[place].columns == table.columns {
            true => sink,
            false => Arc::new(Reshaped::new(sink, table)),
        };
    }
}

/// A sink whose table has other columns than when the rows' messages came.
struct Reshaped {
    sink: Arc<dyn Sink>,
    refusal: EncodeError,
}

impl Reshaped {
    fn new(sink: Arc<dyn Sink>, then: &SinkTable) -> Self {
        let columns: Vec<_> = then
            .columns
            .iter()
            .map(|column| format!("{} {}", column.name, column.data_type))
            .collect();
        let reason = format!(
            "{}: the row was not confirmed when the table's columns were changed; they were ({}); retry the \
             letter to have the rules of today make its rows",
            then.name,
            columns.join(", ")
        );
        let code = "E3009";
        let refusal = EncodeError { code, reason };
        Self { sink, refusal }
    }
}

impl Sink for Reshaped {
    fn name(&self) -> &str {
        self.sink.name()
    }

    fn connector(&self) -> &'static str {
        self.sink.connector()
    }

    fn encoder(&self) -> Box<dyn RowEncoder> {
        Box::new(Refusing(self.refusal.clone()))
    }

    fn writers(&self) -> usize {
        self.sink.writers()
    }

    fn writer(&self, index: usize) -> Box<dyn SinkWriter> {
        self.sink.writer(index)
    }

    fn batching(&self) -> Batching {
        self.sink.batching()
    }

    fn directory(&self) -> Option<&Path> {
        self.sink.directory()
    }
}

struct Refusing(EncodeError);

impl RowEncoder for Refusing {
    fn encode(
        &mut self,
        _: &RowIdentity,
        _: &[Value<'_>],
        _: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        Err(self.0.clone())
    }
}
