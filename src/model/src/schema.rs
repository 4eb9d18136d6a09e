//! Names and types of columns.

use crate::DataType;

/// A named, typed column of a table or field of a ROW.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// As declared; compared exactly.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// Columns in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The columns, in the order of the declaration.
    pub fields: Vec<Field>,
}

impl Schema {
    /// Index of a column by its exact name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}
