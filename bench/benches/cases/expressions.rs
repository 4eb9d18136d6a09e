//! Expressions by family, each in a rule of its own.
//!
//! A rule selects what stands *beside* the expression, then the expression; the rule that it is measured
//! against selects the former only. What lies between the two is the expression's own.

use super::Case;
use rookery_sql::plan::Dialect;

/// Messages of each case.
const MESSAGES: usize = 64;

/// The source's columns.
const COLUMNS: &[(&str, &str)] = &[
    ("name", "string"),
    ("digits", "string"),
    ("ts", "string"),
    ("url", "string"),
    ("code", "string"),
    ("nul", "string"),
    ("d", "string"),
    ("n", "int"),
    ("b", "bigint"),
    ("x", "double"),
    ("p", "decimal(10, 2)"),
    ("at", "timestamp(3)"),
    ("tags", "array<string>"),
    ("m", "map<string, int>"),
    ("r", "row<x int, y string>"),
];

/// Not a column: the first path into `d`, after which its JSON has been parsed.
const PARSED: (&str, &str, &str) = ("parsed", "json_value(d, '$.Flag')", "string");

/// A family: its name, and for each expression what stands beside it, its text, and its type.
type Family = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

/// All families.
pub const FAMILIES: &[Family] = &[
    ("cast", CAST),
    ("comparison", COMPARISON),
    ("conditional", CONDITIONAL),
    ("date and time", TIME),
    ("decimal", DECIMAL),
    ("hash and URL", HASH_URL),
    ("JSON query", JSON_QUERY),
    ("JSON construction", JSON_CONSTRUCTION),
    ("numeric", NUMERIC),
    ("regex", REGEX),
    ("string", STRING),
    ("collections", COLLECTIONS),
];

const CAST: &[(&str, &str, &str)] = &[
    ("digits", "cast(digits as int)", "int"),
    ("digits", "cast(digits as double)", "double"),
    ("digits", "cast(digits as decimal(12, 3))", "decimal(12, 3)"),
    ("n", "cast(n as string)", "string"),
    ("x", "cast(x as string)", "string"),
    ("x", "cast(x as decimal(10, 2))", "decimal(10, 2)"),
    ("p", "cast(p as string)", "string"),
    ("ts", "cast(ts as timestamp(3))", "timestamp(3)"),
    ("at", "cast(at as string)", "string"),
    ("tags", "cast(tags as string)", "string"),
    ("digits", "try_cast(digits as bigint)", "bigint"),
];

const COMPARISON: &[(&str, &str, &str)] = &[
    ("n", "n > 10", "boolean"),
    ("n", "n between 5 and 50", "boolean"),
    ("n", "n in (1, 2, 3, 5, 8, 13)", "boolean"),
    ("x p", "x > p", "boolean"),
    ("code", "code = '0706'", "boolean"),
    ("code", "code in ('08', '0301', '0706', '0702')", "boolean"),
    ("name", "name like 'pile%'", "boolean"),
    ("name", "name like '%bay_2%'", "boolean"),
    ("ts", "ts >= '2026-11-22 10:00:30'", "boolean"),
    ("name ts", "name is distinct from ts", "boolean"),
    ("nul", "nul is null and not nul is not null", "boolean"),
];

const CONDITIONAL: &[(&str, &str, &str)] = &[
    (
        "n",
        "case when n > 50 then 'high' when n > 20 then 'normal' else 'low' end",
        "string",
    ),
    (
        "code",
        "case code when '08' then 'water' when '0706' then 'power' else 'other' end",
        "string",
    ),
    ("n", "if(n > 10, 'a', 'b')", "string"),
    ("nul name", "coalesce(nul, name)", "string"),
    ("nul", "ifnull(nul, 'none')", "string"),
    ("name", "nullif(name, 'x')", "string"),
    ("n b", "greatest(cast(n as bigint), b)", "bigint"),
];

const TIME: &[(&str, &str, &str)] = &[
    ("ts", "unix_timestamp(ts)", "bigint"),
    ("ts", "unix_timestamp(ts, 'yyyy-MM-dd HH:mm:ss')", "bigint"),
    ("b", "from_unixtime(b)", "string"),
    ("ts", "to_timestamp(ts)", "timestamp(3)"),
    ("at", "date_format(at, 'yyyy-MM-dd HH:mm')", "string"),
    ("at", "extract(hour from at)", "bigint"),
    ("at", "floor(at to hour)", "timestamp(3)"),
    ("at", "at + interval '5' minute", "timestamp(3)"),
    (
        "at",
        "timestampdiff(minute, timestamp '2026-11-22 00:00:00', at)",
        "int",
    ),
    ("ts", "convert_tz(ts, 'UTC', 'Europe/Berlin')", "string"),
    ("", "date_format(current_timestamp, 'yyyyMMdd')", "string"),
];

