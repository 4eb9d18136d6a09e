//! Functions of numbers.

/// A function of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumericFunction {
    /// ABS(number), in its own type; the smallest integer stays what it is.
    Abs,
    /// SIGN(number): -1, 0 or 1 in its own type.
    Sign,
    /// CEIL(number), in its own type or DECIMAL without a fraction.
    Ceil,
    /// FLOOR(number), in its own type or DECIMAL without a fraction.
    Floor,
    /// ROUND(number [, INT digits]): half away from zero.
    Round,
    /// TRUNCATE(number [, INT digits]): towards zero.
    Truncate,
    /// A function of one DOUBLE.
    Math(MathFunction),
    /// POWER(DOUBLE, DOUBLE): DOUBLE.
    Power,
    /// ATAN2(DOUBLE y, DOUBLE x): DOUBLE.
    Atan2,
    /// LOG(DOUBLE base, DOUBLE): DOUBLE.
    LogBase,
    /// BIN(BIGINT): the binary digits of 64 bits.
    Bin,
    /// HEX(BIGINT): the hexadecimal digits of 64 bits, in capitals.
    HexOfInt,
    /// HEX(text): those of its bytes.
    HexOfText,
    /// UNHEX(text): the bytes; NULL of what is no hexadecimal digit.
    Unhex,
    /// CONV(text, INT from, INT to): the digits in another base. Blink.
    Convert,
    /// GREATEST(values of one type); NULL if one is.
    Greatest,
    /// LEAST(values of one type); NULL if one is.
    Least,
    /// BITAND, in the type of both.
    BitAnd,
    /// BITOR, in the type of both.
    BitOr,
    /// BITXOR, in the type of both.
    BitXor,
    /// BITNOT
    BitNot,
    /// RAND([INT seed]): DOUBLE from 0 to below 1, by the row's identity and the place of the call.
    Rand,
    /// RAND_INTEGER([INT seed,] INT bound): INT from 0 to below the bound, likewise.
    RandInteger,
}

/// A function of one DOUBLE that gives a DOUBLE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MathFunction {
    /// SQRT
    Sqrt,
    /// EXP
    Exp,
    /// LN and LOG of one argument
    Ln,
    /// LOG10
    Log10,
    /// LOG2
    Log2,
    /// SIN
    Sin,
    /// COS
    Cos,
    /// TAN
    Tan,
    /// COT
    Cot,
    /// ASIN
    Asin,
    /// ACOS
    Acos,
    /// ATAN
    Atan,
    /// SINH
    Sinh,
    /// COSH
    Cosh,
    /// TANH
    Tanh,
    /// DEGREES
    Degrees,
    /// RADIANS
    Radians,
}
