//! Whatever is called in whatever order, with files honest or crafted: nothing is done that was not approved as the gates want it.
//!
//! A seeded game with the binary. Honest moves plan, approve, reject and apply. Dishonest ones give plans and approvals other names, bring back what was used, edit
//! what is signed, the log or the gates, try other workspaces and states, and apply one plan twice at the same time. What was done is read off the state, before and
//! after; a model that knows who looked at what says whether it may be. Clocks are the subject of the game in the gate room, which can set them.

use super::folder::{Folder, Ran};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrane_plan::file::decode;
use terrane_plan::plan::Action;
use terrane_tests::engine::Rng;
use terrane_value::Value;

/// How many games are played, and how many moves each has.
const SEEDS: u64 = 5;
const MOVES: usize = 40;
/// Ana and Bob plan, all three approve, and nobody knows Eve.
const PLANNERS: [&str; 2] = ["ana", "bob"];
const PEOPLE: [&str; 4] = ["ana", "bob", "cho", "eve"];
/// Deletions and replacements need two people, all else one, and other gates two.
const GATES: &str = "amend {\n  count = 2\n}\ngate \"one\" {\n  approvals {}\n}\ngate \"two\" {\n  match {\n    actions = [\"destroy\"]\n  }\n  approvals {\n    count = 2\n  }\n}\n";
const TEXTS: [&str; 4] = [
    "resource \"terraform_data\" \"a\" {\n  input = \"1\"\n}\nresource \"terraform_data\" \"b\" {\n  input = \"1\"\n  depends_on = [terraform_data.a]\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = \"2\"\n}\nresource \"terraform_data\" \"b\" {\n  input = \"1\"\n  depends_on = [terraform_data.a]\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = \"2\"\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = \"1\"\n  triggers_replace = \"x\"\n}\nresource \"terraform_data\" \"c\" {\n  input = \"3\"\n}\n",
];
/// Ways to make a plan that does something else with the same configuration.
const OPTIONS: [&str; 6] = [
    "",
    "",
    "-target=terraform_data.a",
    "-replace=terraform_data.a",
    "-destroy",
    "-destroy -target=terraform_data.a",
];

