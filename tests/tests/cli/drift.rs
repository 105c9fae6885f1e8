//! Drift on the simulated cloud: finding it, undoing it, accepting it.

use super::folder::{Folder, Ran, repository};
use terrane_provider::args;
use terrane_sim::World;
use terrane_value::Value;

const CONFIG: &str = "terraform {\n  required_providers {\n    sim = { source = \"terrane.dev/test/sim\" }\n  }\n}\n\n# The network of the house.\nresource \"sim_network\" \"house\" {\n  name = \"house\" # short\n  cidr = \"10.0.0.0/16\"\n  tags = {\n    team = \"a\"\n  }\n}\n\nlocals {\n  size = \"small\"\n}\n\nresource \"sim_instance\" \"web\" {\n  name     = \"web\"\n  image    = \"img-1\"\n  size     = local.size\n  password = \"canary-0ne\"\n\n  disk {\n    size = 10\n  }\n}\n\nresource \"sim_disk\" \"many\" {\n  count = 2\n  name  = \"disk-${count.index}\"\n  size  = 5\n}\n";

struct Cloud {
    folder: Folder,
}

impl Cloud {
    /// After an apply.
    fn new() -> Self {
        let cloud = Self {
            folder: Folder::new(&[("main.tf", CONFIG)]),
        };
        cloud.run("apply -auto-approve").ok();
        cloud
    }

    fn run(&self, words: &str) -> Ran {
        let words: Vec<&str> = words.split_whitespace().collect();
        let ledger = self.folder.path().join("ledger");
        let env = [
            ("TERRANE_SIM", "1"),
            ("TERRANE_SIM_LEDGER", ledger.to_str().unwrap()),
        ];
        self.folder.run_with(&words, &env, "")
    }

    /// The cloud, for somebody else. Nobody else may be at it meanwhile.
    fn world(&self) -> World {
        World::recorded(&self.folder.path().join("ledger"), 1).unwrap()
    }

    /// Somebody else changes the object of this name.
    fn change(&self, name: &str, attribute: &str, value: Value) {
        let world = self.world();
        let found = id(&world, name);
        assert!(world.mutate(&found, |state| args::with(state, attribute, value)));
    }

    fn remove(&self, name: &str) {
        let world = self.world();
        assert!(world.remove(&id(&world, name)));
    }
}

fn id(world: &World, name: &str) -> String {
    let objects = world.objects();
    let found = objects
        .iter()
        .find(|object| args::string(&object.state, "name") == Some(name));
    found.unwrap().id.to_string()
}

fn tags(pairs: &[(&str, &str)]) -> Value {
    let entries = pairs
        .iter()
        .map(|(key, value)| ((*key).into(), Value::string(*value)));
    Value::map(terrane_value::Type::String, entries.collect())
}

#[test]
fn drift_is_found_classed_and_told_once() {
    let cloud = Cloud::new();
    cloud
        .run("drift")
        .ok()
        .says("4 objects read")
        .says("no drift");
    cloud.change("house", "tags", tags(&[("team", "b"), ("aws:by", "x")]));
    cloud.change("web", "password", Value::string("canary-tw0"));
    cloud.remove("disk-1");
    let world = cloud.world();
    let house = world.object(&id(&world, "house")).unwrap();
    world.add(
        "sim_network",
        &args::with(&house.state, "name", Value::string("strange")),
    );
    let before = cloud.folder.run("state pull").ok().out;

    let report = cloud.run("drift -json -unmanaged").exits(2).json();
    assert_eq!(report["format_version"], "1.0");
    assert_eq!(report["complete"], true);
    let summary = &report["summary"];
    for (name, count) in [
        ("read", 4),
        ("gone", 1),
        ("security", 1),
        ("changed", 1),
        ("harmless", 0),
        ("unmanaged", 1),
        ("new", 4),
        ("resolved", 0),
    ] {
        assert_eq!(summary[name], count, "{name} {report:#}");
    }
    assert_eq!(report["unmanaged"][0]["name"], "strange");
    let network = &report["drifted"][2];
    assert_eq!(network["address"], "sim_network.house");
    assert_eq!(network["differences"][0]["attribute"], "tags[\"aws:by\"]");
    assert_eq!(network["differences"][0]["class"], "harmless");
    assert_eq!(network["differences"][1]["before"], "a");
    assert_eq!(network["differences"][1]["after"], "b");
    let text = report.to_string();
    assert!(!text.contains("canary"), "{text}");

    // The second time nothing is new, and the state is as it was.
    let page = cloud.run("drift -new -html=drift.html").ok();
    assert!(!page.out.contains("sim_instance"), "{}", page.out);
    let html = cloud.folder.read("drift.html");
    assert!(html.contains("sim_network.house") && !html.contains("canary"));
    let kept = cloud.folder.read(".terrane/drift/default.json");
    assert!(!kept.contains("canary"), "{kept}");
    assert_eq!(cloud.folder.run("state pull").ok().out, before);
    cloud.run("drift -least=gone").exits(2);
    cloud.run("drift -target=sim_instance.web -least=gone").ok();
    cloud.run("drift -target=nothing").exits(1);
    cloud.run("drift -least=bad").exits(1).says("is no class");
    cloud.run("drift -watch=sometimes").exits(1).says("T6603");

    // What is made good is said once.
    cloud.change("house", "tags", tags(&[("team", "a")]));
    let report = cloud.run("drift -json -unmanaged").exits(2).json();
    assert_eq!(report["resolved"][0]["what"], "sim_network.house");
}

