//! Programs into a rule set: trees are flattened into branches, branches get their place in the dispatch
//! table, expressions are lowered.

mod describe;
mod fuse;
mod lower;
mod nodes;
mod order;
mod select;
mod shared;
mod simplify;
mod tables;

use crate::error::{CompileError, Refusal, RefusalReason};
use crate::rules::{Branch, Guard, RuleInfo, RuleSet, SourceId};
use fuse::{FlatBranch, Refused};
use lower::Lowering;
use nodes::Outline;
use rookery_codecs::time::Zone;
use rookery_model::SinkId;
use rookery_model::limits::RULES_MAX;
use rookery_sql::plan::{ColumnKind, CompareOp, Expr, ExprKind, Literal, Program, Span};
use select::{Key, Selection, Test};
use shared::{ReadGroup, Shared};
use std::collections::{BTreeSet, HashSet};
use tables::Tables;

/// A branch under way: over its source's columns, not yet lowered.
struct Draft {
    rule: u16,
    sink: SinkId,
    /// Whether the sink has a primary key.
    keyed: bool,
    program: usize,
    source: Option<SourceId>,
    flat: FlatBranch,
}

pub(crate) use describe::describe;

/// What compiling came to: the rule set, and what it is described from.
struct Built {
    set: RuleSet,
    drafts: Vec<Draft>,
    /// For each branch, the places of its conditions in the order in which they are tested.
    orders: Vec<Vec<usize>>,
    groups: Vec<ReadGroup>,
    /// The set is not to be run if there are any.
    refusals: Vec<Refusal>,
}

/// Compiles programs, in order.
///
/// # Errors
/// All places that the engine does not run.
pub(crate) fn compile(programs: &[Program]) -> Result<RuleSet, CompileError> {
    let built = build(programs);
    match built.refusals.is_empty() {
        true => Ok(built.set),
        false => Err(CompileError {
            refusals: built.refusals,
        }),
    }
}

fn build(programs: &[Program]) -> Built {
    let mut refusals = Vec::new();
    let zones = zones(programs, &mut refusals);
    let mut tables = Tables::default();
    let mut rules = Vec::new();
    let drafts = drafts(programs, &mut tables, &mut rules, &mut refusals);
    let mut shared = Shared::default();
    let tests: Vec<Option<Vec<Test>>> = drafts
        .iter()
        .map(|draft| {
            draft.source?;
            Some(tests(draft, programs, &zones, &mut shared))
        })
        .collect();
    let selection = select::select(&tests);
    let mut branches = Vec::with_capacity(drafts.len());
    let mut orders = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let test = selection.chosen[index].and_then(|at| Some(&tests[index].as_ref()?[at]));
        let component = selection.components[index];
        shared.branch = index;
        let (branch, order) = lower_branch(
            draft,
            test,
            component,
            programs,
            &zones,
            &mut shared,
            &mut refusals,
        );
        branches.push(branch);
        orders.push(order);
    }
    refusals.sort_by_key(|refusal: &Refusal| (refusal.program_index, refusal.span.start));
    refusals.dedup();
    let Selection {
        dispatch,
        components,
        ..
    } = selection;
    let (path_groups, first_groups) = shared.path_groups();
    for (branch, component) in branches.iter_mut().zip(&components) {
        branch.groups = first_groups.get(component).copied().unwrap_or(0);
    }
    let constants = (0_u32..).zip(&branches).filter(|(_, b)| b.source.is_none());
    let groups = shared.read_groups();
    let set = RuleSet {
        constants: constants.map(|(index, _)| index).collect(),
        rules,
        sinks: tables.sinks,
        sources: tables.sources,
        branches,
        dispatch,
        keys: shared.key_set(),
        groups: path_groups,
        shapes: shared.shapes.into_list(),
        guards: shared.guards,
        inputs: shared.inputs,
        zones: zones.distinct,
        regexes: shared.regexes,
        sites: shared.sites,
    };
    Built {
        set,
        drafts,
        orders,
        groups,
        refusals,
    }
}

fn refusal(programs: &[Program], program: usize, (span, reason): Refused) -> Refusal {
    Refusal {
        program: programs[program].name.clone(),
        program_index: program,
        span,
        reason,
    }
}

