//! Reading own grammar from sqlparser's `Parser`: words whatever their case, names, brackets, and
//! errors that name what was found.

use crate::code::Code;
use crate::diagnostics::Diagnostic;
use crate::lexer::bytes;
use crate::plan::Span;
use crate::syntax::Name;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// What reading own grammar gives.
pub(crate) type Read<T> = Result<T, Box<Diagnostic>>;

/// What rule files need of a parser beyond sqlparser's own methods. An error at the statement's end
/// has the empty span 0..0; whoever knows the end puts it there.
pub(crate) trait Cursor {
    /// Whether the n-th token ahead is this one.
    fn peek_is(&self, n: usize, token: &Token) -> bool;
    /// Whether the n-th token ahead is this unquoted word.
    fn peek_word(&self, n: usize, word: &str) -> bool;
    /// Takes an unquoted word, if it comes next.
    fn accept_word(&mut self, word: &str) -> bool;
    /// Takes a sequence of unquoted words, if all of it comes next.
    fn accept_words(&mut self, words: &[&str]) -> bool;
    /// Takes an unquoted word or says that it is missing.
    fn expect_word(&mut self, word: &str) -> Read<Span>;
    /// Takes a token or says that it is missing.
    fn expect(&mut self, token: &Token, what: &str) -> Read<Span>;
    /// Takes a name, quoted or not.
    fn name(&mut self, what: &str) -> Read<Name>;
    /// Takes the name of a table or view; a catalogue before it is refused.
    fn table_name(&mut self) -> Read<Name>;
    /// Takes `(name, ..)`.
    fn name_list(&mut self, what: &str) -> Read<Vec<Name>>;
    /// Takes a text literal.
    fn text(&mut self, what: &str) -> Read<(String, Span)>;
    /// Passes over a bracket and everything up to the one that closes it.
    fn skip_brackets(&mut self) -> Read<Span>;
    /// The error that something else stands at the current place.
    fn unexpected(&self, expected: &str) -> Box<Diagnostic>;
    /// The span of the token that was taken last.
    fn last_span(&self) -> Span;
    /// The span of the token that comes next.
    fn next_span(&self) -> Span;
}

impl Cursor for Parser<'_> {
    fn peek_is(&self, n: usize, token: &Token) -> bool {
        self.peek_nth_token_ref(n).token == *token
    }

    fn peek_word(&self, n: usize, word: &str) -> bool {
        is_word(&self.peek_nth_token_ref(n).token, word)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek_word(0, word);
        if found {
            self.advance_token();
        }
        found
    }

    fn accept_words(&mut self, words: &[&str]) -> bool {
        let found = words
            .iter()
            .enumerate()
            .all(|(n, word)| self.peek_word(n, word));
        if found {
            words.iter().for_each(|_| self.advance_token());
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Read<Span> {
        if self.accept_word(word) {
            Ok(self.last_span())
        } else {
            Err(self.unexpected(word))
        }
    }

    fn expect(&mut self, token: &Token, what: &str) -> Read<Span> {
        if self.consume_token(token) {
            Ok(self.last_span())
        } else {
            Err(self.unexpected(what))
        }
    }

    fn name(&mut self, what: &str) -> Read<Name> {
        match self.peek_token_ref().token.clone() {
            Token::Word(word) => {
                self.advance_token();
                Ok(Name {
                    quoted: word.quote_style.is_some(),
                    text: word.value,
                    span: self.last_span(),
                })
            }
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => {
                Err(Box::new((*self.unexpected(what)).help(format!(
                    "names are written bare or in back-quotes: `{text}`"
                ))))
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn table_name(&mut self) -> Read<Name> {
        let first = self.name("a table's name")?;
        let mut last = None;
        while self.consume_token(&Token::Period) {
            last = Some(self.name("a table's name")?);
        }
        match last {
            None => Ok(first),
            Some(last) => Err(Box::new(
                Diagnostic::new(
                    Code::UnsupportedSyntax,
                    first.span.to(last.span),
                    "a table's name has one part here",
                )
                .label("names a catalogue or database")
                .help(format!(
                    "a rule file is a catalogue of its own; write `{}`",
                    last.text
                )),
            )),
        }
    }

    fn name_list(&mut self, what: &str) -> Read<Vec<Name>> {
        self.expect(&Token::LParen, "`(`")?;
        let mut names = vec![self.name(what)?];
        while self.consume_token(&Token::Comma) {
            names.push(self.name(what)?);
        }
        self.expect(&Token::RParen, "`,` or `)`")?;
        Ok(names)
    }

    fn text(&mut self, what: &str) -> Read<(String, Span)> {
        match self.peek_token_ref().token.clone() {
            Token::SingleQuotedString(text) | Token::UnicodeStringLiteral(text) => {
                self.advance_token();
                Ok((text, self.last_span()))
            }
            Token::DoubleQuotedString(text) => Err(Box::new(
                (*self.unexpected(what))
                    .help(format!("text is written in single quotes: '{text}'")),
            )),
            _ => Err(self.unexpected(what)),
        }
    }

    fn skip_brackets(&mut self) -> Read<Span> {
        let start = self.next_span();
        let mut depth = 0usize;
        loop {
            match self.peek_token_ref().token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.advance_token();
                        return Ok(start.to(self.last_span()));
                    }
                }
                Token::EOF => return Err(self.unexpected("`)`")),
                _ if depth == 0 => return Err(self.unexpected("`(`")),
                _ => {}
            }
            self.advance_token();
        }
    }

    fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
        let found = self.peek_token_ref();
        Box::new(unexpected(expected, found))
    }

    fn last_span(&self) -> Span {
        bytes(self.get_current_token().span)
    }

    fn next_span(&self) -> Span {
        bytes(self.peek_token_ref().span)
    }
}

/// Whether a token is this unquoted word, in any case.
pub(crate) fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// The error that one thing was expected and another found.
pub(crate) fn unexpected(expected: &str, found: &TokenWithSpan) -> Diagnostic {
    let message = match &found.token {
        Token::EOF => format!("expected {expected}, found the end of the statement"),
        Token::SingleQuotedString(text) => {
            format!("expected {expected}, found the text '{}'", shorten(text))
        }
        token => format!(
            "expected {expected}, found `{}`",
            shorten(&token.to_string())
        ),
    };
    Diagnostic::new(Code::UnexpectedToken, bytes(found.span), message)
        .label(format!("expected {expected}"))
}

/// The beginning of a text, for a message.
pub(crate) fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}
