//! Writes a configuration as text. References that can't be (the target is gone, or has no instance) are left out, and with them blocks that
//! can't be without.

use super::model::{Block, Call, Item, Kind, Model, Module, Ref, Repeat, What};
use crate::engine::Project;

impl Kind {
    fn type_name(self) -> &'static str {
        match self {
            Self::Network => "sim_network",
            Self::Subnet => "sim_subnet",
            Self::Instance => "sim_instance",
            Self::Disk => "sim_disk",
            Self::Data => "terraform_data",
        }
    }

    fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Network => &["id", "name", "cidr"],
            Self::Subnet => &["id", "cidr"],
            Self::Instance => &["id", "name", "ip_address", "size"],
            Self::Disk => &["id"],
            Self::Data => &["id", "output"],
        }
    }
}

/// What one module looks like.
struct Writer<'a> {
    module: &'a Module,
    root: bool,
    locals: Vec<String>,
    text: String,
}

impl Model {
    /// As files.
    pub(super) fn render(&self) -> Project {
        let mut project = Project::default();
        let last = self.modules.len() - 1;
        for (at, module) in self.modules.iter().enumerate() {
            let root = at == last;
            let mut writer = Writer {
                module,
                root,
                locals: Vec::new(),
                text: String::new(),
            };
            writer.write();
            let folder = if root {
                ".".to_owned()
            } else {
                format!("m{at}")
            };
            project = project.file(&folder, "main.tf", &writer.text);
        }
        project
    }
}