/// The programs' zones.
struct Zones {
    /// Each once.
    distinct: Vec<Zone>,
    /// For each program, its zone's place.
    of_program: Vec<u32>,
}

impl Zones {
    fn of(&self, program: usize) -> &Zone {
        &self.distinct[self.of_program[program] as usize]
    }
}

/// The programs' zones; UTC, with a refusal, for one that is not known.
fn zones(programs: &[Program], refusals: &mut Vec<Refusal>) -> Zones {
    let mut distinct: Vec<Zone> = Vec::new();
    let mut of_program = Vec::with_capacity(programs.len());
    for (index, program) in programs.iter().enumerate() {
        let zone = Zone::parse(&program.zone).unwrap_or_else(|error| {
            let reason = RefusalReason::Constant(error.to_string());
            refusals.push(refusal(programs, index, (Span::default(), reason)));
            Zone::utc()
        });
        let place = shared::index_or_push(&mut distinct, |known| *known == zone, || zone.clone());
        of_program.push(place as u32);
    }
    Zones {
        distinct,
        of_program,
    }
}

/// Flattens all rules.
fn drafts(
    programs: &[Program],
    tables: &mut Tables,
    rules: &mut Vec<RuleInfo>,
    refusals: &mut Vec<Refusal>,
) -> Vec<Draft> {
    let count = programs.iter().map(|program| program.rules.len()).sum();
    if count > RULES_MAX {
        let reason = RefusalReason::TooManyRules(count);
        refusals.push(refusal(programs, 0, (Span::default(), reason)));
        return Vec::new();
    }
    let mut drafts = Vec::new();
    let mut names = HashSet::new();
    for (index, program) in programs.iter().enumerate() {
        for rule in &program.rules {
            if !names.insert(&rule.name) {
                let reason = RefusalReason::RuleName(rule.name.clone());
                refusals.push(refusal(programs, index, (rule.span, reason)));
            }
            let number = rules.len() as u16;
            let sink = tables.sink(index, program, rule.sink);
            rules.push(RuleInfo {
                name: rule.name.clone(),
                sink,
                program: index,
            });
            match fuse::flatten(&rule.query, &program.tables) {
                Ok(flat) => drafts.extend(flat.into_iter().map(|flat| {
                    Draft {
                        rule: number,
                        sink,
                        keyed: !tables.sinks[usize::from(sink.0)].primary_key.is_empty(),
                        program: index,
                        source: flat
                            .source
                            .map(|table| tables.source(index, program, table)),
                        flat: simplified(flat),
                    }
                })),
                Err(refused) => refusals.push(refusal(programs, index, refused)),
            }
        }
    }
    drafts
}

fn simplified(flat: FlatBranch) -> FlatBranch {
    let conjuncts = flat.conjuncts.into_iter().map(simplify::simplify);
    FlatBranch {
        source: flat.source,
        conjuncts: conjuncts.collect(),
        outputs: flat.outputs.into_iter().map(simplify::simplify).collect(),
    }
}

fn columns_of<'p>(draft: &Draft, programs: &'p [Program]) -> &'p [rookery_sql::plan::Column] {
    let tables = &programs[draft.program].tables;
    draft
        .flat
        .source
        .map_or(&[], |table| tables[table].columns.as_slice())
}

/// Conditions of a branch that only certain values of one column meet. What stands behind a condition
/// that can fail does not count: the failure comes first.
fn tests(draft: &Draft, programs: &[Program], zones: &Zones, shared: &mut Shared) -> Vec<Test> {
    let columns = columns_of(draft, programs);
    let mut scratch = Vec::new();
    let mut lowering = Lowering {
        dialect: programs[draft.program].dialect,
        zone: zones.of(draft.program),
        columns,
        component: 0,
        shared,
        refusals: &mut scratch,
    };
    let mut found = Vec::new();
    for (conjunct, condition) in draft.flat.conjuncts.iter().enumerate() {
        if let Some((index, values)) = discrete(condition)
            && is_of_message(&columns[index].kind)
            && Test::is_discrete(&columns[index].field.data_type)
            && let Some(column) = lowering.column_read(index)
        {
            let fails = column.fails();
            found.push(Test {
                conjunct,
                column,
                values,
            });
            if fails {
                break;
            }
        } else if may_fail(condition) {
            break;
        }
    }
    found
}

