//! A random configuration as a structure, so that it can be edited and written in a valid form.

use crate::engine::Rng;
use std::collections::BTreeSet;

/// Keys that `for_each` may have.
pub(super) const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// The resource types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Network,
    Subnet,
    Instance,
    Disk,
    Data,
}

/// How often an item is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    Single,
    Count(usize),
    Each(BTreeSet<&'static str>),
    /// As often as another block: `for_each = that` or `count = length(that)`.
    Like(usize),
}

/// A reference to an item of the same module.
#[derive(Clone, Debug)]
pub(super) struct Ref {
    /// Number of the item.
    pub(super) to: usize,
    /// Chooses among the ways to write it.
    pub(super) way: usize,
    /// Through a local value, where that can be.
    pub(super) local: bool,
}

/// A resource block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// Its value makes the object a new one when it changes.
    pub(super) revision: usize,
    /// Its value changes in place.
    pub(super) tint: usize,
    /// `create_before_destroy`; never changes, see [`Model`].
    pub(super) cbd: bool,
    /// The object that it belongs to.
    pub(super) parent: Option<Ref>,
    /// Other references.
    pub(super) notes: Vec<Ref>,
    pub(super) ignore_tags: bool,
    pub(super) trigger: Option<usize>,
    /// It has a provisioner.
    pub(super) provisioned: bool,
    /// A data source looks for it by name, and nothing else refers to it.
    pub(super) looked_up: bool,
}

/// A module call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Which of the modules.
    pub(super) module: usize,
    /// The network that it is given.
    pub(super) parent: Option<Ref>,
    pub(super) note: Option<Ref>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Block(Block),
    Call(Call),
}

/// Something in a module.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its place in the order: it refers to lower ones only.
    pub(super) number: usize,
    /// Its name ends so.
    pub(super) label: usize,
    pub(super) repeat: Repeat,
    pub(super) depends_on: Vec<usize>,
    pub(super) what: What,
}

/// A module: items in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    pub(super) items: Vec<Item>,
    pub(super) next: usize,
    /// `moved` blocks: kind, old label, new label.
    pub(super) moved: Vec<(Kind, usize, usize)>,
}

/// A configuration. The cloud refuses to delete what is referred to, and disks of the same name. So that every plan can be carried out:
/// what others refer to in place (subnets of instances, instances of disks) is create-before-destroy, for ever; disks are referred to by nothing.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The root is the last one; a module calls only earlier ones.
    pub(super) modules: Vec<Module>,
}

impl Module {
    pub(super) fn item(&self, number: usize) -> Option<&Item> {
        self.items.iter().find(|item| item.number == number)
    }

    /// The repetition of an item, with [`Repeat::Like`] followed.
    pub(super) fn repeat(&self, item: &Item) -> Repeat {
        match &item.repeat {
            Repeat::Like(other) => match self.item(*other) {
                Some(other)
                    if other.number < item.number && matches!(other.what, What::Block(_)) =>
                {
                    self.repeat(other)
                }
                _ => Repeat::Single,
            },
            repeat => repeat.clone(),
        }
    }

    fn blocks_of(&self, below: usize, fits: impl Fn(&Block) -> bool) -> Vec<usize> {
        let fitting = self.items.iter().filter(|item| item.number < below);
        fitting
            .filter(|item| matches!(&item.what, What::Block(block) if fits(block)))
            .map(|item| item.number)
            .collect()
    }

    /// What a block of this kind may belong to.
    pub(super) fn parents(&self, kind: Kind, below: usize) -> Vec<usize> {
        match kind {
            Kind::Subnet => self.blocks_of(below, |block| {
                block.kind == Kind::Network && !block.looked_up
            }),
            Kind::Instance => {
                self.blocks_of(below, |block| block.kind == Kind::Subnet && block.cbd)
            }
            Kind::Disk => self.blocks_of(below, |block| block.kind == Kind::Instance && block.cbd),
            Kind::Network | Kind::Data => Vec::new(),
        }
    }

