//! Which column of the table is what of a point.

use super::Dialect;
use super::encode::stranger_in;
use crate::{SinkOptionError, TableSpec};
use rookery_codecs::json::write_string;
use rookery_model::{DataType, Field};

/// Columns whose names begin so are the values of a point with several.
const FIELD_PREFIX: &str = "field_";

/// A table's columns by their part in a point; the numbers are indexes of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub metric: usize,
    pub timestamp: usize,
    /// Whether a point has several values, by name.
    pub multi: bool,
    /// The one value, or several: (column, `"name":`).
    pub values: Vec<(usize, Vec<u8>)>,
    pub tags: Tags,
}

/// Where a point's tags are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// One column each: (column, name).
    Columns(Vec<(usize, String)>),
    /// One column with all of them: an object's JSON text, or a MAP.
    One(usize),
}

impl Columns {
    /// # Errors
    /// The table has a column too few, or one of a type that has no place in a point.
    pub(super) fn of(spec: &TableSpec, dialect: Dialect) -> Result<Self, SinkOptionError> {
        let wrong = |problem: String| SinkOptionError::Columns {
            table: spec.name.clone(),
            connector: dialect.connector(),
            problem,
        };
        let find = |name: &str| {
            let mut columns = spec.columns.iter();
            columns.position(|column| column.name.eq_ignore_ascii_case(name))
        };
        let needed = |name: &str| {
            find(name).ok_or_else(|| {
                wrong(format!(
                    "needs a column `{name}`; a point is metric, timestamp, value and tags"
                ))
            })
        };
        let (metric, timestamp) = (needed("metric")?, needed("timestamp")?);
        check(&spec.columns[metric], DataType::is_string, "VARCHAR").map_err(wrong)?;
        check(
            &spec.columns[timestamp],
            is_time,
            "INT, BIGINT or TIMESTAMP",
        )
        .map_err(wrong)?;
        let fields: Vec<_> = (0..spec.columns.len())
            .filter(|&at| spec.columns[at].name.starts_with(FIELD_PREFIX))
            .collect();
        let multi = !fields.is_empty();
        let values = match multi {
            false => vec![(needed("value")?, b"\"value\":".to_vec())],
            true => several(spec, dialect, &fields, find("value")).map_err(wrong)?,
        };
        if !multi {
            let column = &spec.columns[values[0].0];
            check(column, DataType::is_numeric, "a number").map_err(wrong)?;
        }
        let taken = |at: &usize| {
            *at == metric || *at == timestamp || values.iter().any(|(value, _)| value == at)
        };
        let rest: Vec<_> = (0..spec.columns.len()).filter(|at| !taken(at)).collect();
        Ok(Self {
            metric,
            timestamp,
            multi,
            tags: tags(spec, &rest).map_err(wrong)?,
            values,
        })
    }
}

fn several(
    spec: &TableSpec,
    dialect: Dialect,
    fields: &[usize],
    value: Option<usize>,
) -> Result<Vec<(usize, Vec<u8>)>, String> {
    if dialect != Dialect::Hitsdb {
        let name = &spec.columns[fields[0]].name;
        return Err(format!(
            "has no points of several values, which the column `{name}` asks for; name it otherwise, or use `hitsdb`"
        ));
    }
    if value.is_some() {
        return Err("takes a column `value` or columns `field_..`, not both".to_owned());
    }
    let prefixed = fields.iter().map(|&at| {
        let column = &spec.columns[at];
        let is = |data_type: &DataType| {
            data_type.is_numeric() || data_type.is_string() || *data_type == DataType::Boolean
        };
        check(column, is, "a number, BOOLEAN or VARCHAR")?;
        let name = &column.name[FIELD_PREFIX.len()..];
        check_name(name, &column.name)?;
        let mut prefix = Vec::new();
        write_string(name, &mut prefix);
        prefix.push(b':');
        Ok((at, prefix))
    });
    prefixed.collect()
}

fn tags(spec: &TableSpec, rest: &[usize]) -> Result<Tags, String> {
    let is_tags = |at: &&usize| spec.columns[**at].name.eq_ignore_ascii_case("tags");
    if let Some(&at) = rest.iter().find(is_tags) {
        if rest.len() > 1 {
            return Err(
                "takes one column `tags` with all tags, or a column for each tag, not both"
                    .to_owned(),
            );
        }
        let is = |data_type: &DataType| match data_type {
            DataType::Map(key, value) => key.is_string() && is_tag(value),
            other => other.is_string(),
        };
        check(&spec.columns[at], is, "VARCHAR (an object's JSON) or a MAP")?;
        return Ok(Tags::One(at));
    }
    if rest.is_empty() {
        return Err("needs at least one column more: a point has 1 to 8 tags".to_owned());
    }
    let named = rest.iter().map(|&at| {
        let column = &spec.columns[at];
        let expected = "VARCHAR, BOOLEAN, a number, DATE or TIME: other text holds blanks or signs that no tag may";
        check(column, is_tag, expected)?;
        check_name(&column.name, &column.name)?;
        Ok((at, column.name.clone()))
    });
    named.collect::<Result<_, String>>().map(Tags::Columns)
}

fn is_time(data_type: &DataType) -> bool {
    let timestamp = matches!(
        data_type,
        DataType::Timestamp(_) | DataType::TimestampLtz(_)
    );
    data_type.is_integer() || timestamp
}

fn is_tag(data_type: &DataType) -> bool {
    let other = matches!(
        data_type,
        DataType::Boolean | DataType::Date | DataType::Time(_)
    );
    data_type.is_string() || data_type.is_numeric() || other
}

fn check(column: &Field, is: impl Fn(&DataType) -> bool, expected: &str) -> Result<(), String> {
    match is(&column.data_type) {
        true => Ok(()),
        false => Err(format!(
            "cannot use column `{}` as {}: it must be {expected}; cast it",
            column.name, column.data_type
        )),
    }
}

fn check_name(name: &str, column: &str) -> Result<(), String> {
    match stranger_in(name) {
        None if !name.is_empty() => Ok(()),
        _ => Err(format!(
            "cannot name a tag or field by the column `{column}`: only letters, digits, Chinese characters and -_./():,[]='# may stand in it"
        )),
    }
}
