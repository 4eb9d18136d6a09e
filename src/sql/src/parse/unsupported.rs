//! Statements that Flink has and rule files do not, each with what to write instead.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::parse::cursor::{Cursor, is_word};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

struct Refused {
    /// How it begins.
    words: &'static [&'static str],
    message: &'static str,
    help: &'static str,
}

const fn refused(
    words: &'static [&'static str],
    message: &'static str,
    help: &'static str,
) -> Refused {
    Refused {
        words,
        message,
        help,
    }
}

const OWN_CATALOGUE: &str =
    "a rule file is a catalogue of its own: declare its tables in it and leave this out";
const NO_SINK: &str =
    "write INSERT INTO a table with connector = 'print', or try it with `rookery eval`";
const REPLACES: &str = "write INSERT INTO: rows of a sink with a PRIMARY KEY replace each other";
const NO_TRANSACTION: &str = "leave it out; what groups INSERTs is BEGIN STATEMENT SET; .. END;";
const RIGHTS: &str = "give rights in the target's own system";
const CLIENT: &str = "leave it out";
const NO_FUNCTIONS: &str = "use the built-in functions; user functions are not supported yet";

const REFUSED: &[Refused] = &[
    refused(
        &["CREATE", "CATALOG"],
        "CREATE CATALOG is not supported",
        OWN_CATALOGUE,
    ),
    refused(
        &["CREATE", "DATABASE"],
        "CREATE DATABASE is not supported",
        OWN_CATALOGUE,
    ),
    refused(
        &["CREATE", "FUNCTION"],
        "CREATE FUNCTION is not supported",
        NO_FUNCTIONS,
    ),
    refused(
        &["CREATE", "TEMPORARY", "FUNCTION"],
        "CREATE FUNCTION is not supported",
        NO_FUNCTIONS,
    ),
    refused(
        &["CREATE", "TEMPORARY", "SYSTEM", "FUNCTION"],
        "CREATE FUNCTION is not supported",
        NO_FUNCTIONS,
    ),
    refused(
        &["CREATE", "MODEL"],
        "CREATE MODEL is not supported",
        "compute the value before or behind the rules",
    ),
    refused(
        &["CREATE", "MATERIALIZED"],
        "materialized tables are not supported",
        "declare a sink and INSERT INTO it",
    ),
    refused(
        &["CREATE", "INDEX"],
        "CREATE INDEX is not supported",
        "make it in the target's own system",
    ),
    refused(&["USE"], "USE is not supported", OWN_CATALOGUE),
    refused(
        &["DROP"],
        "DROP is not supported",
        "delete the CREATE statement from the file",
    ),
    refused(
        &["ALTER"],
        "ALTER is not supported",
        "change the CREATE statement in the file",
    ),
    refused(
        &["SHOW"],
        "SHOW is not supported",
        "`rookery explain FILE` shows the rules of a file",
    ),
    refused(
        &["DESCRIBE"],
        "DESCRIBE is not supported",
        "read the CREATE statement in the file",
    ),
    refused(
        &["DESC"],
        "DESC is not supported",
        "read the CREATE statement in the file",
    ),
    refused(
        &["EXPLAIN"],
        "EXPLAIN is not supported in a file",
        "`rookery explain FILE` shows how its rules run",
    ),
    refused(
        &["RESET"],
        "RESET is not supported",
        "delete the SET statement from the file",
    ),
    refused(
        &["ADD", "JAR"],
        "ADD JAR is not supported",
        "leave it out; connectors are built in",
    ),
    refused(
        &["REMOVE", "JAR"],
        "REMOVE JAR is not supported",
        "leave it out; connectors are built in",
    ),
    refused(
        &["LOAD", "MODULE"],
        "LOAD MODULE is not supported",
        "leave it out; functions are built in",
    ),
    refused(
        &["UNLOAD", "MODULE"],
        "UNLOAD MODULE is not supported",
        "leave it out; functions are built in",
    ),
    refused(
        &["UPDATE"],
        "UPDATE is not supported",
        "INSERT INTO a sink with a PRIMARY KEY; its rows replace each other",
    ),
    refused(
        &["DELETE"],
        "DELETE is not supported",
        "INSERT INTO a sink with a PRIMARY KEY; its rows replace each other",
    ),
    refused(
        &["MERGE"],
        "MERGE is not supported",
        "INSERT INTO a sink with a PRIMARY KEY; its rows replace each other",
    ),
    refused(&["UPSERT"], "UPSERT is not supported", REPLACES),
    refused(&["REPLACE"], "REPLACE is not supported", REPLACES),
    refused(&["BEGIN"], "there are no transactions here", NO_TRANSACTION),
    refused(
        &["START", "TRANSACTION"],
        "there are no transactions here",
        NO_TRANSACTION,
    ),
    refused(
        &["COMMIT"],
        "there are no transactions here",
        NO_TRANSACTION,
    ),
    refused(
        &["ROLLBACK"],
        "there are no transactions here",
        NO_TRANSACTION,
    ),
    refused(&["GRANT"], "GRANT is not supported", RIGHTS),
    refused(&["REVOKE"], "REVOKE is not supported", RIGHTS),
    refused(&["HELP"], "HELP is a command of Flink's SQL client", CLIENT),
    refused(&["QUIT"], "QUIT is a command of Flink's SQL client", CLIENT),
    refused(&["EXIT"], "EXIT is a command of Flink's SQL client", CLIENT),
    refused(
        &["CLEAR"],
        "CLEAR is a command of Flink's SQL client",
        CLIENT,
    ),
    refused(
        &["SOURCE"],
        "SOURCE is a command of Flink's SQL client",
        "name that file in the configuration's `rules` too",
    ),
    refused(
        &["TRUNCATE"],
        "TRUNCATE is not supported",
        "empty the table at its own system",
    ),
    refused(
        &["CALL"],
        "CALL is not supported",
        "run the procedure at its own system",
    ),
    refused(
        &["ANALYZE"],
        "ANALYZE is not supported",
        "leave it out; plans need no statistics",
    ),
    refused(
        &["COMPILE"],
        "COMPILE PLAN is not supported",
        "leave it out; rules are compiled when they are loaded",
    ),
    refused(
        &["EXECUTE", "PLAN"],
        "EXECUTE PLAN is not supported",
        "put the INSERT statements into the file",
    ),
    refused(
        &["EXECUTE", "INSERT"],
        "EXECUTE before INSERT is not supported",
        "write INSERT INTO .. alone",
    ),
    refused(
        &["STOP", "JOB"],
        "STOP JOB is not supported",
        "take the file out of the configuration's `rules`",
    ),
    refused(
        &["SELECT"],
        "nothing takes the rows of this SELECT",
        NO_SINK,
    ),
    refused(&["WITH"], "nothing takes the rows of this query", NO_SINK),
    refused(&["VALUES"], "nothing takes these rows", NO_SINK),
];

