//! How tables are written.

use super::{
    Alike, Bulk, Cut, Derived, Hooks, Id, Members, Pairs, Phase, Retry, Step, Table, Tags, Wait,
    When,
};
use crate::run::Run;
use crate::shape::{Names, Shape};
use serde_json::Value as Json;
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

/// A call of an operation. What is created or changed is put into the input by the rule; a call that reads or deletes says [`Step::set`] what it takes.
pub(crate) fn op(operation: &'static str) -> Step {
    Step {
        operation,
        service: None,
        sets: Vec::new(),
        fills: true,
        only: Vec::new(),
        except: Vec::new(),
        map: None,
        each: None,
        partial: false,
        inside: "",
        at: "",
        lifts: Vec::new(),
        into: None,
        when: When::Changed,
        empties: false,
        none_when: Vec::new(),
        initially: None,
        bag: None,
        omits: Vec::new(),
        carries: Vec::new(),
        clears: Vec::new(),
    }
}

impl Step {
    /// A member of the input, and a text with places.
    pub(crate) fn set(mut self, member: &'static str, text: &'static str) -> Self {
        self.sets.push((member, text));
        self
    }

    /// The rule puts only these attributes into the input.
    pub(crate) fn only(mut self, names: &[&'static str]) -> Self {
        self.only.extend(names);
        self
    }

    /// The rule puts not these.
    pub(crate) fn except(mut self, names: &[&'static str]) -> Self {
        self.except.extend(names);
        self
    }

    /// Attributes go into a member that is a map of texts.
    pub(crate) fn map(mut self, member: &'static str, pairs: Pairs) -> Self {
        self.map = Some((member, pairs));
        self
    }

    /// One call for each of these: the members for its key and its text.
    pub(crate) fn each(mut self, key: &'static str, text: &'static str, pairs: Pairs) -> Self {
        self.each = Some((key, text, pairs));
        self.fills = false;
        self
    }

    /// On a change only what changes is sent.
    pub(crate) fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// The rule puts nothing into the input.
    pub(crate) fn bare(mut self) -> Self {
        self.fills = false;
        self
    }

    /// The rule puts attributes into this member.
    pub(crate) fn inside(mut self, member: &'static str) -> Self {
        self.inside = member;
        self
    }

    /// The form of what the rule puts attributes into.
    pub(crate) fn target<'s>(&self, input: &'s Shape) -> &'s Shape {
        match self.inside {
            "" => input,
            member => input.at(member).unwrap_or(&Shape::Any),
        }
    }

    /// What is told beside the object becomes a member of it.
    pub(crate) fn lift(mut self, path: &'static str, member: &'static str) -> Self {
        self.lifts.push((path, member));
        self
    }

    /// Where the object is in the answer.
    pub(crate) fn at(mut self, path: &'static str) -> Self {
        self.at = path;
        self
    }

    /// The answer is this attribute.
    pub(crate) fn into(mut self, attribute: &'static str) -> Self {
        self.into = Some(attribute);
        self
    }

    /// When it is made.
    pub(crate) fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// What it puts is empty, whatever the object has.
    pub(crate) fn empties(mut self) -> Self {
        self.empties = true;
        self
    }

    /// Errors that mean: there is nothing.
    pub(crate) fn none_when(mut self, codes: &[&'static str]) -> Self {
        self.none_when.extend(codes);
        self
    }

    /// On a change: what clears an attribute (its member, and the JSON that is put there).
    pub(crate) fn clear(
        mut self,
        name: &'static str,
        member: &'static str,
        json: &'static str,
    ) -> Self {
        self.clears.push((name, member, json));
        self
    }

    /// Not needed on creation while the attribute is this.
    pub(crate) fn initially(mut self, value: impl Into<Json>) -> Self {
        self.initially = Some(value.into());
        self
    }

    /// What is read is a map of texts, or a list of keys and values: attributes (`block.name` within blocks) and their keys there.
    pub(crate) fn bag(mut self, pairs: Pairs) -> Self {
        self.bag = Some(pairs);
        self
    }

    /// A member that is not sent while it is this: what the configuration says for "nothing".
    pub(crate) fn omit(mut self, member: &'static str, value: impl Into<Json>) -> Self {
        self.omits.push((member, value.into()));
        self
    }

    /// The object is read first, and what is at a path of the answer goes into a member: versions and marks without which nothing is changed.
    pub(crate) fn carry(mut self, path: &'static str, member: &'static str) -> Self {
        self.carries.push((path, member));
        self
    }
}

impl Table {
    /// A type of a service.
    pub(crate) fn new(name: &'static str, service: &'static str) -> Self {
        Self {
            name,
            service,
            names: Names::default(),
            local: Vec::new(),
            quiet: Vec::new(),
            unsupported: Vec::new(),
            by_function: Vec::new(),
            at_first: Vec::new(),
            create: None,
            then: Vec::new(),
            read: Vec::new(),
            update: Vec::new(),
            delete: Vec::new(),
            id: Id::Of("{name}"),
            arn: None,
            import: None,
            tags: Tags::None,
            tagged_by: "{id}",
            lazy_tags: false,
            told: Vec::new(),
            waits: Vec::new(),
            retries: Vec::new(),
            not_found: Vec::new(),
            gone_when: Vec::new(),
            recomputed: Vec::new(),
            alike: Vec::new(),
            replaced_by: Vec::new(),
            members: Vec::new(),
            derived: Vec::new(),
            bulk: None,
            prefix: "terraform-",
            id_cut: Cut::Whole,
            input: None,
            answer: None,
            found: None,
            planned: None,
            hooks: None,
        }
    }

