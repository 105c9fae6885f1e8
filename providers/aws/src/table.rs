//! What a resource type is: a table of calls.
//!
//! A table says which operations make, read, change and delete an object, and what its id is. Which attribute goes where is a rule ([`Names`]): an
//! attribute `visibility_timeout` is the member `VisibilityTimeout`; a table says only what the rule does not find. What AWS does oddly is done by
//! functions that a table names.
//!
//! Texts of tables hold places in braces: `{name}` is the attribute, `{id}` the object's id, `{account}`, `{region}`, `{partition}`, `{suffix}` (of host names)
//! are what they say, `{token}` is the name of the change. A text that is one place only stands for the value, whatever its type. A place that begins with a
//! mark, `{:qualifier}`, is the mark and what is there, or nothing.

use crate::run::Run;
use crate::shape::Names;
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

/// A resource type.
pub struct Table {
    /// Its name: `aws_sqs_queue`.
    pub name: &'static str,
    /// botocore's name of its service.
    pub service: &'static str,
    pub(crate) names: Names,
    pub(crate) local: Vec<&'static str>,
    pub(crate) quiet: Vec<&'static str>,
    pub(crate) unsupported: Vec<&'static str>,
    pub(crate) by_function: Vec<&'static str>,
    pub(crate) at_first: Vec<&'static str>,
    pub(crate) create: Option<Step>,
    pub(crate) then: Vec<Step>,
    pub(crate) read: Vec<Step>,
    pub(crate) update: Vec<Step>,
    pub(crate) delete: Vec<Step>,
    pub(crate) id: Id,
    pub(crate) arn: Option<&'static str>,
    pub(crate) import: Option<&'static str>,
    pub(crate) tags: Tags,
    pub(crate) tagged_by: &'static str,
    pub(crate) lazy_tags: bool,
    pub(crate) told: Vec<(&'static str, &'static str)>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) retries: Vec<Retry>,
    pub(crate) not_found: Vec<&'static str>,
    pub(crate) gone_when: Vec<(&'static str, &'static [&'static str])>,
    pub(crate) recomputed: Vec<(&'static str, &'static [&'static str])>,
    pub(crate) replaced_by: Vec<&'static str>,
    pub(crate) input: Option<fn(&str, &mut Json, &Value)>,
    pub(crate) answer: Option<fn(&str, &mut Json)>,
    pub(crate) found: Option<fn(&Run<'_>, Value) -> Value>,
    pub(crate) planned: Option<fn(&Value, &Value, &mut PlanResponse)>,
    pub(crate) hooks: Option<Box<dyn Hooks>>,
}

/// Where the id comes from.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The answer to the creation: a path.
    Out(&'static str),
    /// Attributes: a text with places.
    Of(&'static str),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) operation: &'static str,
    pub(crate) service: Option<&'static str>,
    pub(crate) sets: Vec<(&'static str, &'static str)>,
    /// Attributes are put into the input by the rule.
    pub(crate) fills: bool,
    pub(crate) only: Vec<&'static str>,
    pub(crate) except: Vec<&'static str>,
    /// A member that is a map of texts: attributes and their keys there. On a change only those that change.
    pub(crate) map: Option<(&'static str, Pairs)>,
    /// One call for each of these that is set or changes: the members for its key and its text.
    pub(crate) each: Option<(&'static str, &'static str, Pairs)>,
    /// On a change the rule puts only what changes into the input (and what the operation requires).
    pub(crate) partial: bool,
    /// Where the object is in the answer.
    pub(crate) at: &'static str,
    /// The attribute that the answer is; none: its attributes are found by the rule.
    pub(crate) into: Option<&'static str>,
    pub(crate) when: When,
    /// Functions that change inputs see an object of which nothing is set: what is put is nothing.
    pub(crate) empties: bool,
    /// Errors that mean: nothing there.
    pub(crate) none_when: Vec<&'static str>,
    /// On creation: not needed while the attribute is this.
    pub(crate) initially: Option<Json>,
    /// Attributes that were set and are not any more: the member, and the JSON that clears it.
    pub(crate) clears: Vec<(&'static str, &'static str, &'static str)>,
}

/// Attributes, and the keys of a map of texts.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

/// When a call is made on a change.
#[derive(Clone, Debug)]
pub enum When {
    /// When an attribute that is in its input changes.
    Changed,
    /// When one of these changes.
    Any(Vec<&'static str>),
    /// When this one changes to something.
    Set(&'static str),
    /// When this one changes to nothing.
    Unset(&'static str),
}

/// How tags are kept.
#[derive(Clone, Copy, Debug)]
pub enum Tags {
    /// There are none.
    None,
    /// As in EC2: given on creation with this type of resource, found in the object.
    Ec2(&'static str),
    /// By calls of the service that take a key.
    Calls {
        /// Reads them; none: they are found in the object.
        list: Option<&'static str>,
        /// Adds.
        add: &'static str,
        /// Removes.
        remove: &'static str,
        /// The member of all three that says of what.
        key: &'static str,
        /// What is put there.
        of: &'static str,
    },
    /// By other means: a hook.
    Hook,
}

/// Waiting for a state.
#[derive(Clone, Debug)]
pub struct Wait {
    pub(crate) on: Phase,
    /// Path in the object.
    pub(crate) path: &'static str,
    /// Where it goes.
    pub(crate) target: &'static [&'static str],
    /// On the way there; all others are failures, if there are any.
    pub(crate) pending: &'static [&'static str],
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An object is made.
    Create,
    /// It is looked at.
    Read,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// An error that goes away.
#[derive(Clone, Debug)]
pub struct Retry {
    pub(crate) on: &'static [Phase],
    pub(crate) code: &'static str,
    /// In the message; may be empty.
    pub(crate) message: &'static str,
    pub(crate) seconds: u64,
}

/// What a table cannot say. Each answers `None` for: as the table says.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Makes the object: its id and what is known of it, before it is read.
    async fn create(&self, _run: &Run<'_>, _planned: &Value) -> Answered<Option<(String, Value)>> {
        Ok(None)
    }

    /// After the object was made, before it is read.
    async fn created(&self, _run: &Run<'_>, _object: &Value) -> Answered<()> {
        Ok(())
    }

    /// Reads the object: `Some(None)`: it is gone.
    async fn read(&self, _run: &Run<'_>, _object: &Value) -> Answered<Option<Option<Value>>> {
        Ok(None)
    }

    /// After it was read by the table.
    async fn found(&self, _run: &Run<'_>, object: Value, _prior: &Value) -> Answered<Value> {
        Ok(object)
    }

    /// Changes the object, beside what the table does.
    async fn update(&self, _run: &Run<'_>, _prior: &Value, _planned: &Value) -> Answered<()> {
        Ok(())
    }

    /// Before it is deleted. `true`: that was all.
    async fn delete(&self, _run: &Run<'_>, _object: &Value) -> Answered<bool> {
        Ok(false)
    }

    /// What is known of an object by its import id, if that is not as the table says.
    fn import(&self, _id: &str) -> Option<Vec<(&'static str, String)>> {
        None
    }

    /// What is known by an import id, with what has to be looked up before the object can be read.
    async fn imported(&self, _run: &Run<'_>, known: Value) -> Answered<Value> {
        Ok(known)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Table").field(&self.name).finish()
    }
}

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
        at: "",
        into: None,
        when: When::Changed,
        empties: false,
        none_when: Vec::new(),
        initially: None,
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
            replaced_by: Vec::new(),
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

    /// Changes what was found.
    pub(crate) fn found(mut self, change: fn(&Run<'_>, Value) -> Value) -> Self {
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