const DECIMAL: &[(&str, &str, &str)] = &[
    ("p", "p + p", "decimal(11, 2)"),
    ("p", "p * p", "decimal(21, 4)"),
    ("p", "p / 3.00", "decimal(38, 18)"),
    ("p", "p % 7.5", "decimal(38, 18)"),
    ("p", "p > 12.34", "boolean"),
    ("p", "round(p, 1)", "decimal(38, 18)"),
    ("p", "truncate(p, 1)", "decimal(38, 18)"),
    ("p", "-p", "decimal(10, 2)"),
];

const HASH_URL: &[(&str, &str, &str)] = &[
    ("name", "md5(name)", "string"),
    ("name", "sha1(name)", "string"),
    ("name", "sha256(name)", "string"),
    ("name", "sha512(name)", "string"),
    ("name", "to_base64(name)", "string"),
    ("name", "from_base64(to_base64(name))", "string"),
    ("url", "parse_url(url, 'HOST')", "string"),
    ("url", "parse_url(url, 'QUERY', 'y')", "string"),
    ("name", "url_encode(name)", "string"),
    ("url", "url_decode(url)", "string"),
];

const JSON_QUERY: &[(&str, &str, &str)] = &[
    ("d", "json_value(d, '$.Flag')", "string"),
    ("parsed", "json_value(d, '$.Order')", "string"),
    ("parsed", "json_value(d, '$.Powers[0].Power')", "string"),
    (
        "parsed",
        "json_value(d, '$.Volume' returning integer)",
        "int",
    ),
    (
        "parsed",
        "json_value(d, 'lax $.none' default 'none' on empty)",
        "string",
    ),
    (
        "parsed",
        "json_query(d, '$.Powers[*].Power' with wrapper)",
        "string",
    ),
    ("parsed", "json_query(d, '$.Powers')", "string"),
    ("parsed", "json_exists(d, '$.Powers[1]')", "boolean"),
    ("parsed", "d is json object", "boolean"),
    ("name", "json_value('{\"a\":[1,2]}', '$.a[1]')", "string"),
];

const JSON_CONSTRUCTION: &[(&str, &str, &str)] = &[
    ("n", "json_object('n' value n)", "string"),
    (
        "name n x",
        "json_object('name' value name, 'n' value n, 'x' value x)",
        "string",
    ),
    ("name n", "json_array(name, n, true)", "string"),
    (
        "n name",
        "json_object('in' value json_object('n' value n), 'a' value json_array(name))",
        "string",
    ),
    ("name", "json_string(name)", "string"),
    ("r", "json_string(r)", "string"),
];

const NUMERIC: &[(&str, &str, &str)] = &[
    ("n", "n + 1", "int"),
    ("n b", "n * b", "bigint"),
    ("n", "n / 7", "int"),
    ("n", "mod(n, 7)", "int"),
    ("x", "x * 1.5e0 + 2e0", "double"),
    ("n", "abs(-n)", "int"),
    ("x", "round(x, 2)", "double"),
    ("x", "floor(x)", "double"),
    ("x", "sqrt(x)", "double"),
    ("x", "power(x, 3)", "double"),
    ("x", "ln(x)", "double"),
    ("x", "sin(x)", "double"),
    ("n", "hex(n)", "string"),
];

const REGEX: &[(&str, &str, &str)] = &[
    ("name", "regexp(name, 'bay[0-9]+')", "boolean"),
    ("name", "regexp_extract(name, 'bay([0-9]+)', 1)", "string"),
    ("name", "regexp_replace(name, '[0-9]+', '#')", "string"),
    ("name", "regexp_count(name, '[a-z]+')", "int"),
    ("name", "regexp_substr(name, '[0-9]+')", "string"),
    ("name", "name similar to '%(pile|bay)%'", "boolean"),
];

const STRING: &[(&str, &str, &str)] = &[
    ("name", "upper(name)", "string"),
    ("name", "char_length(name)", "int"),
    ("name", "substring(name, 3, 6)", "string"),
    ("name ts", "name || '-' || ts", "string"),
    ("name ts", "concat_ws(',', name, ts, 'x')", "string"),
    ("name", "replace(name, 'bay', 'slot')", "string"),
    ("name", "trim(both 'p' from name)", "string"),
    ("digits", "lpad(digits, 12, '0')", "string"),
    ("name", "position('bay' in name)", "int"),
    ("ts", "split_index(ts, '-', 1)", "string"),
    ("name", "reverse(name)", "string"),
    ("name", "initcap(name)", "string"),
    ("n name", "printf('%05d %s', n, name)", "string"),
];