/// Whether a column's value is a key's of the message.
fn is_of_message(kind: &ColumnKind) -> bool {
    matches!(kind, ColumnKind::Physical | ColumnKind::Undeclared)
}

/// Whether a condition may fail, judged by its text alone.
fn may_fail(expr: &Expr) -> bool {
    let itself = match &expr.kind {
        ExprKind::Arithmetic { .. } => true,
        ExprKind::Match { pattern, .. } => !matches!(pattern.kind, ExprKind::Literal(_)),
        ExprKind::Column(_) => !expr.data_type.is_string(),
        ExprKind::Call { function, .. } => crate::functions::fallible(*function),
        _ => false,
    };
    itself || expr.operands().into_iter().any(may_fail)
}

/// The column and the values, if the condition is TRUE for just these.
fn discrete(expr: &Expr) -> Option<(usize, BTreeSet<Key>)> {
    match &expr.kind {
        ExprKind::Compare {
            op: CompareOp::Equal,
            left,
            right,
        } => match (&left.kind, &right.kind) {
            (ExprKind::Column(index), ExprKind::Literal(literal))
            | (ExprKind::Literal(literal), ExprKind::Column(index)) => {
                let mut values = BTreeSet::new();
                note(literal, &mut values)?;
                Some((*index, values))
            }
            _ => None,
        },
        ExprKind::In {
            input,
            list,
            negated: false,
        } => {
            let ExprKind::Column(index) = input.kind else {
                return None;
            };
            let mut values = BTreeSet::new();
            for element in list {
                let ExprKind::Literal(literal) = &element.kind else {
                    return None;
                };
                note(literal, &mut values)?;
            }
            Some((index, values))
        }
        ExprKind::Or(operands) => {
            let mut operands = operands.iter().map(discrete);
            let (index, mut values) = operands.next()??;
            for operand in operands {
                let (other, more) = operand?;
                if other != index {
                    return None;
                }
                values.extend(more);
            }
            Some((index, values))
        }
        _ => None,
    }
}

/// Adds a constant; a NULL adds nothing, for nothing equals it.
fn note(literal: &Literal, values: &mut BTreeSet<Key>) -> Option<()> {
    match literal {
        Literal::String(text) => values.insert(Key::Text(text.clone())),
        Literal::Int(int) => values.insert(Key::Int(*int)),
        Literal::Null => false,
        _ => return None,
    };
    Some(())
}

fn lower_branch(
    draft: &Draft,
    test: Option<&Test>,
    component: usize,
    programs: &[Program],
    zones: &Zones,
    shared: &mut Shared,
    refusals: &mut Vec<Refusal>,
) -> (Branch, Vec<usize>) {
    let mut refused = Vec::new();
    let mut lowering = Lowering {
        dialect: programs[draft.program].dialect,
        zone: zones.of(draft.program),
        columns: columns_of(draft, programs),
        component,
        shared,
        refusals: &mut refused,
    };
    let conditions = lowering.list(&draft.flat.conjuncts).into_vec();
    let outputs = lowering.list(&draft.flat.outputs);
    let conditions = order::by_cost(conditions);
    let guard = test.and_then(|test| conditions.iter().position(|(at, _)| *at == test.conjunct));
    let refused = refused.into_iter();
    refusals.extend(refused.map(|refused| refusal(programs, draft.program, refused)));
    let (order, mut conditions): (Vec<usize>, Vec<_>) = conditions.into_iter().unzip();
    let guard = guard.map(|place| {
        shared.guards.push(conditions.remove(place));
        Guard {
            node: (shared.guards.len() - 1) as u32,
            place: place as u32,
        }
    });
    let mut place = |node| match draft.source {
        Some(_) => shared.nodes.shared(node),
        None => shared.nodes.own(node),
    };
    let outline = Outline {
        conditions: conditions.into_iter().map(&mut place).collect(),
        row: outputs.into_iter().map(&mut place).collect(),
        keyed: draft.keyed,
    };
    let branch = Branch {
        rule: draft.rule,
        sink: draft.sink,
        source: draft.source,
        zone: zones.of_program[draft.program],
        groups: 0,
        guard,
        shape: shared.shapes.shared(outline, &shared.nodes),
    };
    (branch, order)
}