    /// What stands before names in the API: with `Role`, `name` is `RoleName`.
    pub(crate) fn noun(mut self, noun: &'static str) -> Self {
        self.names.nouns.push(noun);
        self
    }

    /// Attributes, and what they are called in the API where the rule does not find it: a path; empty: the API does not have it.
    pub(crate) fn names(mut self, renames: &[(&'static str, &'static str)]) -> Self {
        self.names.renames.extend(renames);
        self
    }

    /// Attributes that the API does not have: they are kept as they are.
    pub(crate) fn local(mut self, names: &[&'static str]) -> Self {
        self.local.extend(names);
        self.names
            .renames
            .extend(names.iter().map(|name| (*name, "")));
        self
    }

    /// Attributes that AWS sets by itself: looked at only where they are set.
    pub(crate) fn quiet(mut self, names: &[&'static str]) -> Self {
        self.quiet.extend(names);
        self
    }

    /// Arguments (`a`, `a.b`) that are known and that nothing is done with: a plan that sets one is an error.
    pub(crate) fn unsupported(mut self, paths: &[&'static str]) -> Self {
        self.unsupported.extend(paths);
        let whole = paths.iter().copied().filter(|path| !path.contains('.'));
        let whole: Vec<&'static str> = whole.collect();
        self.local(&whole)
    }

    /// Arguments that functions send, on creation and on changes; `*`: all.
    pub(crate) fn by_function(mut self, names: &[&'static str]) -> Self {
        self.by_function.extend(names);
        self
    }

    /// Arguments that functions send on creation only.
    pub(crate) fn at_first(mut self, names: &[&'static str]) -> Self {
        self.at_first.extend(names);
        self
    }

    /// How an object is made.
    pub(crate) fn create(mut self, step: Step) -> Self {
        self.create = Some(step);
        self
    }

    /// What is called on creation too, where the attributes that it puts into its input are set, and on changes.
    pub(crate) fn also(mut self, step: Step) -> Self {
        self.then.push(step.clone());
        self.update.push(step);
        self
    }

    /// How an object is read.
    pub(crate) fn read(mut self, step: Step) -> Self {
        self.read.push(step.bare());
        self
    }

    /// How it is changed.
    pub(crate) fn update(mut self, step: Step) -> Self {
        self.update.push(step);
        self
    }

    /// How it is deleted.
    pub(crate) fn delete(mut self, step: Step) -> Self {
        self.delete.push(step.bare());
        self
    }

    /// The id is in the answer to the creation.
    pub(crate) fn id_out(mut self, path: &'static str) -> Self {
        self.id = Id::Out(path);
        self
    }

    /// Of the id in the answer only this is the id.
    pub(crate) fn id_cut(mut self, cut: Cut) -> Self {
        self.id_cut = cut;
        self
    }

    /// The id is made of attributes.
    pub(crate) fn id(mut self, text: &'static str) -> Self {
        self.id = Id::Of(text);
        self
    }

    /// The ARN, where the API does not say it.
    pub(crate) fn arn(mut self, text: &'static str) -> Self {
        self.arn = Some(text);
        self
    }

    /// What an import id is made of, if it is not the id.
    pub(crate) fn import(mut self, text: &'static str) -> Self {
        self.import = Some(text);
        self
    }

    /// What tags are put to, where it is not the id.
    pub(crate) fn tagged_by(mut self, text: &'static str) -> Self {
        self.tagged_by = text;
        self
    }

    /// Attributes that every answer tells, and where: an answer without it says nothing of them.
    pub(crate) fn told(mut self, names: &[(&'static str, &'static str)]) -> Self {
        self.told.extend(names);
        self
    }

    /// Tags are asked for only where the object has some: not every partition has this call.
    pub(crate) fn lazy_tags(mut self) -> Self {
        self.lazy_tags = true;
        self
    }

    /// How tags are kept.
    pub(crate) fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Tags by calls: to read (none: they are in the object), add, remove; the member that says of what, and what is put there.
    pub(crate) fn tag_calls(
        self,
        list: &'static str,
        (add, remove): (&'static str, &'static str),
        key: &'static str,
        of: &'static str,
    ) -> Self {
        let list = (!list.is_empty()).then_some(list);
        self.tags(Tags::Calls {
            list,
            add,
            remove,
            key,
            of,
        })
    }

    /// Waits for a state.
    pub(crate) fn wait(
        mut self,
        on: &[Phase],
        path: &'static str,
        target: &'static [&'static str],
        pending: &'static [&'static str],
    ) -> Self {
        self.waits.extend(on.iter().map(|on| Wait {
            on: *on,
            path,
            target,
            pending,
        }));
        self
    }

    /// The elements of an attribute are added and removed by calls of their own. `member`: where they go; where it is no list, there is a call for each. They
    /// are added on creation too, where the creation does not take them.
    pub(crate) fn members(
        mut self,
        attribute: &'static str,
        add: Step,
        remove: Step,
        member: &'static str,
    ) -> Self {
        self.members.push(Members {
            attribute,
            add: add.bare(),
            remove: remove.bare(),
            member,
        });
        self
    }

    /// An attribute that is another one, or a part of it: a text with places, and what is left of it.
    pub(crate) fn derive(mut self, name: &'static str, of: &'static str, cut: Cut) -> Self {
        self.derived.push(Derived { name, of, cut });
        self
    }

    /// What names begin with that are left to the provider altogether.
    pub(crate) fn prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Many objects are read in one call, at most so many: the first step of reading takes a list of ids (or, in EC2, a filter for them), and answers a list.
    pub(crate) fn bulk(mut self, most: u32) -> Self {
        self.bulk = Some(Bulk { most, step: None });
        self
    }

    /// Many objects are read by another step: its first member is the list of ids, it answers a list (`at`) of objects whose id is `key`.
    pub(crate) fn bulk_by(mut self, step: Step, key: &'static str, most: u32) -> Self {
        self.bulk = Some(Bulk {
            most,
            step: Some((step.bare(), key)),
        });
        self
    }

    /// An error that goes away by itself.
    pub(crate) fn retry(
        mut self,
        on: &'static [Phase],
        code: &'static str,
        message: &'static str,
        seconds: u64,
    ) -> Self {
        self.retries.push(Retry {
            on,
            code,
            message,
            seconds,
        });
        self
    }

    /// Codes of errors that mean that there is no such object.
    pub(crate) fn not_found(mut self, codes: &[&'static str]) -> Self {
        self.not_found.extend(codes);
        self
    }

    /// An object whose member is one of these is gone.
    pub(crate) fn gone_when(mut self, path: &'static str, states: &'static [&'static str]) -> Self {
        self.gone_when.push((path, states));
        self
    }

    /// The computed attribute becomes unknown when one of these changes; none: when any does.
    pub(crate) fn recomputed(mut self, name: &'static str, by: &'static [&'static str]) -> Self {
        self.recomputed.push((name, by));
        self
    }

    /// A value that is no change of an attribute (prior, plan): what AWS made of none, or another spelling.
    pub(crate) fn alike(mut self, name: &'static str, alike: Alike) -> Self {
        self.alike.push((name, alike));
        self
    }

    /// Further attributes whose change needs a new object.
    pub(crate) fn replaced_by(mut self, names: &[&'static str]) -> Self {
        self.replaced_by.extend(names);
        self
    }

    /// Changes inputs (operation, input, object) before they are sent.
    pub(crate) fn input(mut self, change: fn(&str, &mut Json, &Value)) -> Self {
        self.input = Some(change);
        self
    }

    /// Changes answers (operation, what was found) before they are read.
    pub(crate) fn answer(mut self, change: fn(&str, &mut Json)) -> Self {
        self.answer = Some(change);
        self
    }

    /// Changes what was found; beside it what the first step of reading answered.
    pub(crate) fn found(mut self, change: fn(&Run<'_>, Value, &Json) -> Value) -> Self {
        self.found = Some(change);
        self
    }

    /// Changes plans (prior, configuration, plan).
    pub(crate) fn planned(mut self, change: fn(&Value, &Value, &mut PlanResponse)) -> Self {
        self.planned = Some(change);
        self
    }

    /// What a table cannot say.
    pub(crate) fn hooks(mut self, hooks: impl Hooks + 'static) -> Self {
        self.hooks = Some(Box::new(hooks));
        self
    }
}
