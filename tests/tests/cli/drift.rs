//! Drift on the simulated cloud: finding it, undoing it, accepting it.

use super::folder::{Folder, Ran, binary, repository};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
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
    assert_eq!(report["format_version"], "1.1");
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
        .says("1 object read");
}

#[test]
fn drift_is_undone_by_a_plan() {
    let cloud = Cloud::new();
    cloud.run("reconcile").ok().says("Nothing has drifted");
    cloud.change("house", "tags", tags(&[("team", "b")]));
    cloud.remove("disk-1");
    let planned = cloud
        .run("reconcile -out=back.plan -detailed-exitcode -max-calls-per-minute=600")
        .exits(2)
        .says("sim_disk.many[1]")
        .says("1 to add, 1 to change");
    // Nobody has given these targets.
    assert!(
        !planned.out.contains("Resource targeting"),
        "{}",
        planned.out
    );
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

/// What is written once and said of several objects, or said again elsewhere, is not edited for one of them.
#[test]
fn an_edit_is_only_of_what_it_is_about() {
    const NEEDS: &str = "terraform {\n  required_providers {\n    sim = { source = \"terrane.dev/test/sim\" }\n  }\n}\n";
    let network = |block: &str, name: &str| {
        format!(
            "resource \"sim_network\" \"{block}\" {{\n  name = {name}\n  cidr = \"10.0.0.0/16\"\n  tags = {{\n    team = \"a\"\n  }}\n}}\n"
        )
    };
    let shared = format!(
        "{NEEDS}variable \"name\" {{}}\n{}",
        network("x", "var.name")
    );
    let own = format!("{NEEDS}{}", network("x", "\"own\""));
    let main = format!(
        "{NEEDS}module \"a\" {{\n  source = \"./shared\"\n  name   = \"a\"\n}}\nmodule \"b\" {{\n  source = \"./shared\"\n  name   = \"b\"\n}}\nmodule \"c\" {{\n  source = \"./own\"\n}}\n{}resource \"sim_instance\" \"web\" {{\n  name  = \"web\"\n  image = \"i\"\n  disk {{\n    size = 1\n  }}\n  disk {{\n    size = 2\n  }}\n  endpoint \"in\" {{\n    path = \"/\"\n  }}\n}}\n",
        network("o", "\"over\"")
    );
    let windows = network("w", "\"dos\"").replace('\n', "\r\n");
    let over = "resource \"sim_network\" \"o\" {\n  tags = {\n    team = \"a\"\n  }\n}\n";
    let json = r#"{"resource": {"sim_network": {"j": {"name": "json", "cidr": "10.0.0.0/16", "tags": {"team": "a"}}}}}"#;
    let cloud = Cloud {
        folder: Folder::new(&[
            ("main.tf", &main),
            ("shared/main.tf", &shared),
            ("own/main.tf", &own),
            ("windows.tf", &windows),
            ("main_override.tf", over),
            ("j.tf.json", json),
        ]),
    };
    cloud.run("init").ok();
    cloud.run("apply -auto-approve").ok();
    for name in ["a", "b", "own", "over", "dos", "json"] {
        cloud.change(name, "tags", tags(&[("team", "z"), ("more", "1")]));
    }
    let world = cloud.world();
    let web = world.object(&id(&world, "web")).unwrap().state;
    drop(world);
    // The first disk is gone: the second is the first now.
    let disks = web.get("disk").unwrap().children()[1..].to_vec();
    let disks = Value::list(disks[0].ty(), disks);
    cloud.change("web", "disk", disks);
    let path = terrane_value::Path::new().attr("endpoint");
    let path = path.index(Value::string("in")).attr("path");
    let moved = terrane_value::path::replace(&web, &path, Value::string("/new"));
    cloud.change("web", "endpoint", moved.get("endpoint").unwrap().clone());

    let said = cloud.run("adopt -write").ok();
    for (file, text) in [("shared/main.tf", &shared), ("j.tf.json", &json.to_owned())] {
        assert_eq!(cloud.folder.read(file), *text, "{file}");
    }
    let expected = main.replace("path = \"/\"", "path = \"/new\"");
    assert_eq!(cloud.folder.read("main.tf"), expected);
    let tagged = |text: &str, newline: &str| {
        let (before, after) = (
            format!("    team = \"a\"{newline}"),
            format!("    more = \"1\"{newline}    team = \"z\"{newline}"),
        );
        text.replace(&before, &after)
    };
    assert_eq!(cloud.folder.read("own/main.tf"), tagged(&own, "\n"));
    assert_eq!(cloud.folder.read("windows.tf"), tagged(&windows, "\r\n"));
    said.says("its module is called from several places")
        .says("the file main_override.tf may override its block")
        .says("its block is written in JSON")
        .says("it is about disk blocks that come or go");
    // What was accepted is not planned to be undone.
    let plan = cloud.run("plan -json").ok().out;
    for (address, changes) in [
        ("module.c.sim_network.x", false),
        ("sim_network.w", false),
        ("sim_network.o", true),
    ] {
        let found = plan.lines().any(|line| {
            line.contains("planned_change") && line.contains(&format!("\"addr\":\"{address}\""))
        });
        assert_eq!(found, changes, "{address}: {plan}");
    }
}

/// Undoing drift destroys nothing that is only not configured any more.
#[test]
fn what_is_not_configured_any_more_is_left_as_it_is() {
    let cloud = Cloud::new();
    let (before, _) = CONFIG.split_once("resource \"sim_disk\"").unwrap();
    cloud.folder.write("main.tf", before);
    cloud.change("disk-0", "size", Value::number(7));
    let said = cloud.run("reconcile -out=back.plan").ok();
    said.says("T6608").says("sim_disk.many[0]");
    assert!(!cloud.folder.has("back.plan"));
    cloud.change("house", "tags", tags(&[("team", "b")]));
    cloud
        .run("reconcile -out=back.plan")
        .ok()
        .says("T6608")
        .says("0 to add, 1 to change, 0 to destroy");
    cloud.run("apply back.plan").ok();
    let world = cloud.world();
    id(&world, "disk-0");
}

/// A mail server in the clear; it gives what it was told when the client is done.
fn mail_server() -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut told, mut in_message) = (String::new(), false);
        stream.write_all(b"220 here\r\n").unwrap();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return told;
            }
            told.push_str(&line);
            let answer = match line.trim_end() {
                "." => "250 taken",
                _ if in_message => continue,
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                line if line.starts_with("EHLO") => "250-here\r\n250 AUTH PLAIN",
                line if line.starts_with("AUTH") => "235 welcome",
                _ => "250 fine",
            };
            in_message = answer.starts_with("354");
            stream
                .write_all(format!("{answer}\r\n").as_bytes())
                .unwrap();
        }
    });
    (port, told)
}

