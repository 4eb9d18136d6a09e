//! Text to tokens, with sqlparser's tokenizer.
//!
//! Every token carries byte offsets: its span says line 1 and, as columns, the bytes of the text. So
//! spans of sqlparser's tree are bytes too, and nothing is looked up later. Whitespace and comments
//! stay in the list. What cannot be read is reported, left out and remembered as a break, and lexing
//! goes on behind it, so that a file reports all it has.

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::parse::RuleDialect;
use crate::pasted;
use crate::plan::Span;
use sqlparser::tokenizer::{
    Location, Span as TokenSpan, Token, TokenWithSpan, Tokenizer, Whitespace,
};

/// The tokens of a file.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// All of them, whitespace and comments included.
    pub(crate) tokens: Vec<TokenWithSpan>,
    /// Byte offsets where text was left out.
    pub(crate) breaks: Vec<usize>,
}

/// The byte span of a token or of a node of sqlparser's tree.
pub(crate) fn bytes(span: TokenSpan) -> Span {
    let clamp = |column: u64| usize::try_from(column).unwrap_or(usize::MAX);
    Span::new(clamp(span.start.column), clamp(span.end.column))
}

/// A token's span from byte offsets.
pub(crate) fn token_span(start: usize, end: usize) -> TokenSpan {
    TokenSpan::new(Location::new(1, start as u64), Location::new(1, end as u64))
}

/// Reads a whole file.
pub(crate) fn lex(text: &str, dialect: &RuleDialect, diagnostics: &mut Diagnostics) -> Lexed {
    let mut lexed = Lexed::default();
    let mut offset = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while offset < text.len() && !diagnostics.is_full() {
        let mut piece = Vec::new();
        let result =
            Tokenizer::new(dialect, &text[offset..]).tokenize_with_location_into_buf(&mut piece);
        let end = append_piece(&text[offset..], offset, piece, &mut lexed.tokens);
        let Err(error) = result else { break };
        let failure = culprit(text, &mut lexed.tokens, end, &error.message);
        offset = line_end(text, failure.span.end as usize);
        lexed.breaks.push(failure.span.start as usize);
        diagnostics.push(failure);
    }
    let tokens = std::mem::take(&mut lexed.tokens);
    lexed.tokens = pasted::mend(text, tokens, &mut lexed.breaks, diagnostics);
    lexed
}

/// Turns lines and columns of a piece into bytes of the file; gives the end of its last token.
fn append_piece(
    piece: &str,
    offset: usize,
    tokens: Vec<TokenWithSpan>,
    out: &mut Vec<TokenWithSpan>,
) -> usize {
    let mut cursor = Cursor {
        text: piece,
        byte: 0,
        line: 1,
        column: 1,
    };
    out.reserve(tokens.len());
    for token in tokens {
        let start = offset + cursor.advance_to(token.span.start);
        let end = offset + cursor.advance_to(token.span.end);
        out.push(TokenWithSpan::new(token.token, token_span(start, end)));
    }
    offset + cursor.byte
}

/// Walks a text once, in the tokenizer's way of counting lines and columns.
struct Cursor<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
    column: u64,
}

impl Cursor<'_> {
    fn advance_to(&mut self, location: Location) -> usize {
        for character in self.text[self.byte..].chars() {
            if (self.line, self.column) >= (location.line, location.column) {
                break;
            }
            self.byte += character.len_utf8();
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.byte
    }
}

/// The end of the line that holds a byte.
pub(crate) fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |n| from + n)
}

/// Says what the tokenizer stumbled over at `start`, and takes back tokens that it made wrongly.
fn culprit(text: &str, tokens: &mut Vec<TokenWithSpan>, start: usize, message: &str) -> Diagnostic {
    let rest = &text[start..];
    if rest.starts_with("/*") {
        return Diagnostic::new(
            Code::UnreadableText,
            Span::new(start, text.len()),
            "this comment has no end",
        )
        .label("no `*/` follows");
    }
    let Some(quote) = rest.chars().find(|c| ['\'', '`', '"'].contains(c)) else {
        let end = start + rest.chars().next().map_or(0, char::len_utf8);
        return Diagnostic::new(Code::UnreadableText, Span::new(start, end), lower(message));
    };
    if !message.starts_with("Unterminated") && !message.starts_with("Expected close delimiter") {
        let end = line_end(text, start);
        return Diagnostic::new(Code::UnreadableText, Span::new(start, end), lower(message));
    }
    // With one quote too few, all literals behind it begin and end the wrong way round. The first
    // that runs over a line's end is the likely one.
    let wrong = tokens.iter().position(|token| {
        matches!(token.token, Token::SingleQuotedString(_))
            && quote == '\''
            && text[bytes(token.span).start as usize..bytes(token.span).end as usize].contains('\n')
    });
    let start = match wrong {
        Some(index) => {
            let start = bytes(tokens[index].span).start as usize;
            tokens.truncate(index);
            start
        }
        None => start,
    };
    let what = if quote == '\'' {
        "text literal"
    } else {
        "quoted name"
    };
    Diagnostic::new(
        Code::UnreadableText,
        Span::new(start, line_end(text, start)),
        format!("this {what} has no end"),
    )
    .label(format!("no closing {quote} in this line"))
    .help(format!(
        "close it with {quote}; inside it, write {quote}{quote} for {quote}"
    ))
}

