//! The types of texts that functions give, where Flink knows more than STRING.

use crate::plan::Expr;
use crate::{Function, TextFunction as F};
use rookery_model::DataType;

/// The type of what a function makes of its arguments, if it is not what the table says.
pub(crate) fn exact(function: Function, args: &[Expr]) -> Option<DataType> {
    let Function::Text(function) = function else {
        return None;
    };
    let length = |n: usize| match args.get(n)?.data_type {
        DataType::Char(length) | DataType::VarChar(length) => Some(length),
        _ => None,
    };
    Some(match function {
        F::Upper | F::Lower | F::InitCap => match args.first()?.data_type {
            DataType::Char(length) => DataType::Char(length),
            DataType::VarChar(length) => DataType::VarChar(length),
            _ => return None,
        },
        F::Substring | F::Left | F::Right | F::Trim(_) => DataType::VarChar(length(0)?),
        F::Overlay => DataType::VarChar(
            length(0)?
                .saturating_add(length(1)?)
                .min(DataType::MAX_LENGTH),
        ),
        F::Md5 => DataType::Char(32),
        F::Sha1 => DataType::Char(40),
        F::Sha224 => DataType::Char(56),
        F::Sha256 => DataType::Char(64),
        F::Sha384 => DataType::Char(96),
        F::Sha512 => DataType::Char(128),
        F::Sha2 => DataType::VarChar(128),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;
    use crate::plan::{ExprKind, Literal, Span};

    fn of(function: F, types: &[DataType]) -> Option<DataType> {
        let arg = |data_type: &DataType| Expr {
            kind: ExprKind::Literal(Literal::Null),
            data_type: data_type.clone(),
            span: Span::default(),
        };
        let args: Vec<_> = types.iter().map(arg).collect();
        exact(Function::Text(function), &args)
    }

    #[test]
    fn lengths_come_from_the_arguments() {
        use DataType::{Char, VarChar};
        assert_eq!(of(F::Upper, &[Char(3)]), Some(Char(3)));
        assert_eq!(of(F::Lower, &[DataType::STRING]), Some(DataType::STRING));
        assert_eq!(of(F::Trim(Side::Both), &[Char(3)]), Some(VarChar(3)));
        assert_eq!(
            of(F::Overlay, &[Char(9), VarChar(4), DataType::Int]),
            Some(VarChar(13))
        );
        assert_eq!(
            of(F::Overlay, &[DataType::STRING, Char(1)]),
            Some(DataType::STRING)
        );
        assert_eq!(of(F::Md5, &[DataType::STRING]), Some(Char(32)));
        assert_eq!(of(F::Repeat, &[Char(3), DataType::Int]), None);
        assert_eq!(of(F::Upper, &[DataType::Null]), None);
    }
}
