//! Functions of text that have something prepared: patterns and formats.

use super::Lowering;
use crate::error::RefusalReason;
use crate::eval::node::Node;
use crate::functions::{PatternError, Printf, RegexCall, StrToMap, compile_regex};
use rookery_sql::TextFunction;
use rookery_sql::plan::{Expr, Span};

impl Lowering<'_> {
    /// A function of text that is no function over values.
    pub(super) fn text_call(&mut self, function: TextFunction, args: &[Expr], span: Span) -> Node {
        match (function, args) {
            (TextFunction::Printf, [format, args @ ..]) => {
                let args = args
                    .iter()
                    .map(|arg| (self.lower(arg), arg.data_type.clone()));
                let args = args.collect();
                Node::Operator(Box::new(Printf {
                    format: self.lower(format),
                    args,
                    site: self.shared.site(),
                }))
            }
            (TextFunction::StrToMap, [text]) => {
                let constant = |text: &str| Node::Text(text.into());
                self.str_to_map(text, constant(","), constant("="))
            }
            (TextFunction::StrToMap, [text, pairs, between]) => {
                let pairs = self.regex_argument("STR_TO_MAP", pairs);
                let between = self.regex_argument("STR_TO_MAP", between);
                self.str_to_map(text, pairs, between)
            }
            (_, [text, pattern, more @ ..]) => {
                let text = self.lower(text);
                let pattern = self.regex_argument("regular expression", pattern);
                Node::Operator(Box::new(RegexCall {
                    function,
                    text,
                    pattern,
                    more: more.first().map(|more| self.lower(more)),
                    site: self.shared.site(),
                }))
            }
            _ => self.not_built(span, format!("{function:?} of {} arguments", args.len())),
        }
    }

    fn str_to_map(&mut self, text: &Expr, between_pairs: Node, between: Node) -> Node {
        Node::Operator(Box::new(StrToMap {
            text: self.lower(text),
            between_pairs,
            between,
            sites: [self.shared.site(), self.shared.site()],
        }))
    }

    /// A pattern; a constant one that needs what is not supported is refused.
    fn regex_argument(&mut self, what: &str, pattern: &Expr) -> Node {
        let node = self.lower(pattern);
        if let Node::Text(text) = &node
            && let Err(PatternError::Unsupported(part)) = compile_regex(text)
        {
            let message = format!(
                "{what} '{text}': {part} is not supported, because it can take time without end; \
                 write the pattern without it"
            );
            return self.refuse(pattern.span, RefusalReason::Constant(message));
        }
        node
    }
}