impl Writer<'_> {
    fn write(&mut self) {
        if !self.root {
            self.text.push_str("variable \"prefix\" { type = string }\nvariable \"parent\" {\n  type    = string\n  default = null\n}\nvariable \"note\" {\n  type    = string\n  default = \"\"\n}\n");
        }
        for item in &self.module.items {
            match &item.what {
                What::Block(block) => self.block(item, block),
                What::Call(call) => self.call(item, call),
            }
        }
        for (kind, old, new) in &self.module.moved {
            let name = kind.type_name();
            self.text.extend([format!(
                "moved {{\n  from = {name}.r{old}\n  to   = {name}.r{new}\n}}\n"
            )]);
        }
        for (at, local) in self.locals.iter().enumerate() {
            self.text
                .extend([format!("locals {{ l{at} = {local} }}\n")]);
        }
        let outputs: Vec<String> = self
            .module
            .items
            .iter()
            .filter_map(|item| {
                let whole = Ref {
                    to: item.number,
                    way: 0,
                    local: false,
                };
                self.module
                    .mentionable(usize::MAX)
                    .contains(&item.number)
                    .then(|| self.whole(&whole))
                    .flatten()
            })
            .collect();
        if self.root {
            for (at, value) in outputs.iter().enumerate() {
                self.text
                    .extend([format!("output \"o{at}\" {{ value = {value} }}\n")]);
            }
        } else {
            self.text.extend([format!(
                "output \"out\" {{ value = join(\"/\", [{}]) }}\n",
                outputs.join(", ")
            )]);
        }
    }

    fn prefix(&self) -> &'static str {
        if self.root { "" } else { "${var.prefix}" }
    }

    fn block(&mut self, item: &Item, block: &Block) {
        let (repeat, own) = self.repetition(item);
        let prefix = self.prefix();
        let label = item.number;
        let parent = block
            .parent
            .clone()
            .and_then(|parent| self.one(&parent, item, Some("id")));
        let parent = parent.or_else(|| {
            (block.kind == Kind::Subnet && !self.root).then(|| "var.parent".to_owned())
        });
        let notes: Vec<String> = block
            .notes
            .clone()
            .iter()
            .filter_map(|note| self.note(note, item))
            .collect();
        let tags = format!(
            "  tags = {{ tint = \"{}\", note = join(\",\", [{}]) }}\n",
            block.tint,
            notes.join(", ")
        );
        let body = match block.kind {
            Kind::Network => format!(
                "  name = \"{prefix}n{label}-{own}\"\n  cidr = \"10.{}.0.0/16\"\n{tags}",
                block.revision
            ),
            Kind::Subnet => match parent {
                Some(parent) => format!(
                    "  network_id = {parent}\n  cidr = \"10.{}.1.0/24\"\n{tags}",
                    block.revision
                ),
                None => return,
            },
            Kind::Instance => format!(
                "  name = \"i{label}-{}\"\n  image = \"img{}\"\n  subnet_id = {}\n{tags}",
                block.tint,
                block.revision,
                parent.as_deref().unwrap_or("null")
            ),
            Kind::Disk => format!(
                "  name = \"{prefix}d{}-{own}\"\n  size = {}\n  zone = \"z{}\"\n  instance_id = {}\n",
                item.label,
                1 + block.tint,
                block.revision,
                parent.as_deref().unwrap_or("null")
            ),
            Kind::Data => format!(
                "  input = \"{} ${{join(\",\", [{}])}}\"\n  triggers_replace = {}\n",
                block.tint,
                notes.join(", "),
                block.revision
            ),
        };
        let lifecycle = self.lifecycle(block);
        let mut depends_on = self.depends_on(item);
        if block.provisioned {
            depends_on.push_str(
                "  provisioner \"local-exec\" { command = \"echo ${self.id}\" }\n  provisioner \"local-exec\" {\n    when = destroy\n    command = \"echo ${self.id}\"\n  }\n",
            );
        }
        let name = block.kind.type_name();
        self.text.extend([format!(
            "resource \"{name}\" \"r{}\" {{\n{repeat}{body}{lifecycle}{depends_on}}}\n",
            item.label
        )]);
        if block.looked_up {
            let own = format!("{name}.r{}", item.label);
            self.text.extend([format!("data \"sim_network\" \"d{label}\" {{\n  name = \"{prefix}n{label}-\"\n  depends_on = [{own}]\n}}\n")]);
            self.text.extend([format!("resource \"terraform_data\" \"d{label}\" {{ input = data.sim_network.d{label}.cidr }}\n")]);
        }
    }

    fn lifecycle(&self, block: &Block) -> String {
        let mut lifecycle = String::new();
        if block.cbd {
            lifecycle.push_str("    create_before_destroy = true\n");
        }
        if block.ignore_tags && matches!(block.kind, Kind::Network | Kind::Subnet | Kind::Instance)
        {
            lifecycle.push_str("    ignore_changes = [tags]\n");
        }
        if let Some(trigger) = block.trigger.and_then(|to| self.name(to)) {
            lifecycle.extend([format!("    replace_triggered_by = [{trigger}]\n")]);
        }
        if lifecycle.is_empty() {
            lifecycle
        } else {
            format!("  lifecycle {{\n{lifecycle}  }}\n")
        }
    }

    fn call(&mut self, item: &Item, call: &Call) {
        let (repeat, own) = self.repetition(item);
        let mut body = format!("  prefix = \"{}c{}-{own}-\"\n", self.prefix(), item.label);
        // Blocks in a module take the network as it is, so it is always there.
        match call
            .parent
            .clone()
            .and_then(|parent| self.one(&parent, item, Some("id")))
        {
            Some(parent) => body.extend([format!("  parent = {parent}\n")]),
            None if self.root => return,
            None => body.push_str("  parent = var.parent\n"),
        }
        if let Some(note) = call.note.clone().and_then(|note| self.note(&note, item)) {
            body.extend([format!("  note = {note}\n")]);
        }
        let depends_on = self.depends_on(item);
        self.text.extend([format!(
            "module \"r{}\" {{\n  source = \"{}m{}\"\n{repeat}{body}{depends_on}}}\n",
            item.label,
            if self.root { "./" } else { "../" },
            call.module
        )]);
    }

    fn depends_on(&self, item: &Item) -> String {
        let names: Vec<String> = item
            .depends_on
            .iter()
            .filter_map(|to| self.name(*to))
            .collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("  depends_on = [{}]\n", names.join(", "))
        }
    }

    /// The argument that repeats an item, and what tells its instances apart.
    fn repetition(&self, item: &Item) -> (String, &'static str) {
        let like = match &item.repeat {
            Repeat::Like(other) => self.name(*other),
            _ => None,
        };
        match (self.module.repeat(item), like) {
            (Repeat::Count(_), Some(other)) => {
                (format!("  count = length({other})\n"), "${count.index}")
            }
            (Repeat::Each(_), Some(other)) => (format!("  for_each = {other}\n"), "${each.key}"),
            (Repeat::Count(count), None) => (format!("  count = {count}\n"), "${count.index}"),
            (Repeat::Each(keys), None) => {
                let keys: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
                (
                    format!("  for_each = toset([{}])\n", keys.join(", ")),
                    "${each.key}",
                )
            }
            (Repeat::Single | Repeat::Like(_), _) => (String::new(), ""),
        }
    }

    /// The item as a reference, if it is there.
    fn name(&self, number: usize) -> Option<String> {
        let item = self.module.item(number)?;
        match &item.what {
            What::Block(block) => self
                .exists(item)
                .then(|| format!("{}.r{}", block.kind.type_name(), item.label)),
            What::Call(_) => self.exists(item).then(|| format!("module.r{}", item.label)),
        }
    }

    /// Whether the item is written at all.
    fn exists(&self, item: &Item) -> bool {
        match &item.what {
            What::Block(block) if block.kind == Kind::Subnet => {
                !self.root
                    || block
                        .parent
                        .as_ref()
                        .is_some_and(|parent| self.available(parent))
            }
            What::Block(_) => true,
            What::Call(call) => {
                !self.root
                    || call
                        .parent
                        .as_ref()
                        .is_some_and(|parent| self.available(parent))
            }
        }
    }

    /// Whether a reference to one instance can be written.
    fn available(&self, reference: &Ref) -> bool {
        let Some(item) = self.module.item(reference.to) else {
            return false;
        };
        let empty = match self.module.repeat(item) {
            Repeat::Count(count) => count == 0,
            Repeat::Each(keys) => keys.is_empty(),
            Repeat::Single | Repeat::Like(_) => false,
        };
        self.exists(item) && !empty
    }

    /// One string of one instance.
    fn one(&mut self, reference: &Ref, from: &Item, attribute: Option<&str>) -> Option<String> {
        if !self.available(reference) {
            return None;
        }
        let target = self.module.item(reference.to)?;
        let name = self.name(reference.to)?;
        let attribute = match (&target.what, attribute) {
            (What::Call(_), _) => "out",
            (What::Block(_), Some(attribute)) => attribute,
            (What::Block(block), None) => {
                let all = block.kind.attributes();
                all[reference.way % all.len()]
            }
        };
        let own = self.module.repeat(from);
        let mut fixed = true;
        let key = match (self.module.repeat(target), own) {
            (Repeat::Single | Repeat::Like(_), _) => String::new(),
            (Repeat::Count(there), Repeat::Count(here)) if !reference.way.is_multiple_of(4) => {
                fixed = false;
                if here <= there {
                    "[count.index]".to_owned()
                } else {
                    format!("[count.index % {there}]")
                }
            }
            (Repeat::Count(there), _) => format!("[{}]", reference.way % there),
            (Repeat::Each(_), Repeat::Each(_)) if from.repeat == Repeat::Like(reference.to) => {
                return Some(format!("each.value.{attribute}"));
            }
            (Repeat::Each(there), Repeat::Each(here))
                if here.is_subset(&there) && !reference.way.is_multiple_of(4) =>
            {
                fixed = false;
                "[each.key]".to_owned()
            }
            (Repeat::Each(there), _) if reference.way.is_multiple_of(3) => {
                return Some(format!(
                    "[for k, v in {name} : v.{attribute}][{}]",
                    reference.way % there.len()
                ));
            }
            (Repeat::Each(there), _) => {
                format!("[\"{}\"]", there.iter().nth(reference.way % there.len())?)
            }
        };
        let expression = format!("{name}{key}.{attribute}");
        Some(if reference.local && fixed {
            self.local(expression)
        } else {
            expression
        })
    }

    fn local(&mut self, expression: String) -> String {
        self.locals.push(expression);
        format!("local.l{}", self.locals.len() - 1)
    }

    /// All instances, as one string.
    fn whole(&self, reference: &Ref) -> Option<String> {
        let target = self.module.item(reference.to)?;
        let name = self.name(reference.to)?;
        let attribute = match &target.what {
            What::Call(_) => "out",
            What::Block(block) => {
                let all = block.kind.attributes();
                all[reference.way % all.len()]
            }
        };
        Some(match self.module.repeat(target) {
            Repeat::Single | Repeat::Like(_) => format!("\"${{{name}.{attribute}}}\""),
            Repeat::Count(_) => format!("join(\",\", {name}[*].{attribute})"),
            Repeat::Each(_) => format!("join(\",\", [for k, v in {name} : v.{attribute}])"),
        })
    }

    /// A reference of either kind.
    fn note(&mut self, reference: &Ref, from: &Item) -> Option<String> {
        if reference.way.is_multiple_of(3) {
            let whole = self.whole(reference)?;
            return Some(if reference.local {
                self.local(whole)
            } else {
                whole
            });
        }
        self.one(reference, from, None)
    }
}
