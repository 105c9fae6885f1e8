//! Whether a provider planned what was configured.

use super::access::{attr, attribute_type, brief, entry, item, keys, same_unrefined};
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Kind, Path, PathStep, Value};

/// Where a planned object breaks the rules: paths and what is wrong there.
///
/// What is configured must be planned as configured (or stay as it was, where the provider says that this is the same); what is not
/// configured must be planned null, unless the provider may set it.
///
/// The values may carry marks: they only keep messages from showing what is sensitive.
#[must_use]
pub fn assert_plan_valid(
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<(Path, String)> {
    let mut problems = Problems::default();
    problems.block(block, prior, config, planned);
    problems.found
}

#[derive(Default)]
struct Problems {
    path: Path,
    found: Vec<(Path, String)>,
}

pub(super) const UNKNOWN_BLOCKS: &str = "attribute representing nested block must not be unknown itself; set nested attribute values to unknown instead";
pub(super) const UNKNOWN_ELEMENT: &str = "element representing nested block must not be unknown itself; set nested attribute values to unknown instead";

impl Problems {
    fn say(&mut self, what: impl Into<String>) {
        self.found.push((self.path.clone(), what.into()));
    }

    fn within(&mut self, step: PathStep, look: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        look(self);
        self.path.0.pop();
    }

    fn attribute_step(&mut self, name: &EcoString, look: impl FnOnce(&mut Self)) {
        self.within(PathStep::Attr(name.clone()), look);
    }

    fn index_step(&mut self, key: Value, look: impl FnOnce(&mut Self)) {
        self.within(PathStep::Index(key), look);
    }

    /// Says so if exactly one of the two is null. Whether to look no further.
    fn existence_differs(&mut self, config: &Value, planned: &Value) -> bool {
        match (config.is_null(), planned.is_null()) {
            (false, true) => {
                self.say("planned for absence but config wants existence");
                true
            }
            (true, false) => {
                self.say("planned for existence but config wants absence");
                true
            }
            (true, true) => true,
            (false, false) => false,
        }
    }

    fn block(&mut self, block: &Block, prior: &Value, config: &Value, planned: &Value) {
        if self.existence_differs(config, planned) {
            return;
        }
        self.attributes(&block.attributes, prior, config, planned);
        for (name, nested) in &block.blocks {
            let ty = || nested.value_type();
            let prior = attr(prior, name, ty);
            let config = attr(config, name, ty);
            let planned = attr(planned, name, ty);
            self.attribute_step(name, |this| this.blocks(nested, &prior, &config, &planned));
        }
    }

    fn blocks(&mut self, nested: &NestedBlock, prior: &Value, config: &Value, planned: &Value) {
        if planned.unmark_deep() == config.unmark_deep() {
            return;
        }
        if !config.is_known() {
            // Such a block comes from `dynamic` with an unknown `for_each`: nobody can say yet what will be in it.
            self.say(if nested.block.has_sensitive() {
                "sensitive planned value for unknown dynamic block".to_owned()
            } else {
                let planned = brief(planned);
                format!("planned value {planned} for unknown dynamic block")
            });
            return;
        }
        if !planned.is_known() {
            self.say(UNKNOWN_BLOCKS);
            return;
        }
        let kind = match nested.nesting {
            Nesting::Single | Nesting::Group => {
                self.block(&nested.block, prior, config, planned);
                return;
            }
            Nesting::List => "list",
            Nesting::Map => "map",
            Nesting::Set => "set",
        };
        if planned.is_null() {
            self.say(format!(
                "attribute representing a {kind} of nested blocks must be empty to indicate no blocks, not null"
            ));
            return;
        }
        match nested.nesting {
            Nesting::List => self.block_list(&nested.block, prior, config, planned),
            Nesting::Map => self.block_map(&nested.block, prior, config, planned),
            // Elements of sets can't be matched, so the provider is trusted with their content.
            _ => {
                for element in planned.children() {
                    if !element.is_known() {
                        self.index_step(element.clone(), |this| this.say(UNKNOWN_ELEMENT));
                    }
                }
            }
        }
    }

    fn block_list(&mut self, block: &Block, prior: &Value, config: &Value, planned: &Value) {
        let (count, configured) = (planned.children().len(), config.children().len());
        if count != configured {
            self.say(format!(
                "block count in plan ({count}) disagrees with count in config ({configured})"
            ));
            return;
        }
        let ty = || block.implied_type().clone();
        for at in 0..count {
            let (Some(planned), Some(config)) = (item(planned, at, ty), item(config, at, ty))
            else {
                continue;
            };
            let prior = item(prior, at, ty).unwrap_or_else(|| Value::null(ty()));
            self.index_step(number(at), |this| {
                if planned.is_known() {
                    this.block(block, &prior, &config, &planned);
                } else {
                    this.say(UNKNOWN_ELEMENT);
                }
            });
        }
    }

    fn block_map(&mut self, block: &Block, prior: &Value, config: &Value, planned: &Value) {
        self.same_keys("block", config, planned);
        let ty = || block.implied_type().clone();
        for key in keys(planned) {
            let (Some(planned), Some(config)) = (entry(planned, key, ty), entry(config, key, ty))
            else {
                continue;
            };
            let prior = entry(prior, key, ty).unwrap_or_else(|| Value::null(ty()));
            self.index_step(Value::string(key.clone()), |this| {
                if planned.is_known() {
                    this.block(block, &prior, &config, &planned);
                } else {
                    this.say(UNKNOWN_ELEMENT);
                }
            });
        }
    }

    fn same_keys(&mut self, what: &str, config: &Value, planned: &Value) {
        for key in keys(planned) {
            if config.get(key).is_none() {
                self.say(format!(
                    "{what} key {key:?} from plan is not present in config"
                ));
            }
        }
        for key in keys(config) {
            if planned.get(key).is_none() {
                self.say(format!(
                    "{what} key {key:?} from config is not present in plan"
                ));
            }
        }
    }

    fn attributes(
        &mut self,
        attributes: &BTreeMap<EcoString, Attribute>,
        prior: &Value,
        config: &Value,
        planned: &Value,
    ) {
        for (name, attribute) in attributes {
            let ty = || attribute_type(attribute);
            let prior = attr(prior, name, ty);
            let config = attr(config, name, ty);
            let planned = attr(planned, name, ty);
            self.attribute_step(name, |this| {
                this.attribute(attribute, &prior, &config, &planned);
            });
        }
    }

    fn attribute(&mut self, attribute: &Attribute, prior: &Value, config: &Value, planned: &Value) {
        let bare = (
            prior.unmark_deep(),
            config.unmark_deep(),
            planned.unmark_deep(),
        );
        if same_unrefined(&bare.2, &bare.1) || (attribute.write_only && planned.is_null()) {
            return;
        }
        if attribute.computed && config.is_null() {
            return;
        }
        if bare.2 == bare.0 && !prior.is_null() && !config.is_null() {
            return;
        }
        let hidden = attribute.has_sensitive()
            || [prior, config, planned]
                .iter()
                .any(|value| value.marks_deep().is_sensitive());
        if config.is_null() {
            self.say(if hidden {
                "sensitive planned value for a non-computed attribute".to_owned()
            } else {
                format!(
                    "planned value {} for a non-computed attribute",
                    brief(planned)
                )
            });
            return;
        }
        if let Some(nested) = attribute.nested()
            && config.is_known()
        {
            self.nested(nested, prior, config, planned);
            return;
        }
        let also = if prior.is_null() {
            ""
        } else {
            " nor prior value"
        };
        self.say(if hidden {
            format!("sensitive planned value does not match config value{also}")
        } else if prior.is_null() {
            format!(
                "planned value {} does not match config value {}",
                brief(planned),
                brief(config)
            )
        } else {
            format!(
                "planned value {} does not match config value {} nor prior value {}",
                brief(planned),
                brief(config),
                brief(prior)
            )
        });
    }

    /// The attribute is configured and known to be, and not planned as it is.
    fn nested(&mut self, nested: &NestedObject, prior: &Value, config: &Value, planned: &Value) {
        if self.existence_differs(config, planned) {
            return;
        }
        if !planned.is_known() {
            self.say("planned unknown for configured value");
            return;
        }
        let ty = || nested.object_type();
        match nested.nesting {
            Nesting::Single | Nesting::Group => {
                self.attributes(&nested.attributes, prior, config, planned);
            }
            Nesting::List => {
                let (count, configured) = (planned.children().len(), config.children().len());
                if count != configured {
                    self.say(format!(
                        "count in plan ({count}) disagrees with count in config ({configured})"
                    ));
                    return;
                }
                for at in 0..count {
                    let (Some(planned), Some(config)) =
                        (item(planned, at, ty), item(config, at, ty))
                    else {
                        continue;
                    };
                    let prior = item(prior, at, ty).unwrap_or_else(|| Value::null(ty()));
                    self.index_step(number(at), |this| {
                        this.nested_element(nested, &prior, &config, &planned);
                    });
                }
            }
            Nesting::Map => {
                self.same_keys("map", config, planned);
                for key in keys(planned) {
                    let (Some(planned), Some(config)) =
                        (entry(planned, key, ty), entry(config, key, ty))
                    else {
                        continue;
                    };
                    let prior = entry(prior, key, ty).unwrap_or_else(|| Value::null(ty()));
                    self.index_step(Value::string(key.clone()), |this| {
                        this.nested_element(nested, &prior, &config, &planned);
                    });
                }
            }
            Nesting::Set => self.set_size(config, planned),
        }
    }

    fn nested_element(
        &mut self,
        nested: &NestedObject,
        prior: &Value,
        config: &Value,
        planned: &Value,
    ) {
        if !config.is_known() && !planned.is_known() {
            return;
        }
        if !planned.is_known() {
            self.say(UNKNOWN_ELEMENT);
            return;
        }
        if self.existence_differs(config, planned) {
            return;
        }
        self.attributes(&nested.attributes, prior, config, planned);
    }

    /// Elements of sets that are not known yet may turn out to be the same, so only sizes that can't become equal are wrong.
    fn set_size(&mut self, config: &Value, planned: &Value) {
        let (fewest, most) = set_bounds(config);
        let (least, largest) = set_bounds(planned);
        if least > most || fewest > largest {
            self.say(format!(
                "count in plan ({}) disagrees with count in config ({})",
                planned.children().len(),
                config.children().len()
            ));
        }
    }
}

/// Fewest and most elements that a set can have once all of them are known.
fn set_bounds(set: &Value) -> (usize, usize) {
    let elements = set.children();
    if !matches!(set.unmarked().kind(), Kind::Set(_)) {
        return (0, usize::MAX);
    }
    let known = elements
        .iter()
        .filter(|element| element.is_wholly_known())
        .count();
    let fewest = known.max(usize::from(!elements.is_empty()));
    (fewest, elements.len())
}

fn number(at: usize) -> Value {
    Value::number(i64::try_from(at).unwrap_or(i64::MAX))
}
