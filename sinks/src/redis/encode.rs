//! A row as the bytes of its commands.

use super::commands::{Argument, Content, Need, Part, RowCommands, Segment};
use super::{error, resp};
use crate::{EncodeError, RowEncoder, TableSpec};
use rookery_codecs::format::json::RowFormat;
use rookery_codecs::format::raw;
use rookery_codecs::time::Zone;
use rookery_model::{DataType, Field, RowIdentity, Value};
use std::io::Write;
use std::sync::Arc;

/// Encodes rows of one table.
#[derive(Clone)]
pub(super) struct CommandEncoder {
    commands: Arc<RowCommands>,
    texts: Texts,
    /// The argument that is being made, where its length is not known before.
    scratch: Vec<u8>,
}

/// Values and rows as text.
#[derive(Clone)]
struct Texts {
    columns: Arc<[Field]>,
    /// For columns that hold other values: their JSON, and the bytes of the name before it.
    nested: Vec<Option<(RowFormat, usize)>>,
    row: RowFormat,
    zone: Zone,
    instance: Arc<str>,
    object: Vec<u8>,
}

impl CommandEncoder {
    pub(super) fn new(
        commands: Arc<RowCommands>,
        spec: &TableSpec,
        zone: Zone,
        instance: &str,
    ) -> Self {
        let nested = |field: &Field| match field.data_type {
            DataType::Array(_) | DataType::Map(..) | DataType::Row(_) => {
                let format = RowFormat::new(std::slice::from_ref(field), zone.clone());
                let mut null = Vec::new();
                format.encode(&[Value::Null], &mut null);
                let name = null.len() - "null}".len();
                Some((format, name))
            }
            _ => None,
        };
        let texts = Texts {
            nested: spec.columns.iter().map(nested).collect(),
            columns: spec.columns.as_slice().into(),
            row: RowFormat::new(&spec.columns, zone.clone()),
            zone,
            instance: instance.into(),
            object: Vec::new(),
        };
        Self {
            commands,
            texts,
            scratch: Vec::new(),
        }
    }

    fn argument(
        &mut self,
        argument: &Argument,
        identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let texts = &mut self.texts;
        self.scratch.clear();
        match &argument.content {
            Content::Column(index) => {
                let value = &row[*index];
                texts.meet_need(argument.need, *index, value)?;
                match value {
                    Value::String(text) => resp::argument(text.as_bytes(), out),
                    Value::Int(number) => {
                        let mut buffer = itoa::Buffer::new();
                        resp::argument(buffer.format(*number).as_bytes(), out);
                    }
                    value => {
                        texts.column(*index, value, &mut self.scratch);
                        resp::argument(&self.scratch, out);
                    }
                }
                return Ok(());
            }
            Content::Joined(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => self.scratch.extend_from_slice(text),
                        Part::RowId => texts.row_id(identity, &mut self.scratch),
                        Part::Column(index) => {
                            texts.meet_need(argument.need, *index, &row[*index])?;
                            texts.column(*index, &row[*index], &mut self.scratch);
                        }
                    }
                }
            }
            Content::RowJson => texts.row.encode(row, &mut self.scratch),
            Content::RowId => texts.row_id(identity, &mut self.scratch),
        }
        resp::argument(&self.scratch, out);
        Ok(())
    }
}

impl RowEncoder for CommandEncoder {
    fn encode(
        &mut self,
        identity: &RowIdentity,
        row: &[Value<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let start = out.len();
        let commands = Arc::clone(&self.commands);
        for segment in commands.segments() {
            match segment {
                Segment::Bytes(bytes) => out.extend_from_slice(bytes),
                Segment::Argument(argument) => {
                    if let Err(error) = self.argument(argument, identity, row, out) {
                        out.truncate(start);
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Texts {
    /// Refuses what an argument cannot be.
    fn meet_need(&self, need: Need, index: usize, value: &Value<'_>) -> Result<(), EncodeError> {
        let what = match need {
            Need::Nothing => return Ok(()),
            Need::Value(_) if !value.is_null() => return Ok(()),
            Need::Score if is_score(value) => return Ok(()),
            Need::Value(what) => what,
            Need::Score => "score",
        };
        let column = &self.columns[index].name;
        Err(match value {
            Value::Null => EncodeError {
                code: error::NULL,
                reason: format!("column `{column}` is NULL, and a Redis {what} needs a value"),
            },
            value => {
                let mut text = Vec::new();
                raw::encode(value, &self.zone, &mut text);
                let text = String::from_utf8_lossy(&text);
                EncodeError {
                    code: error::SCORE,
                    reason: format!("column `{column}` is `{text}`, and a Redis score is a number"),
                }
            }
        })
    }

    /// Appends a column's text; nothing for NULL.
    fn column(&mut self, index: usize, value: &Value<'_>, out: &mut Vec<u8>) {
        match &self.nested[index] {
            Some((format, name)) if !value.is_null() => {
                self.object.clear();
                format.encode(&[*value], &mut self.object);
                out.extend_from_slice(&self.object[*name..self.object.len() - 1]);
            }
            _ => raw::encode(value, &self.zone, out),
        }
    }

    /// Appends `instance-shard-term-LSN-rule-ordinal`.
    fn row_id(&self, identity: &RowIdentity, out: &mut Vec<u8>) {
        write!(
            out,
            "{}-{}-{}-{}-{}-{}",
            self.instance,
            identity.shard.0,
            identity.position.term.0,
            identity.position.lsn.0,
            identity.rule,
            identity.ordinal
        )
        .expect("a Vec takes all bytes");
    }
}

/// Whether the server reads a score from the value's text.
fn is_score(value: &Value<'_>) -> bool {
    match value {
        Value::Int(_) | Value::Decimal(_) => true,
        Value::Float(number) => !number.is_nan(),
        Value::Double(number) => !number.is_nan(),
        Value::String(text) => text.parse::<f64>().is_ok_and(|number| !number.is_nan()),
        _ => false,
    }
}
