//! The table by family, and the floors below which no family may fall.

use crate::answers;
use serde_json::{Map, Value as Json, json};
use std::fmt;

/// What a family came to.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub expressions: usize,
    /// Planned by Flink: a value, or a failure at run time.
    pub accepted: usize,
    /// Of these, those where ours is the same.
    pub agree: usize,
    /// Of these, those that differ and are meant to.
    pub listed: usize,
    /// Refused by Flink when planned.
    pub refused: usize,
    /// Of these, those that ours refuses too.
    pub refused_too: usize,
    /// Of these, those that ours takes on purpose.
    pub listed_refusals: usize,
    /// Whose type is known on both sides.
    pub typed: usize,
    /// Of these, those with one type, NOT NULL apart.
    pub same_type: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.expressions += other.expressions;
        self.accepted += other.accepted;
        self.agree += other.agree;
        self.listed += other.listed;
        self.refused += other.refused;
        self.refused_too += other.refused_too;
        self.listed_refusals += other.listed_refusals;
        self.typed += other.typed;
        self.same_type += other.same_type;
    }

    fn misses(&self) -> usize {
        self.accepted - self.agree - self.listed
    }

    /// What floors are kept of.
    fn kept(&self) -> [(&'static str, usize); 3] {
        [
            ("agree", self.agree),
            ("refused_too", self.refused_too),
            ("same_type", self.same_type),
        ]
    }
}

/// All families.
#[derive(Default)]
pub struct Totals {
    rows: Vec<(String, Tally)>,
}

impl Totals {
    pub fn add(&mut self, family: &str, tally: Tally) {
        self.rows.push((family.to_owned(), tally));
    }

    fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.rows.iter().for_each(|(_, tally)| whole.add(*tally));
        whole
    }

    /// What has fallen below its floor, a sentence each.
    pub fn below(&self, floors: &Json) -> Vec<String> {
        let mut fallen = Vec::new();
        for (family, tally) in &self.rows {
            for (name, reached) in tally.kept() {
                let floor = floors["families"][family][name].as_u64().unwrap_or(0);
                if (reached as u64) < floor {
                    fallen.push(format!(
                        "{family}: {name} is {reached}, below its floor of {floor}"
                    ));
                }
            }
        }
        let whole = self.whole();
        let floor = floors["agree_per_mille"].as_u64().unwrap();
        let counted = whole.accepted - whole.listed;
        if (whole.agree as u64) * 1000 < floor * counted as u64 {
            fallen.push(format!(
                "{} of {counted} agree, less than {floor} of 1,000",
                whole.agree
            ));
        }
        let strict = floors["agree_of_accepted_per_mille"].as_u64().unwrap();
        if (whole.agree as u64) * 1000 < strict * whole.accepted as u64 {
            fallen.push(format!(
                "{} of {} that Flink accepts agree, less than {strict} of 1,000",
                whole.agree, whole.accepted
            ));
        }
        fallen
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| family | expressions | Flink accepts | agree | listed | misses | Flink refuses | refused too | listed | same type |"
        )?;
        writeln!(
            f,
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        let whole = ("**all**".to_owned(), self.whole());
        for (family, t) in self.rows.iter().chain([&whole]) {
            let share = 100.0 * t.agree as f64 / t.accepted.max(1) as f64;
            writeln!(
                f,
                "| {family} | {} | {} | {} ({share:.1}%) | {} | {} | {} | {} | {} | {} of {} |",
                t.expressions,
                t.accepted,
                t.agree,
                t.listed,
                t.misses(),
                t.refused,
                t.refused_too,
                t.listed_refusals,
                t.same_type,
                t.typed
            )?;
        }
        Ok(())
    }
}

/// The committed floors.
pub fn floors() -> Json {
    let text = std::fs::read_to_string(answers::folder().join("floors.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Writes floors that are as high as what is reached, where that is higher.
pub fn raise(floors: &Json, totals: &Totals) {
    let mut families = Map::new();
    for (family, tally) in &totals.rows {
        let mut row = Map::new();
        for (name, reached) in tally.kept() {
            let floor = floors["families"][family][name].as_u64().unwrap_or(0);
            row.insert(name.to_owned(), json!(floor.max(reached as u64)));
        }
        families.insert(family.clone(), Json::Object(row));
    }
    let raised = json!({
        "agree_of_accepted_per_mille": floors["agree_of_accepted_per_mille"],
        "agree_per_mille": floors["agree_per_mille"],
        "jobs": floors["jobs"],
        "families": families,
    });
    let text = serde_json::to_string_pretty(&raised).unwrap() + "\n";
    std::fs::write(answers::folder().join("floors.json"), text).unwrap();
}