/// What is done to an object: its address, what, its id and input before, its input after.
type Deed = (String, &'static str, String, String, String);
/// Objects by address: id and input.
type Objects = BTreeMap<String, (String, String)>;

/// What a saved plan does.
fn deeds(file: &Path) -> BTreeSet<Deed> {
    let (saved, _) = decode(&std::fs::read(file).unwrap()).unwrap();
    let text = |value: &Value, name: &str| {
        let text = value.get(name).and_then(|value| value.unmarked().as_str());
        text.unwrap_or_default().to_owned()
    };
    let changes = saved.plan.changes.iter().filter_map(|change| {
        let what = match change.action {
            Action::NoOp => return None,
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            _ => "replace",
        };
        Some((
            change.addr.to_string(),
            what,
            text(&change.before, "id"),
            text(&change.before, "input"),
            text(&change.after, "input"),
        ))
    });
    changes.collect()
}

/// What was done between two looks at a state.
fn done(before: &Objects, after: &Objects) -> BTreeSet<Deed> {
    let nothing = (String::new(), String::new());
    let addresses: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let deeds = addresses.into_iter().filter_map(|address| {
        let (old, new) = (before.get(address), after.get(address));
        let what = match (old, new) {
            (old, new) if old == new => return None,
            (None, _) => "create",
            (_, None) => "delete",
            (Some((old, _)), Some((new, _))) if old == new => "update",
            _ => "replace",
        };
        let (id, from) = old.unwrap_or(&nothing).clone();
        let (_, to) = new.unwrap_or(&nothing).clone();
        Some((address.clone(), what, id, from, to))
    });
    deeds.collect()
}

/// An approval, and who has looked at what for it.
struct Approval {
    person: &'static str,
    deeds: BTreeSet<Deed>,
}

struct Plan {
    file: String,
    author: &'static str,
    deeds: BTreeSet<Deed>,
}

struct Game {
    folder: Folder,
    /// Another state under the same gates.
    elsewhere: Folder,
    rng: Rng,
    plans: Vec<Plan>,
    /// By their ids.
    approvals: BTreeMap<String, Approval>,
    /// Who said no last.
    against: BTreeMap<Deed, BTreeSet<&'static str>>,
    objects: Objects,
    files: usize,
    passed: usize,
    refused: usize,
}

fn objects(folder: &Folder) -> Objects {
    let pulled = folder.run("state pull").ok();
    let Ok(state) = serde_json::from_str::<Json>(&pulled.out) else {
        return Objects::new();
    };
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let one = |resource: &Json| {
        let attributes = &resource["instances"][0]["attributes"];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let address = format!("terraform_data.{}", text(&resource["name"]));
        let input = text(&attributes["input"]["value"]);
        (address, (text(&attributes["id"]), input))
    };
    resources.iter().map(one).collect()
}

impl Game {
    fn new(seed: u64) -> Self {
        let folder = Folder::new(&[]);
        let mut gates = String::new();
        for name in PEOPLE {
            let words = format!("key generate -no-passphrase -comment={name} -key={name}.key");
            let public = folder.run(&words).ok().out;
            if name != "eve" {
                let key = public.lines().last().unwrap();
                gates.extend([
                    "person \"",
                    name,
                    "\" {\n  keys = [\"",
                    key,
                    "\"]\n  accounts = [\"",
                    name,
                    "@*\"]\n}\n",
                ]);
            }
        }
        gates.push_str(GATES);
        folder.write("g.tfgate.hcl", &gates);
        let elsewhere = Folder::new(&[("g.tfgate.hcl", &gates), ("main.tf", TEXTS[0])]);
        Self {
            folder,
            elsewhere,
            rng: Rng::new(seed),
            plans: Vec::new(),
            approvals: BTreeMap::new(),
            against: BTreeMap::new(),
            objects: Objects::new(),
            files: 0,
            passed: 0,
            refused: 0,
        }
    }

    fn run(&self, user: &str, words: &str) -> Ran {
        let words: Vec<&str> = words.split_whitespace().collect();
        let env = [("USER", user), ("HOSTNAME", "desk")];
        self.folder.run_with(&words, &env, "")
    }

    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        of[self.rng.below(of.len())]
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn play(&mut self) {
        if self.plans.is_empty() {
            return self.plan();
        }
        let at = self.plans.len() - 1 - self.rng.below(self.plans.len().min(3));
        match self.rng.below(20) {
            0..=2 => self.plan(),
            3..=6 => self.approve(at),
            7 => self.reject(at),
            8..=10 => self.apply(at),
            11 => self.unplanned(),
            12 => self.tampered_plan(at),
            13 => self.others_approvals(at),
            14 => self.edited_approvals(at),
            15 => self.another_plan_of_that_name(at),
            16 => self.edited_log(at),
            17 => self.weaker_gates(at),
            18 => self.other_places(at),
            _ => self.twice_at_once(at),
        }
    }

    fn plan(&mut self) {
        let text = self.pick(&TEXTS);
        self.folder.write("main.tf", text);
        let author = self.pick(&PLANNERS);
        let options = self.pick(&OPTIONS);
        self.files += 1;
        let file = format!("p{}.plan", self.files);
        self.run(author, &format!("plan {options} -out={file}"))
            .ok();
        let deeds = deeds(&self.path(&file));
        self.plans.push(Plan {
            file,
            author,
            deeds,
        });
    }

    fn approve(&mut self, at: usize) {
        let people: &[&'static str] = match self.rng.below(4) {
            0 => &["cho"],
            1 => &["eve"],
            _ => &["ana", "bob", "cho"],
        };
        let only = match self.rng.below(4) {
            0 => " -only=terraform_data.a",
            _ => "",
        };
        for &person in people {
            let file = &self.plans[at].file;
            let words = format!("approve -auto-approve -json -key={person}.key{only} {file}");
            let ran = self.run(person, &words);
            if person == "eve" {
                ran.exits(1);
                continue;
            }
            if ran.exit != 0 {
                continue;
            }
            let id = ran.json()["id"].as_str().unwrap().to_owned();
            let deeds = self.looked_at(at, only);
            for deed in &deeds {
                self.against.entry(deed.clone()).or_default().remove(person);
            }
            self.approvals.insert(id, Approval { person, deeds });
        }
    }

    fn looked_at(&self, at: usize, only: &str) -> BTreeSet<Deed> {
        let all = self.plans[at].deeds.iter();
        let chosen = all.filter(|deed| only.is_empty() || deed.0 == "terraform_data.a");
        chosen.cloned().collect()
    }

    fn reject(&mut self, at: usize) {
        let person = self.pick(&["bob", "cho"]);
        let file = &self.plans[at].file;
        let words = format!("reject -auto-approve -key={person}.key {file}");
        if self.run(person, &words).exit == 0 {
            for deed in self.plans[at].deeds.clone() {
                self.against.entry(deed).or_default().insert(person);
            }
        }
    }

    fn apply(&mut self, at: usize) {
        let (file, author) = (self.plans[at].file.clone(), self.plans[at].author);
        self.attempt(&file, author);
    }

    /// Applies a file, whatever it is by now.
    fn attempt(&mut self, file: &str, author: &str) -> bool {
        let user = self.pick(&PLANNERS);
        let spent = self.spent();
        let ran = self.run(user, &format!("apply -input=false {file}"));
        self.judge(author, &spent, &format!("apply {file}: {}", ran.err));
        ran.exit == 0
    }

    /// Without a plan file: what is planned then is what was approved, or it is not done.
    fn unplanned(&mut self) {
        let user = self.pick(&PLANNERS);
        let words = self.pick(&[
            "apply -auto-approve",
            "apply -auto-approve -replace=terraform_data.a",
            "destroy -auto-approve",
            "apply -auto-approve -refresh-only",
        ]);
        let spent = self.spent();
        let ran = self.run(user, words);
        self.judge(user, &spent, &format!("{words}: {}", ran.err));
    }

    /// Ids of decisions that are used, by the log.
    fn spent(&self) -> BTreeSet<String> {
        let log = self.path("terrane.state/audit/default.log");
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let entries = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Json>(line).ok());
        let names: Vec<String> = entries
            .flat_map(|entry| entry["once"].as_array().cloned().unwrap_or_default())
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let ids = names
            .iter()
            .filter_map(|name| name.strip_prefix("decision:"));
        ids.map(str::to_owned).collect()
    }

    /// Looks at what was done, and whether it may be: by those approvals only that were not used before.
    fn judge(&mut self, author: &str, spent: &BTreeSet<String>, how: &str) {
        let now = objects(&self.folder);
        let deeds = done(&self.objects, &now);
        match deeds.is_empty() {
            true => self.refused += 1,
            false => self.passed += 1,
        }
        for deed in &deeds {
            let approvals = self.approvals.iter();
            let people: BTreeSet<&str> = approvals
                .filter(|(id, one)| !spent.contains(*id) && one.deeds.contains(deed))
                .map(|(_, one)| one.person)
                .filter(|person| *person != author)
                .collect();
            let needed = match deed.1 {
                "delete" | "replace" => 2,
                _ => 1,
            };
            let against = self.against.get(deed).is_some_and(|who| !who.is_empty());
            assert!(
                people.len() >= needed && !against,
                "{deed:?} was done, approved by {people:?}, by {how}"
            );
        }
        self.objects = now;
    }

    /// Nothing of this may be done.
    fn refuse(&mut self, file: &str) {
        let before = self.objects.clone();
        let went = self.attempt(file, "");
        assert!(!went && before == self.objects, "{file} was applied");
    }

    /// One bit of a plan is another one.
    fn tampered_plan(&mut self, at: usize) {
        let path = self.path(&self.plans[at].file);
        let mut bytes = std::fs::read(&path).unwrap();
        let place = self.rng.below(bytes.len());
        bytes[place] ^= 1 << self.rng.below(8);
        std::fs::write(self.path("t.plan"), bytes).unwrap();
        self.copy(
            &format!("{}.approvals", self.plans[at].file),
            "t.plan.approvals",
        );
        self.refuse("t.plan");
    }

    fn copy(&self, from: &str, to: &str) {
        drop(std::fs::remove_file(self.path(to)));
        drop(std::fs::copy(self.path(from), self.path(to)));
    }

    /// A copy of a plan, with the approvals of another one. The plan may have been applied before.
    fn others_approvals(&mut self, at: usize) {
        let other = self.rng.below(self.plans.len());
        self.copy(&self.plans[at].file, "c.plan");
        self.copy(
            &format!("{}.approvals", self.plans[other].file),
            "c.plan.approvals",
        );
        let author = self.plans[at].author;
        self.attempt("c.plan", author);
    }

    /// What was signed says something else.
    fn edited_approvals(&mut self, at: usize) {
        let file = self.plans[at].file.clone();
        let beside = self.path(&format!("{file}.approvals"));
        let Ok(text) = std::fs::read_to_string(&beside) else {
            return;
        };
        let edited = match self.rng.below(4) {
            0 => text.replace("\"reject\"", "\"approve\""),
            1 => text.replace("\"expires\"", "\"expired\""),
            2 => {
                let bytes = text.as_bytes();
                let place = self.rng.below(bytes.len());
                let mut bytes = bytes.to_vec();
                bytes[place] = b'0' + bytes[place] % 10;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => format!("{text}{text}"),
        };
        std::fs::write(&beside, edited).unwrap();
        let author = self.plans[at].author;
        self.attempt(&file, author);
        std::fs::write(&beside, text).unwrap();
    }

    /// A link names one plan when it is approved, and another one when it is applied.
    #[cfg(unix)]
    fn another_plan_of_that_name(&mut self, at: usize) {
        let link = self.path("link.plan");
        let other = self.rng.below(self.plans.len());
        for name in ["link.plan", "link.plan.approvals"] {
            drop(std::fs::remove_file(self.path(name)));
        }
        std::os::unix::fs::symlink(&self.plans[at].file, &link).unwrap();
        let ran = self.run("cho", "approve -auto-approve -json -key=cho.key link.plan");
        if ran.exit == 0 {
            let deeds = self.looked_at(at, "");
            for deed in &deeds {
                self.against.entry(deed.clone()).or_default().remove("cho");
            }
            let id = ran.json()["id"].as_str().unwrap().to_owned();
            let person = "cho";
            self.approvals.insert(id, Approval { person, deeds });
        }
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&self.plans[other].file, &link).unwrap();
        let author = self.plans[other].author;
        self.attempt("link.plan", author);
    }

    #[cfg(not(unix))]
    fn another_plan_of_that_name(&mut self, at: usize) {
        self.apply(at);
    }

    /// Something that is recorded is another thing. (Who takes off the end of the log is found with `audit -expect`.)
    fn edited_log(&mut self, at: usize) {
        let log = self.path("terrane.state/audit/default.log");
        let text = std::fs::read(&log).unwrap();
        let last = text[..text.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n');
        let Some(last) = last else { return };
        let mut edited = text.clone();
        if self.rng.chance(50) {
            edited[self.rng.below(last)] ^= 1 << self.rng.below(7);
        } else {
            // A whole line is gone.
            let starts: Vec<usize> = (0..last)
                .filter(|at| *at == 0 || text[at - 1] == b'\n')
                .collect();
            let which = self.rng.below(starts.len());
            let end = starts.get(which + 1).copied().unwrap_or(last + 1);
            edited.drain(starts[which]..end);
        }
        std::fs::write(&log, edited).unwrap();
        let file = self.plans[at].file.clone();
        let ran = self.run("ana", &format!("apply -input=false {file}"));
        assert_ne!(ran.exit, 0, "applied with an edited log: {}", ran.out);
        std::fs::write(&log, text).unwrap();
        assert_eq!(self.objects, objects(&self.folder), "{}", ran.err);
    }

    /// The files of gates ask for less, or are gone; and one person agrees, where two must.
    fn weaker_gates(&mut self, at: usize) {
        let strict = self.folder.read("g.tfgate.hcl");
        match self.rng.below(3) {
            0 => std::fs::remove_file(self.path("g.tfgate.hcl")).unwrap(),
            1 => self.folder.write(
                "g.tfgate.hcl",
                &strict.replace("approvals {}", "auto_approve = true"),
            ),
            _ => self
                .folder
                .write("z.tfgate.hcl", "gate \"all\" {\n  auto_approve = true\n}\n"),
        }
        let accept = "gates accept -auto-approve -key=bob.key";
        if self.rng.chance(50) {
            self.run("bob", accept);
        }
        let file = self.plans[at].file.clone();
        self.refuse(&file);
        self.run("ana", "apply -auto-approve").exits(1);
        drop(std::fs::remove_file(self.path("z.tfgate.hcl")));
        self.folder.write("g.tfgate.hcl", &strict);
        assert_eq!(self.objects, objects(&self.folder));
    }

    /// Plan and approvals are brought to another workspace, or to another state.
    fn other_places(&mut self, at: usize) {
        if self.plans[at].deeds.is_empty() {
            return;
        }
        let file = self.plans[at].file.clone();
        if self.rng.chance(50) {
            let made = self.run("ana", "workspace new other").exit;
            if made != 0 {
                self.run("ana", "workspace select other").ok();
            }
            let ran = self.run("ana", &format!("apply -input=false {file}"));
            let there = objects(&self.folder);
            self.run("ana", "workspace select default").ok();
            assert!(
                ran.exit != 0 && there.is_empty(),
                "applied in another workspace"
            );
        } else {
            for name in [file.clone(), format!("{file}.approvals")] {
                drop(std::fs::copy(
                    self.path(&name),
                    self.elsewhere.path().join(&name),
                ));
            }
            let ran = self.elsewhere.run(&format!("apply -input=false {file}"));
            assert_ne!(ran.exit, 0, "applied to another state");
            assert!(objects(&self.elsewhere).is_empty());
        }
    }

    /// Two processes apply the same plan. What was approved once is done once.
    fn twice_at_once(&mut self, at: usize) {
        let Plan {
            file,
            author,
            deeds,
        } = &self.plans[at];
        let (file, author, acts) = (file.clone(), *author, !deeds.is_empty());
        let spent = self.spent();
        let words = format!("apply -input=false -lock-timeout=20s {file}");
        let went = std::thread::scope(|scope| {
            let both = ["ana", "bob"].map(|user| scope.spawn(|| self.run(user, &words).exit == 0));
            let ended = both.map(|one| usize::from(one.join().unwrap()));
            ended.iter().sum::<usize>()
        });
        assert!(went < 2 || !acts, "{file} was applied twice");
        self.judge(author, &spent, "two applies at once");
    }
}

#[test]
fn nothing_is_done_that_nobody_approved() {
    let played: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let games = (0..SEEDS).map(|seed| {
            scope.spawn(move || {
                let mut game = Game::new(seed);
                for _ in 0..MOVES {
                    game.play();
                }
                (game.passed, game.refused)
            })
        });
        let games: Vec<_> = games.collect();
        games.into_iter().map(|game| game.join().unwrap()).collect()
    });
    let passed: usize = played.iter().map(|(passed, _)| passed).sum();
    let refused: usize = played.iter().map(|(_, refused)| refused).sum();
    // The game is of no use if nothing ever passes.
    assert!(
        passed > 5 && refused > 30,
        "{passed} passed, {refused} were refused"
    );
}
