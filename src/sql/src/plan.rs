//! What a rule file means once names and types are bound: the contract between `sql`, which makes
//! plans, and `engine`, which compiles them. Nothing in it refers to the text except spans.

mod operands;

use rookery_model::{DataType, Decimal, Field, JsonPath};

/// Bytes `start..end` of the file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// The two languages, chosen per file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Alibaba Realtime Compute.
    #[default]
    Blink,
    /// Apache Flink 2.x.
    Flink,
}

/// One rule file, bound. Its operators and expressions nest at most
/// [`EXPRESSION_DEPTH_MAX`](rookery_model::limits::EXPRESSION_DEPTH_MAX) levels, so that walking and
/// dropping it by recursion is safe.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The file's stem, by which rules and overrides name it.
    pub name: String,
    /// The language it was read in.
    pub dialect: Dialect,
    /// IANA name or fixed offset (`+08:00`) of the job's zone.
    pub zone: String,
    /// Its catalogue.
    pub tables: Vec<Table>,
    /// Its rules, in the order of the text.
    pub rules: Vec<Rule>,
}

/// Index into [`Program::tables`].
pub type TableId = usize;

/// A declared table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// As declared.
    pub name: String,
    /// Declared columns in order; then, for a source, the implicit and undeclared ones that rules use.
    pub columns: Vec<Column>,
    /// Keys lower-cased in blink, `type` renamed to `connector`; values as written. Sorted by key.
    pub options: Vec<(String, String)>,
    /// Where the name of each option stands, in the same order; empty where no file said them.
    pub option_spans: Vec<Span>,
    /// Indexes of the columns of the primary key.
    pub primary_key: Vec<usize>,
    /// Where its name stands.
    pub span: Span,
}

impl Table {
    /// The value of an option.
    #[must_use]
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    }

    /// Where an option's name stands, compared without case.
    #[must_use]
    pub fn option_span(&self, key: &str) -> Option<Span> {
        let mut named = self.options.iter().zip(&self.option_spans);
        let (_, span) = named.find(|((name, _), _)| name.eq_ignore_ascii_case(key))?;
        Some(*span)
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name and type.
    pub field: Field,
    /// Where its value comes from.
    pub kind: ColumnKind,
}

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// The message's top-level key of that name.
    Physical,
    /// The same, though the table does not declare it (blink; VARCHAR).
    Undeclared,
    /// The record itself.
    Implicit(Implicit),
    /// An expression over the table's other columns.
    Computed(Expr),
    /// `METADATA FROM 'key'`
    Metadata(String),
}

/// Columns that every source table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Implicit {
    /// `__arrival` TIMESTAMP_LTZ(3): the record's time.
    Arrival,
    /// `__lsn` BIGINT
    Lsn,
    /// `__shard` INT
    Shard,
    /// `__forwarder` STRING, NULL where it gave no name.
    Forwarder,
    /// `__raw` STRING: the message's text.
    Raw,
    /// `__lag_ms` BIGINT: arrival minus the message's own time, where the table names one.
    LagMs,
    /// `__is_backlog` BOOLEAN
    IsBacklog,
}

/// One `INSERT INTO sink ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// `file.sink`, with `.2` and so on for more, or what `-- rule: name` says.
    pub name: String,
    /// Where its rows go.
    pub sink: TableId,
    /// What it computes; its output has the sink's physical columns, in order, in the sink's types.
    pub query: Rel,
    /// The statement.
    pub span: Span,
}

/// A relational operator. Column references of an operator count the columns of its input.
#[derive(Clone, Debug, PartialEq)]
pub enum Rel {
    /// Every message of a source table; columns are [`Table::columns`].
    Scan(TableId),
    /// Rows for which the predicate is TRUE.
    Filter {
        /// Where rows come from.
        input: Box<Rel>,
        /// BOOLEAN.
        predicate: Expr,
    },
    /// New columns from old.
    Project {
        /// Where rows come from.
        input: Box<Rel>,
        /// One for each output column.
        exprs: Vec<Expr>,
    },
    /// UNION ALL; all inputs have the same types.
    Union(Vec<Rel>),
    /// Constant rows, made once, from the `rules` record.
    Values(Vec<Vec<Expr>>),
    /// Parsed and bound, but no operator is built for it yet; `run` and `eval` refuse it.
    NotBuilt {
        /// The construct as users call it.
        construct: String,
        /// Where it stands.
        span: Span,
        /// Its output.
        output: Vec<Field>,
    },
}

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it does.
    pub kind: ExprKind,
    /// The type of its value.
    pub data_type: DataType,
    /// Where it stands.
    pub span: Span,
}