    /// What anything may mention.
    pub(super) fn mentionable(&self, below: usize) -> Vec<usize> {
        let fitting = self.items.iter().filter(|item| item.number < below);
        fitting
            .filter(|item| match &item.what {
                What::Block(block) => block.kind != Kind::Disk && !block.looked_up,
                What::Call(_) => true,
            })
            .map(|item| item.number)
            .collect()
    }
}

pub(super) fn reference(rng: &mut Rng, among: &[usize]) -> Option<Ref> {
    let to = *rng.pick(among)?;
    Some(Ref {
        to,
        way: rng.below(64),
        local: rng.chance(25),
    })
}

pub(super) fn repeat(rng: &mut Rng, module: &Module, below: usize) -> Repeat {
    match rng.below(10) {
        0..=3 => Repeat::Single,
        4..=6 => Repeat::Count(rng.below(4)),
        7 | 8 => Repeat::Each(KEYS.into_iter().filter(|_| rng.chance(50)).collect()),
        _ => {
            let others =
                module.blocks_of(below, |block| !block.looked_up && block.kind != Kind::Disk);
            rng.pick(&others)
                .map_or(Repeat::Single, |other| Repeat::Like(*other))
        }
    }
}

impl Model {
    /// A random one.
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut model = Self {
            modules: Vec::new(),
        };
        for _ in 0..rng.below(3) {
            let module = model.module(rng, 4, false);
            model.modules.push(module);
        }
        let root = model.module(rng, 9, true);
        model.modules.push(root);
        model
    }

    fn module(&self, rng: &mut Rng, most: usize, root: bool) -> Module {
        let mut module = Module::default();
        for _ in 0..=rng.below(most) {
            self.add(rng, &mut module, self.modules.len(), root);
        }
        module
    }

    /// Adds a random item to a module, which may call those before `callable`.
    pub(super) fn add(&self, rng: &mut Rng, module: &mut Module, callable: usize, root: bool) {
        let number = module.next;
        module.next += 1;
        let what = if callable > 0 && rng.chance(20) {
            let networks = module.parents(Kind::Subnet, number);
            What::Call(Call {
                module: rng.below(callable),
                parent: reference(rng, &networks),
                note: reference(rng, &module.mentionable(number)),
            })
        } else {
            What::Block(block(rng, module, number, root))
        };
        let looked_up = matches!(&what, What::Block(block) if block.looked_up);
        let depends_on = match rng.chance(15) && !looked_up {
            true => rng
                .pick(&module.mentionable(number))
                .copied()
                .into_iter()
                .collect(),
            false => Vec::new(),
        };
        let repeat = if looked_up {
            Repeat::Single
        } else {
            repeat(rng, module, number)
        };
        module.items.push(Item {
            number,
            label: number,
            repeat,
            depends_on,
            what,
        });
    }
}

fn block(rng: &mut Rng, module: &Module, number: usize, root: bool) -> Block {
    let kinds = [
        Kind::Network,
        Kind::Network,
        Kind::Subnet,
        Kind::Subnet,
        Kind::Instance,
        Kind::Instance,
        Kind::Disk,
        Kind::Data,
        Kind::Data,
    ];
    // What depends on a module depends on all in it, and a disk can't be create-before-destroy.
    let kind = rng
        .pick(&kinds)
        .copied()
        .filter(|kind| root || *kind != Kind::Disk)
        .unwrap_or(Kind::Data);
    let looked_up = root && kind == Kind::Network && rng.chance(25);
    let parent = reference(rng, &module.parents(kind, number));
    let mut notes = Vec::new();
    while !looked_up && rng.chance(40) {
        notes.extend(reference(rng, &module.mentionable(number)));
    }
    let trigger = match kind == Kind::Data && rng.chance(30) {
        true => rng
            .pick(&module.blocks_of(number, |block| !block.looked_up && block.kind != Kind::Disk))
            .copied(),
        false => None,
    };
    Block {
        kind,
        revision: 0,
        tint: 0,
        cbd: kind != Kind::Disk && !looked_up && rng.chance(45),
        parent,
        notes,
        ignore_tags: rng.chance(10),
        trigger,
        provisioned: rng.chance(15),
        looked_up,
    }
}