const COLLECTIONS: &[(&str, &str, &str)] = &[
    ("tags", "tags[1]", "string"),
    ("m", "m['k']", "int"),
    ("r", "r.y", "string"),
    ("tags", "cardinality(tags)", "int"),
    ("name ts", "array[name, ts]", "array<string>"),
    ("name n", "map[name, n]", "map<string, int>"),
    ("n name", "row(n, name)", "row<x int, y string>"),
    ("tags", "array_contains(tags, 't1')", "boolean"),
    ("tags", "array_join(tags, ',')", "string"),
    ("tags", "array_distinct(tags)", "array<string>"),
    ("tags", "array_sort(tags)", "array<string>"),
    ("m", "map_keys(m)", "array<string>"),
    ("ts", "split(ts, '-')", "array<string>"),
];

/// One message of `MESSAGES`: every column has a value that every expression takes.
fn message(i: usize) -> String {
    let data = format!(
        r#"{{\"Flag\":\"04\",\"Order\":\"{i:012}\",\"Volume\":{},\"Left\":12.50,\"Powers\":[{{\"Channel\":\"1\",\"Power\":\"{}\"}},{{\"Channel\":\"2\",\"Power\":\"0\"}}]}}"#,
        i * 13 % 900,
        i * 7919 % 3000,
    );
    let code = ["08", "0706", "0301"][i % 3];
    let (ts, at) = (
        format!("2026-11-22 10:{:02}:{:02}", i % 60, i * 7 % 60),
        format!("2026-11-22 1{}:{:02}:07.125", i % 10, i % 60),
    );
    format!(
        r#"{{"name":"pile{i}bay{}号","digits":"{}","ts":"{ts}","url":"https://example.com:8080/pay/{i}?x={i}&y=2%20b#top","code":"{code}","nul":null,"d":"{data}","n":{},"b":{},"x":{}.25,"p":{}.50,"at":"{at}","tags":["t{i}","t1","t1"],"m":{{"k":{i},"j":2}},"r":{{"x":{i},"y":"w{i}"}}}}"#,
        i % 30 + 20,
        i * 7919 + 100,
        i + 1,
        1_795_341_600 + i * 61,
        i + 1,
        i * 3 + 1,
    )
}

/// What a name in an expression's `beside` stands for: its text and its type.
fn beside(names: &str) -> Vec<(&'static str, &'static str)> {
    let known = |name: &str| match name == PARSED.0 {
        true => (PARSED.1, PARSED.2),
        false => *COLUMNS
            .iter()
            .find(|(column, _)| *column == name)
            .expect("a column's name"),
    };
    let mut list: Vec<_> = names.split_whitespace().map(known).collect();
    if list.is_empty() {
        list.push(("1", "int"));
    }
    list
}

/// A rule that selects these.
fn rule(selected: &[(&str, &str)]) -> String {
    let declare = |(name, data_type): &(&str, &str)| format!("`{name}` {data_type}");
    let source: Vec<String> = COLUMNS.iter().map(declare).collect();
    let sink = selected.iter().enumerate();
    let sink: Vec<String> = sink.map(|(at, (_, of))| format!("c{at} {of}")).collect();
    let select: Vec<&str> = selected.iter().map(|(text, _)| *text).collect();
    format!(
        "create table s ({}) with ('connector' = 'datahub');\n\
         create table o ({}) with ('connector' = 'print');\n\
         insert into o select {} from s;\n",
        source.join(", "),
        sink.join(", "),
        select.join(", "),
    )
}

fn case(family: &'static str, name: &str, selected: &[(&str, &str)]) -> Case {
    Case {
        family,
        name: name.to_owned(),
        files: vec![("expression".to_owned(), rule(selected))],
        dialect: Dialect::Flink,
        messages: (0..MESSAGES).map(message).collect(),
        rows: MESSAGES as u64,
    }
}

/// A case for each expression, each after the case that it is measured against.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (family, expressions) in FAMILIES {
        for (names, text, data_type) in *expressions {
            let mut selected = beside(names);
            let mut base = case(family, BASE, &selected);
            // Beside an expression NULL may stand alone.
            if *names == "nul" {
                base = case(family, BASE, &[("nul", "string"), ("1", "int")]);
                selected.push(("1", "int"));
            }
            cases.push(base);
            selected.push((text, data_type));
            cases.push(case(family, text, &selected));
        }
    }
    cases
}

/// The name of a case that another one is measured against.
pub const BASE: &str = "";

/// All expressions of a family in one rule.
#[must_use]
pub fn whole(family: &Family) -> Case {
    let (name, expressions) = family;
    let selected: Vec<_> = expressions
        .iter()
        .map(|(_, text, data_type)| (*text, *data_type))
        .collect();
    case(name, &format!("{} expressions", selected.len()), &selected)
}