/// What an expression does. Operand types are already made equal by casts where an operator needs it.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// A column of the input, by index.
    Column(usize),
    /// CAST or TRY_CAST to this expression's type, or a conversion that the binder put in.
    Cast {
        /// What is cast.
        input: Box<Expr>,
        /// What becomes of text or numbers that do not fit.
        on_failure: CastFailure,
    },
    /// Three-valued AND over two or more operands.
    And(Vec<Expr>),
    /// Three-valued OR over two or more operands.
    Or(Vec<Expr>),
    /// Three-valued NOT.
    Not(Box<Expr>),
    /// A comparison of two operands of one type; NULL if either is. All lengths of CHAR and VARCHAR
    /// count as one type (no padding), and so do all precisions and scales of DECIMAL (compared by
    /// value), of TIME, of TIMESTAMP and of TIMESTAMP_LTZ; the same holds wherever operands are
    /// compared ([`ExprKind::Distinct`], [`ExprKind::In`], NULLIF).
    Compare {
        /// Which.
        op: CompareOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// IS [NOT] DISTINCT FROM: never NULL.
    Distinct {
        /// IS NOT DISTINCT FROM.
        negated: bool,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// IS [NOT] NULL, TRUE, FALSE, UNKNOWN: never NULL.
    Is {
        /// What is tested.
        input: Box<Expr>,
        /// For what.
        test: IsTest,
        /// IS NOT.
        negated: bool,
    },
    /// `input IN (list)`; three-valued.
    In {
        /// What is looked for.
        input: Box<Expr>,
        /// Where.
        list: Vec<Expr>,
        /// NOT IN.
        negated: bool,
    },
    /// LIKE or SIMILAR TO.
    Match {
        /// The text.
        input: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// The escape character.
        escape: Option<char>,
        /// SIMILAR TO instead of LIKE.
        similar: bool,
        /// NOT LIKE.
        negated: bool,
    },
    /// Searched CASE (a simple CASE is rewritten).
    Case {
        /// WHEN condition THEN value.
        branches: Vec<(Expr, Expr)>,
        /// ELSE; NULL without one.
        otherwise: Option<Box<Expr>>,
    },
    /// `+ - * / %` on two operands of one numeric type, which is also the result's; DECIMAL operands
    /// keep their own precision and scale, the result has those of this expression's type.
    Arithmetic {
        /// Which.
        op: ArithmeticOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// Unary minus.
    Negate(Box<Expr>),
    /// JSON_VALUE with its clauses. This expression's type is STRING, or what RETURNING says (flink).
    JsonValue {
        /// The JSON text.
        input: Box<Expr>,
        /// The path: parsed when it is a constant.
        path: PathArgument,
        /// What its result means in the file's dialect.
        dialect: Dialect,
        /// ON EMPTY (flink).
        on_empty: JsonFallback,
        /// ON ERROR (flink).
        on_error: JsonFallback,
    },
    /// Any other function.
    Call {
        /// Which.
        function: crate::Function,
        /// Its arguments.
        args: Vec<Expr>,
    },
}

/// A JSON path argument.
#[derive(Clone, Debug, PartialEq)]
pub enum PathArgument {
    /// A constant, parsed when bound.
    Constant(JsonPath),
    /// An expression that gives the path's text for each row.
    Dynamic(Box<Expr>),
}

/// `NULL | ERROR | DEFAULT e` of JSON functions.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum JsonFallback {
    /// NULL
    #[default]
    Null,
    /// ERROR
    Error,
    /// DEFAULT e
    Default(Box<Expr>),
}

/// What a failed cast becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CastFailure {
    /// NULL, counted per rule (blink's CAST, TRY_CAST).
    Null,
    /// NULL, counted per rule as narrowed: what blink puts before a sink's column of another type.
    NullNarrowed,
    /// A dead letter, stage `cast` (flink's CAST).
    Fail,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%` and MOD
    Modulo,
}

/// What IS tests for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsTest {
    /// NULL
    Null,
    /// TRUE
    True,
    /// FALSE
    False,
    /// UNKNOWN
    Unknown,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// NULL
    Null,
    /// TRUE, FALSE
    Boolean(bool),
    /// Any integer type
    Int(i64),
    /// FLOAT, DOUBLE
    Double(f64),
    /// DECIMAL
    Decimal(Decimal),
    /// CHAR, VARCHAR
    String(String),
    /// BINARY, VARBINARY
    Bytes(Vec<u8>),
    /// DATE: days since 1970-01-01
    Date(i32),
    /// TIME: milliseconds of the day
    Time(i32),
    /// TIMESTAMP, TIMESTAMP_LTZ
    Timestamp(rookery_model::Timestamp),
    /// INTERVAL of months (YEAR, MONTH)
    Months(i64),
    /// INTERVAL of milliseconds (DAY to SECOND)
    Millis(i64),
}
