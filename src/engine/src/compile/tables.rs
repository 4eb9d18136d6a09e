//! The tables that rules read and write, over all programs.

use crate::rules::{SinkTable, SourceId, SourceTable};
use rookery_model::SinkId;
use rookery_sql::plan::{ColumnKind, Program, TableId};

/// Collected while rules are flattened.
#[derive(Default)]
pub(super) struct Tables {
    pub sinks: Vec<SinkTable>,
    pub sources: Vec<SourceTable>,
}

impl Tables {
    /// The id of a table that a rule writes to.
    pub fn sink(&mut self, program_index: usize, program: &Program, table: TableId) -> SinkId {
        let known = |sink: &&SinkTable| sink.program == program_index && sink.table == table;
        // A program's tables follow one another, so the newest are looked at first.
        if let Some(sink) = self.sinks.iter().rev().find(known) {
            return sink.id;
        }
        let id = SinkId(self.sinks.len() as u16);
        let declared = &program.tables[table];
        let mut columns = Vec::new();
        let mut primary_key = Vec::new();
        for (index, column) in declared.columns.iter().enumerate() {
            if column.kind != ColumnKind::Physical {
                continue;
            }
            if declared.primary_key.contains(&index) {
                primary_key.push(columns.len());
            }
            columns.push(column.field.clone());
        }
        self.sinks.push(SinkTable {
            id,
            program: program_index,
            table,
            name: format!("{}.{}", program.name, declared.name),
            columns,
            primary_key,
            options: declared.options.clone(),
            zone: program.zone.clone(),
        });
        id
    }

    /// The id of a table that a rule reads.
    pub fn source(&mut self, program_index: usize, program: &Program, table: TableId) -> SourceId {
        let known =
            |source: &&SourceTable| source.program == program_index && source.table == table;
        if let Some(source) = self.sources.iter().rev().find(known) {
            return source.id;
        }
        let id = SourceId(self.sources.len() as u16);
        let declared = &program.tables[table];
        self.sources.push(SourceTable {
            id,
            program: program_index,
            table,
            name: declared.name.clone(),
            options: declared.options.clone(),
        });
        id
    }
}