#[test]
fn reports_are_mailed_and_passwords_are_not_logged() {
    let cloud = Cloud::new();
    cloud.change("web", "size", Value::string("large"));
    cloud.change("web", "password", Value::string("canary-tw0"));
    cloud.remove("disk-1");
    let (port, told) = mail_server();
    cloud.folder.write(
        "notify.hcl",
        &format!("email \"team\" {{\n  server = \"127.0.0.1\"\n  port = {port}\n  tls = \"none\"\n  from = \"t@example.com\"\n  to = [\"ops@example.com\"]\n  username = \"t\"\n  password_env = \"MAIL\"\n}}\n"),
    );
    let ledger = cloud.folder.path().join("ledger");
    let env = [
        ("TERRANE_SIM", "1"),
        ("TERRANE_SIM_LEDGER", ledger.to_str().unwrap()),
        ("MAIL", "canary-m41l"),
        ("TF_LOG", "trace"),
    ];
    let ran = cloud
        .folder
        .run_with(&["drift", "-notify=notify.hcl"], &env, "");
    let ran = ran.exits(2);
    let told = told.join().unwrap();
    for expected in [
        "AUTH PLAIN AHQAY2FuYXJ5LW00MWw=",
        "Subject: Drift in workspace default: 1 gone, 1 security, 0 changed, 0 not",
        "sim_disk.many[1]",
        "Security depends on it",
        "text/html",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    for said in [&ran.out, &ran.err] {
        for secret in ["canary", "AHQAY2FuYXJ5LW00MWw="] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    assert!(!told.contains("canary"), "{told}");
    // Nothing new: nobody is told.
    cloud.run("drift -notify=notify.hcl").exits(2);
}

/// Whoever reads a report with a program gets nothing else on standard output.
#[test]
fn warnings_are_beside_reports_in_json() {
    let cloud = Cloud::new();
    cloud.remove("disk-1");
    // Its address is not known.
    cloud.folder.write(
        "notify.hcl",
        "webhook \"w\" {\n  url_env = \"NOT_SET\"\n}\n",
    );
    let ran = cloud.run("drift -json -notify=notify.hcl").exits(2);
    assert_eq!(ran.json()["summary"]["gone"], 1);
    assert!(ran.err.contains("T6605"), "{}", ran.err);
}

#[test]
fn what_cannot_be_listed_is_named() {
    let cloud = Cloud {
        folder: Folder::new(&[(
            "main.tf",
            &format!("{CONFIG}resource \"terraform_data\" \"x\" {{}}\n"),
        )]),
    };
    cloud.run("apply -auto-approve").ok();
    let unlisted = |words: &str| -> Vec<String> {
        let report = cloud.run(words).ok().json();
        let unlisted = report["unlisted"].as_array().unwrap().iter();
        unlisted
            .map(|one| format!("{}: {}", one["type"], one["problem"]))
            .collect()
    };
    let cannot = "\"terraform_data\": \"its provider cannot list it\"";
    assert_eq!(unlisted("drift -json -unmanaged"), [cannot]);
    assert!(unlisted("drift -json").is_empty());
    assert!(unlisted("drift -json -unmanaged-type=sim_*").is_empty());
    assert!(unlisted("drift -json -unmanaged -target=sim_disk.many").is_empty());
    assert_eq!(
        unlisted("drift -json -unmanaged-type=sim_netwrok -unmanaged-type=sim_disk"),
        ["\"sim_netwrok\": \"no provider of what is looked at can list a type of this name\""]
    );
    let report = cloud
        .run("drift -json -unmanaged-type=sim_disk")
        .ok()
        .json();
    assert_eq!(report["listed"][0]["type"], "sim_disk");
    cloud
        .run("drift -unmanaged")
        .ok()
        .says("terraform_data (its provider cannot list it)");
    cloud
        .run("drift -target=sim_disk.many -exclude=terraform_data.x")
        .exits(1)
        .says("can't be given together");
}

/// A `drift -watch` that runs.
struct Watching {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Watching {
    fn start(cloud: &Cloud, words: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(words)
            .current_dir(cloud.folder.path())
            .env_clear()
            .env("TERRANE_SIM", "1")
            .env("TERRANE_SIM_LEDGER", cloud.folder.path().join("ledger"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            out: BufReader::new(child.stdout.take().unwrap()),
            err: BufReader::new(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Sends a signal and waits for the end: the exit code, and what else was written.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

/// It looks at once, then waits for a moment that is far away, until it is told to end.
#[cfg(unix)]
#[test]
fn watching_ends_well() {
    let cloud = Cloud::new();
    cloud.change("web", "size", Value::string("large"));
    let state = cloud.folder.run("state pull").ok().out;
    for signal in ["-TERM", "-INT"] {
        let mut watching =
            Watching::start(&cloud, &["drift", "-watch=0 0 29 2 *", "-now", "-json"]);
        let mut line = String::new();
        watching.err.read_line(&mut line).unwrap();
        assert!(
            line.starts_with("Looking now, and first on schedule at 20"),
            "{line}"
        );
        line.clear();
        watching.out.read_line(&mut line).unwrap();
        let report: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(report["drifted"][0]["address"], "sim_instance.web");
        assert_eq!(
            watching.end(signal),
            (Some(0), String::new(), String::new())
        );
    }
    // It waits from the beginning.
    let mut watching = Watching::start(
        &cloud,
        &["drift", "-watch=0 0 29 2 *", "-timezone=Europe/Vienna"],
    );
    let mut line = String::new();
    watching.err.read_line(&mut line).unwrap();
    assert!(line.contains("T23:00:00Z"), "{line}");
    assert_eq!(
        watching.end("-TERM"),
        (Some(0), String::new(), String::new())
    );
    // What went wrong does not end it.
    cloud.folder.write("main.tf", "resource {\n");
    let mut watching = Watching::start(&cloud, &["drift", "-watch=0 0 29 2 *", "-now"]);
    let mut said = String::new();
    while !said.contains("main.tf") {
        assert!(watching.err.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert_eq!(watching.end("-TERM").0, Some(0));
    cloud.folder.write("main.tf", CONFIG);
    assert_eq!(cloud.folder.run("state pull").ok().out, state);
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
