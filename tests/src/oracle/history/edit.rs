//! Changes a configuration into the next of its history.

use super::generate::{Generator, Place};
use super::model::{Config, Repeat};

/// A configuration being changed.
pub(super) struct Editor<'a> {
    pub(super) generator: &'a mut Generator,
    pub(super) config: Config,
}

impl Editor<'_> {
    /// Makes some changes; the result is further arguments of `plan`.
    pub(super) fn edit(&mut self) -> Vec<String> {
        self.config.moved.clear();
        self.config.removed.clear();
        for _ in 0..=self.generator.rng.below(3) {
            match self.generator.rng.below(14) {
                0..=3 => self.change_value(),
                4 => self.remove(),
                5 => self.forget(),
                6 | 7 => self.rename(),
                8 => self.repeat_otherwise(),
                9 => self.add(),
                10 => self.change_lifecycle(),
                11 => self.change_output(),
                12 => self.remove_call(),
                _ => self.change_variable(),
            }
        }
        let target = self.pick();
        let resources = &self.config.root.resources;
        let name = target.and_then(|at| Some(resources.get(at)?.name.clone()));
        match (self.generator.rng.below(14), name) {
            (0, Some(name)) => vec![format!("-replace=terraform_data.{name}")],
            (1, Some(name)) => vec![format!("-target=terraform_data.{name}")],
            (2, _) => vec![String::from("-refresh-only")],
            (3, _) => vec![String::from("-refresh=false")],
            _ => Vec::new(),
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let count = self.config.root.resources.len();
        (count > 0).then(|| self.generator.rng.below(count))
    }

    fn change_value(&mut self) {
        let Some(at) = self.pick() else { return };
        // What comes later may refer to it.
        let mut before = self.config.root.clone();
        before.resources.truncate(at);
        before.calls.clear();
        let resource = &mut self.config.root.resources[at];
        let place = Place::within(&before, &resource.repeat);
        if self.generator.rng.chance(70) {
            resource.input = Some(self.generator.value(place, 2));
        } else {
            resource.triggers = Some(self.generator.value(place, 1));
        }
    }

    fn remove(&mut self) {
        if let Some(at) = self.pick() {
            self.config.root.resources.remove(at);
        }
    }

    fn forget(&mut self) {
        let Some(at) = self.pick() else { return };
        let resource = self.config.root.resources.remove(at);
        let destroy = self.generator.rng.chance(30);
        let address = format!("terraform_data.{}", resource.name);
        self.config.removed.push((address, destroy));
    }

    fn rename(&mut self) {
        let Some(at) = self.pick() else { return };
        let id = self.generator.id();
        let resource = &mut self.config.root.resources[at];
        let from = format!("terraform_data.{}", resource.name);
        resource.name = format!("r{id}");
        let to = format!("terraform_data.{}", resource.name);
        if self.config.moved.iter().any(|(_, known)| *known == from) {
            return;
        }
        if self.generator.rng.chance(85) {
            self.config.moved.push((from, to));
        }
    }

    fn repeat_otherwise(&mut self) {
        let Some(at) = self.pick() else { return };
        let mut before = self.config.root.clone();
        before.resources.truncate(at);
        before.calls.clear();
        let resource = &mut self.config.root.resources[at];
        let from = std::mem::replace(&mut resource.repeat, self.generator.repeat(&before));
        let place = Place::within(&before, &resource.repeat);
        resource.input = Some(self.generator.value(place, 2));
        if resource.triggers.is_some() {
            resource.triggers = Some(self.generator.value(place, 1));
        }
        let name = format!("terraform_data.{}", resource.name);
        if self.generator.rng.chance(40) {
            let key = |repeat: &Repeat| match repeat {
                Repeat::Once => String::new(),
                Repeat::Count(_) => String::from("[0]"),
                Repeat::ForEach(_) => String::from("[\"a\"]"),
            };
            let (old, new) = (key(&from), key(&resource.repeat));
            if old != new {
                self.config
                    .moved
                    .push((format!("{name}{old}"), format!("{name}{new}")));
            }
        }
    }

    fn add(&mut self) {
        let resource = self.generator.resource(&self.config.root);
        self.config.root.resources.push(resource);
    }

    fn change_lifecycle(&mut self) {
        let Some(at) = self.pick() else { return };
        let mut before = self.config.root.clone();
        before.resources.truncate(at);
        before.calls.clear();
        let other = self.generator.resource(&before);
        let resource = &mut self.config.root.resources[at];
        if matches!(resource.repeat, Repeat::Once) == matches!(other.repeat, Repeat::Once)
            && !matches!(resource.repeat, Repeat::ForEach(_))
            && !matches!(other.repeat, Repeat::ForEach(_))
        {
            resource.lifecycle = other.lifecycle;
            resource.blocks = other.blocks;
            resource.depends_on = other.depends_on;
        }
    }

    fn change_output(&mut self) {
        let count = self.config.root.outputs.len();
        if count == 0 {
            return;
        }
        let at = self.generator.rng.below(count);
        if self.generator.rng.chance(30) {
            self.config.root.outputs.remove(at);
            return;
        }
        let value = self.generator.value(Place::of(&self.config.root), 2);
        self.config.root.outputs[at].value = value;
    }

    fn remove_call(&mut self) {
        let count = self.config.root.calls.len();
        if count == 0 {
            return;
        }
        let at = self.generator.rng.below(count);
        let call = &mut self.config.root.calls[at];
        match self.generator.rng.below(3) {
            0 => {
                let from = format!("module.{}", call.name);
                call.name = format!("m{}", self.generator.id());
                self.config
                    .moved
                    .push((from, format!("module.{}", call.name)));
            }
            1 => {
                let call = self.config.root.calls.remove(at);
                let destroy = self.generator.rng.chance(30);
                self.config
                    .removed
                    .push((format!("module.{}", call.name), destroy));
            }
            _ => {
                self.config.root.calls.remove(at);
            }
        }
    }

    fn change_variable(&mut self) {
        let count = self.config.root.variables.len();
        if count == 0 {
            return;
        }
        let at = self.generator.rng.below(count);
        let variable = &mut self.config.root.variables[at];
        let optional = variable.body.iter().any(|line| line.starts_with("default"));
        variable.value = match &variable.value {
            Some(_) if optional => None,
            _ => Some(String::from("null")),
        };
    }
}