#[test]
fn drift_needs_no_configuration() {
    let cloud = Cloud::new();
    cloud.change("web", "size", Value::string("large"));
    std::fs::remove_file(cloud.folder.path().join("main.tf")).unwrap();
    cloud.run("drift").exits(2).says("sim_instance.web");
    cloud.folder.write(
        "own/providers.hcl",
        "provider \"sim\" {\n  region = \"here\"\n}\n",
    );
    cloud
        .run("drift -provider-config=own/providers.hcl")
        .exits(2)
        .says("size");
    cloud.folder.write(
        "own/providers.hcl",
        "provider \"sim\" {\n  region = \"nowhere\"\n}\n",
    );
    cloud
        .run("drift -provider-config=own/providers.hcl")
        .exits(1)
        .says("Unknown region");
    cloud.run("reconcile").exits(1).says("T6606");
}

/// What is not declared is not guessed.
#[test]
fn other_provider_configurations_must_be_declared() {
    let cloud = Cloud {
        folder: Folder::new(&[(
            "main.tf",
            "terraform {\n  required_providers {\n    sim = { source = \"terrane.dev/test/sim\" }\n  }\n}\nprovider \"sim\" {\n  alias = \"west\"\n}\nresource \"sim_network\" \"a\" {\n  provider = sim.west\n  name = \"a\"\n  cidr = \"10.0.0.0/16\"\n}\n",
        )]),
    };
    cloud.run("apply -auto-approve").ok();
    std::fs::remove_file(cloud.folder.path().join("main.tf")).unwrap();
    cloud.run("drift").exits(1).says("T6601").says("west");
    cloud.folder.write("p.hcl", "provider \"sim\" {}\n");
    cloud
        .run("drift -provider-config=p.hcl")
        .exits(1)
        .says("T6601");
    cloud
        .folder
        .write("p.hcl", "provider \"sim\" {\n  alias = \"west\"\n}\n");
    cloud
        .run("drift -provider-config=p.hcl")
        .ok()
        .says("1 objects read");
}

#[test]
fn drift_is_undone_by_a_plan() {
    let cloud = Cloud::new();
    cloud.run("reconcile").ok().says("Nothing has drifted");
    cloud.change("house", "tags", tags(&[("team", "b")]));
    cloud.remove("disk-1");
    cloud
        .run("reconcile -out=back.plan -detailed-exitcode")
        .exits(2)
        .says("sim_disk.many[1]")
        .says("1 to add, 1 to change");
    cloud.run("apply back.plan").ok().says("1 added, 1 changed");
    cloud.run("drift").ok().says("no drift");
}

#[test]
fn drift_is_accepted_by_an_edit() {
    let cloud = Cloud::new();
    cloud.change(
        "house",
        "tags",
        tags(&[("team", "b"), ("aws:by", "x"), ("owner", "me")]),
    );
    cloud.change("web", "size", Value::string("large"));
    cloud.change("web", "password", Value::string("canary-tw0"));
    cloud.change("disk-0", "size", Value::number(7));
    cloud.change("web", "name", Value::string("web-2"));
    let said = cloud.run("adopt -check").exits(2);
    assert_eq!(cloud.folder.read("main.tf"), CONFIG);
    assert!(!said.out.contains("canary"), "{}", said.out);
    let said = said
        .says("it is an expression: local.size")
        .says("main.tf:23")
        .says("its value is sensitive")
        .says("its block stands for several instances");
    assert!(said.out.contains("+    owner = \"me\""), "{}", said.out);
    cloud.run("adopt -write").ok();
    let expected = CONFIG
        .replace(
            "    team = \"a\"\n",
            "    owner = \"me\"\n    team  = \"b\"\n",
        )
        .replace("name     = \"web\"", "name     = \"web-2\"");
    assert_eq!(cloud.folder.read("main.tf"), expected);
    // What was accepted is not planned to be undone.
    let plan = cloud.run("plan -target=sim_network.house").ok();
    for change in ["+ \"owner\"", "- \"owner\"", "~ \"team\""] {
        assert!(!plan.out.contains(change), "{}", plan.out);
    }
}

/// The tables of the guide are those of the program.
#[test]
fn the_guide_has_the_tables() {
    let guide = std::fs::read_to_string(repository().join("docs/guide/drift.md")).unwrap();
    let tables = [
        terrane_plan::drift::TYPES,
        terrane_plan::drift::ATTRIBUTES,
        terrane_plan::drift::CLOUD_KEYS,
    ];
    for name in tables.concat() {
        assert!(
            guide.contains(&format!("`{name}`")),
            "{name} is not in the guide"
        );
    }
}