fn lower(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "unreadable text".to_owned(),
    }
}

/// Whether the parser passes over a token.
pub(crate) fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

/// The text of a `--` comment, without the dashes.
pub(crate) fn line_comment(token: &Token) -> Option<&str> {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) => Some(comment),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (Vec<String>, Vec<String>, usize) {
        let mut diagnostics = Diagnostics::default();
        let lexed = lex(text, &RuleDialect::default(), &mut diagnostics);
        let tokens = lexed
            .tokens
            .iter()
            .filter(|token| !is_space(&token.token))
            .map(|token| {
                let span = bytes(token.span);
                format!("{}@{}..{}", token.token, span.start, span.end)
            })
            .collect();
        let messages = diagnostics
            .into_sorted()
            .into_iter()
            .map(|d| format!("{} {}..{} {}", d.code, d.span.start, d.span.end, d.message))
            .collect();
        (tokens, messages, lexed.breaks.len())
    }

    #[test]
    fn spans_are_bytes_over_lines_and_chinese() {
        let (tokens, messages, _) = run("选 '中\n文' x\r\ny");
        assert_eq!(
            tokens,
            ["选@0..3", "'中\n文'@4..13", "x@14..15", "y@17..18"]
        );
        assert!(messages.is_empty());
    }

    #[test]
    fn full_width_punctuation_is_named_and_read_as_meant() {
        let (tokens, messages, breaks) = run("f（a，‘b’）；");
        assert_eq!(
            tokens,
            [
                "f@0..1",
                "(@1..4",
                "a@4..5",
                ",@5..8",
                "'b'@8..15",
                ")@15..18",
                ";@18..21"
            ]
        );
        assert_eq!(
            messages,
            [
                "E0102 1..4 full-width `（` outside a literal",
                "E0102 5..8 full-width `，` outside a literal",
                "E0102 8..15 typographic quote `‘` outside a literal",
                "E0102 15..18 full-width `）` outside a literal",
                "E0102 18..21 full-width `；` outside a literal",
            ]
        );
        assert_eq!(breaks, 0);
    }

    #[test]
    fn full_width_punctuation_in_literals_and_comments_is_text() {
        let (_, messages, _) = run("'；，（）' -- ；\n /* （ */ `，`");
        assert!(messages.is_empty(), "{messages:?}");
    }

    #[test]
    fn lexing_goes_on_behind_an_open_literal() {
        let (tokens, messages, breaks) = run("a 'b;\nc 'd' e");
        assert_eq!(tokens, ["a@0..1", "c@6..7", "'d'@8..11", "e@12..13"]);
        assert_eq!(messages, ["E0101 2..5 this text literal has no end"]);
        assert_eq!(breaks, 1);
        let (_, messages, _) = run("a `b\nc");
        assert_eq!(messages, ["E0101 2..4 this quoted name has no end"]);
        let (_, messages, _) = run("a /* b\nc");
        assert_eq!(messages, ["E0101 2..8 this comment has no end"]);
    }

    #[test]
    fn unknown_and_invisible_characters_are_named() {
        let (tokens, messages, _) = run("\u{feff}a € \u{200b}b");
        assert_eq!(tokens, ["a@3..4", "b@12..13"]);
        assert_eq!(
            messages,
            [
                "E0101 5..8 unexpected character `€`",
                "E0101 9..12 unexpected character U+200B, which is invisible",
            ]
        );
    }

    #[test]
    fn two_closing_brackets_are_two_tokens() {
        let (tokens, _, _) = run("a>>");
        assert_eq!(tokens, ["a@0..1", ">@1..2", ">@2..3"]);
    }
}
