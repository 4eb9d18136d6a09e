//! In which order conditions are tested: cheap ones first, where nobody can tell.

use crate::eval::json::CallPath;
use crate::eval::node::Node;
use crate::eval::numeric::Arithmetic;
use crate::eval::pattern::PatternSource;

/// Sorts conditions by cost; each with the place it had. One that can fail keeps its place among all
/// others: whether it is reached decides between a dead letter and no row.
pub(super) fn by_cost(conjuncts: Vec<Node>) -> Vec<(usize, Node)> {
    let mut out = Vec::with_capacity(conjuncts.len());
    let mut run: Vec<(usize, Node)> = Vec::new();
    let flush = |run: &mut Vec<(usize, Node)>, out: &mut Vec<_>| {
        run.sort_by_cached_key(|(_, node)| cost(node));
        out.append(run);
    };
    for (place, node) in conjuncts.into_iter().enumerate() {
        if fallible(&node) {
            flush(&mut run, &mut out);
            out.push((place, node));
        } else {
            run.push((place, node));
        }
    }
    flush(&mut run, &mut out);
    out
}

/// Nodes below a node.
fn children(node: &Node) -> Vec<&Node> {
    match node {
        Node::Constant(_)
        | Node::Text(_)
        | Node::Bytes(_)
        | Node::Column(_)
        | Node::Implicit(_)
        | Node::Path(_) => Vec::new(),
        Node::Json(call) => match &call.path {
            CallPath::Constant(_) => vec![&call.input],
            CallPath::Dynamic { text, .. } => vec![&call.input, text],
        },
        Node::Cast(cast) => vec![&cast.input],
        Node::And(list) | Node::Or(list) | Node::Coalesce(list) => list.iter().collect(),
        Node::Not(input)
        | Node::TextEquals { input, .. }
        | Node::TextIn { input, .. }
        | Node::IsNull { input, .. }
        | Node::IsTruth { input, .. } => vec![input],
        Node::Compare(compare) => vec![&compare.left, &compare.right],
        Node::In { input, list, .. } => std::iter::once(&**input).chain(list).collect(),
        Node::Distinct { operands, .. } | Node::NullIf { operands, .. } => {
            vec![&operands.0, &operands.1]
        }
        Node::Match(pattern) => match &pattern.pattern {
            PatternSource::Dynamic { text, .. } => vec![&pattern.input, text],
            _ => vec![&pattern.input],
        },
        Node::Case {
            branches,
            otherwise,
        } => branches
            .iter()
            .flat_map(|(when, then)| [when, then])
            .chain([&**otherwise])
            .collect(),
        Node::Arithmetic(arithmetic) => vec![&arithmetic.left, &arithmetic.right],
        Node::Operator(operator) => operator.children(),
        Node::Call { args, .. } => args.iter().collect(),
    }
}

/// Whether evaluation can fail.
fn fallible(node: &Node) -> bool {
    let itself = match node {
        Node::Column(column) => column.fails(),
        Node::Arithmetic(arithmetic) => Arithmetic::fallible(arithmetic.op, arithmetic.kind),
        Node::Match(pattern) => matches!(pattern.pattern, PatternSource::Dynamic { .. }),
        Node::Operator(operator) => operator.fallible(),
        Node::Call { fallible, .. } => *fallible,
        _ => false,
    };
    itself || children(node).into_iter().any(fallible)
}

/// What it costs, in nanoseconds by the order of magnitude.
fn cost(node: &Node) -> u32 {
    let itself = match node {
        Node::Constant(_) | Node::Text(_) | Node::Bytes(_) | Node::Implicit(_) => 0,
        // The first path of a column parses it.
        Node::Path(_) => 100,
        Node::Json(_) => 300,
        Node::Match(pattern) => match &pattern.pattern {
            PatternSource::Simple(_) => 5,
            PatternSource::Regex(_) => 50,
            PatternSource::Dynamic { .. } => 60,
        },
        Node::Cast(_) | Node::Call { .. } => 10,
        Node::Operator(_) => 30,
        _ => 2,
    };
    let below = children(node).into_iter().map(cost);
    below.fold(itself, u32::saturating_add)
}