/// `WITH .. INSERT INTO`, as Hive and Spark write it.
fn with_before_insert(parser: &Parser) -> Option<Box<Diagnostic>> {
    if !parser.peek_word(0, "WITH") {
        return None;
    }
    let ahead = (1..).map(|n| parser.peek_nth_token_ref(n));
    let mut ahead = ahead.take_while(|token| token.token != Token::EOF);
    let insert = ahead.find(|token| is_word(&token.token, "INSERT"))?;
    Some(Box::new(
        Diagnostic::new(
            Code::UnsupportedSyntax,
            parser.next_span(),
            "WITH stands behind INSERT INTO here",
        )
        .related(crate::lexer::bytes(insert.span), "write this first")
        .help("write INSERT INTO sink WITH name AS (..) SELECT .."),
    ))
}

/// The error of such a statement, if one begins at the parser's place.
pub(crate) fn find(parser: &Parser) -> Option<Box<Diagnostic>> {
    if let Some(misplaced) = with_before_insert(parser) {
        return Some(misplaced);
    }
    let refused = REFUSED.iter().find(|refused| {
        let mut words = refused.words.iter().enumerate();
        words.all(|(n, word)| parser.peek_word(n, word))
    })?;
    let start = parser.next_span();
    let last = parser.peek_nth_token_ref(refused.words.len() - 1);
    Some(Box::new(
        Diagnostic::new(
            Code::UnsupportedStatement,
            start.to(crate::lexer::bytes(last.span)),
            refused.message,
        )
        .help(refused.help),
    ))
}
