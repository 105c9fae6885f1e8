//! Marks apart from the value, by path: how they are stored, and how they cross doors that know no
//! marks.

use super::{Path, transform, walk};
use crate::{Marks, Value};

impl Value {
    /// The value with no marks at any depth, and where they were: outer parts before inner ones.
    #[must_use]
    pub fn unmark_deep_with_paths(&self) -> (Self, Vec<(Path, Marks)>) {
        let mut found = Vec::new();
        if !self.contains_marks() {
            return (self.clone(), found);
        }
        walk(self, &mut |path, value| {
            if !value.marks().is_none() {
                found.push((path.clone(), value.marks().clone()));
            }
            value.contains_marks()
        });
        (self.unmark_deep(), found)
    }

    /// The value with marks added at these paths. A path into a set marks the set; one that leads
    /// nowhere marks the last part that there is, so that nothing secret comes out unmarked.
    #[must_use]
    pub fn mark_with_paths(&self, marks: &[(Path, Marks)]) -> Self {
        if marks.is_empty() {
            return self.clone();
        }
        let existing: Vec<(Path, Marks)> = marks
            .iter()
            .map(|(path, marks)| (self.nearest(path), marks.clone()))
            .collect();
        transform(self, &mut |path, value| {
            let here = existing.iter().filter(|(at, _)| at == path);
            here.fold(value, |value, (_, marks)| value.with_marks(marks))
        })
    }

    /// The longest beginning of the path that leads to a part of this value, and not into a set.
    fn nearest(&self, path: &Path) -> Path {
        let mut there = Path::new();
        let mut part = self.clone();
        for step in &path.0 {
            let next = Path(vec![step.clone()]).get(&part);
            match next {
                Ok(next) if !matches!(part.ty(), crate::Type::Set(_)) && part.is_known() => {
                    part = next;
                    there.0.push(step.clone());
                }
                _ => break,
            }
        }
        there
    }
}
