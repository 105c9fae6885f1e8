//! States in real stores through the binary: moved between any two, looked after, and left alone when a move fails.

use super::folder::Folder;
use super::services::http_server::Instead;
use super::services::moto::Moto;
use super::services::{Kind, Spot};
use terrane_store_pg::testing::Server as Postgres;

fn resource(input: &str) -> String {
    format!(
        "resource \"terraform_data\" \"a\" {{\n  input = \"{input}\"\n}}\noutput \"o\" {{\n  value = terraform_data.a.output\n}}\n"
    )
}

/// What tells one state, and its history, from others.
fn state(folder: &Folder) -> (String, String) {
    let pulled = folder.run("state pull").ok().json();
    let id = &pulled["resources"][0]["instances"][0]["attributes"]["id"];
    let history = folder.run("state history").ok().out;
    (
        format!("{} {} {id}", pulled["lineage"], pulled["serial"]),
        history,
    )
}

/// A configuration that was applied three times.
fn with_history(spot: &Spot) -> Folder {
    let folder = Folder::new(&[]);
    for (round, input) in ["x", "y", "z"].iter().enumerate() {
        folder.write("main.tf", &format!("{}{}", spot.block, resource(input)));
        if round == 0 {
            folder.run("init").ok();
        }
        folder.run("apply -auto-approve").ok();
    }
    folder
}

/// Goes from every kind to every other one, each time to a place that holds nothing: state and history come along.
#[test]
fn states_move_between_any_two_kinds_of_stores_with_their_history() {
    let mut kinds = vec![Kind::Embedded, Kind::Local, Kind::Http, Kind::Pg];
    if Moto::start().is_some() {
        kinds.push(Kind::S3);
    }
    let folder = with_history(&Spot::new(Kind::Embedded, 0).unwrap());
    let before = state(&folder);
    assert_eq!(
        before
            .1
            .lines()
            .filter(|line| line.contains("apply"))
            .count(),
        3
    );
    let mut at = Kind::Embedded;
    for (number, to) in circuit(&kinds).into_iter().enumerate() {
        let spot = Spot::new(to, number).unwrap();
        if to == Kind::Embedded {
            std::fs::remove_dir_all(folder.path().join("terrane.state")).unwrap();
        }
        folder.write("main.tf", &format!("{}{}", spot.block, resource("z")));
        folder
            .run("init -force-copy -input=false")
            .ok()
            .says("read back and compared")
            .says("The history went along: 3 versions.");
        assert_eq!(state(&folder), before, "from {at:?} to {to:?}");
        at = to;
    }
    folder.run("plan -detailed-exitcode").ok();
    folder
        .run("state show -version=3 terraform_data.a")
        .ok()
        .says("\"x\"");
}

/// A way along every arrow between any two, once, which ends where it began.
fn circuit(kinds: &[Kind]) -> Vec<Kind> {
    let mut left: Vec<Vec<usize>> = (0..kinds.len())
        .map(|from| (0..kinds.len()).filter(|to| *to != from).collect())
        .collect();
    let (mut open, mut way) = (vec![0], Vec::new());
    while let Some(&at) = open.last() {
        match left[at].pop() {
            Some(next) => open.push(next),
            None => way.extend(open.pop()),
        }
    }
    way.reverse();
    way.into_iter().skip(1).map(|at| kinds[at]).collect()
}

/// Nothing of the attempt is left where it failed, and the old place goes on.
#[test]
fn a_move_that_fails_is_taken_back() {
    let folder = with_history(&Spot::new(Kind::Local, 0).unwrap());
    let (block, before) = (folder.read("main.tf"), state(&folder));
    let fails = |spot: &Spot, said: &str| {
        folder.write("main.tf", &format!("{}{}", spot.block, resource("z")));
        let failed = folder.run("init -force-copy -input=false").exits(1);
        let failed = failed.says(said);
        assert!(
            !failed.err.contains("could not be put back"),
            "{}",
            failed.err
        );
        folder.write("main.tf", &block);
        assert_eq!(state(&folder), before);
    };
    // A server that takes no state.
    let spot = Spot::new(Kind::Http, 1).unwrap();
    let server = spot.http.as_ref().unwrap();
    server.with(|inner| {
        inner.refuses_states = true;
    });
    fails(&spot, "507");
    server.with(|inner| {
        assert!(inner.state.is_none() && inner.lock.is_none());
        inner.refuses_states = false;
        inner
            .instead
            .push_back(Instead::Status(500, "out of order"));
    });
    fails(&spot, "out of order");
    // A database that may only be read.
    let spot = Spot::new(Kind::Pg, 2).unwrap();
    let database = spot.database.as_ref().unwrap();
    let server = Postgres::shared();
    let read_only = format!("ALTER DATABASE {database} SET default_transaction_read_only = on");
    drop(server.psql("postgres", &read_only));
    fails(&spot, "read-only");
    // A bucket that is not there.
    if let Some(spot) = Spot::new(Kind::S3, 4) {
        let bucket = &spot.moto.as_ref().unwrap().bucket;
        let block = spot.block.replace(bucket.as_str(), "no-such-bucket");
        fails(&Spot { block, ..spot }, "no-such-bucket");
    }
}

/// All workspaces go along or none: what was written of the first is gone when the second can't be.
#[test]
fn a_move_that_fails_half_way_is_taken_back() {
    let folder = with_history(&Spot::new(Kind::Embedded, 0).unwrap());
    let main = folder.read("main.tf");
    folder.run("workspace new dev").ok();
    folder.run("apply -auto-approve").ok();
    folder.run("workspace select default").ok();
    let before = state(&folder);
    if let Some(spot) = Spot::new(Kind::S3, 0) {
        let moto = spot.moto.as_ref().unwrap();
        let lock = "env%3A/dev/net/s.tfstate.tflock";
        moto.put_object(
            lock,
            r#"{"ID":"1","Operation":"OperationTypeApply","Who":"bob@elsewhere"}"#,
        );
        folder.write("main.tf", &format!("{}{main}", spot.block));
        folder
            .run("init -force-copy -input=false")
            .exits(1)
            .says("bob@elsewhere");
        for key in [
            "net/s.tfstate",
            "net/s.tfstate.tflock",
            "net/s.tfstate.terrane-journal",
        ] {
            assert!(moto.object(key).is_none(), "{key}");
        }
        assert!(!folder.has(".terrane/backend.json"));
        moto.delete_object(lock);
        folder
            .run("init -force-copy -input=false")
            .ok()
            .says("The history went along: 4 versions.");
        assert_eq!(state(&folder), before);
        assert!(moto.object("env%3A/dev/net/s.tfstate").is_some());
        folder.write("main.tf", &main);
        folder.run("init -reconfigure").ok();
    }
    let spot = Spot::new(Kind::Pg, 0).unwrap();
    let (server, database) = (Postgres::shared(), spot.database.as_ref().unwrap());
    drop(server.psql(
        database,
        "CREATE SEQUENCE public.global_states_id_seq AS bigint;
         CREATE SCHEMA terraform_remote_state;
         CREATE TABLE terraform_remote_state.states (id bigint NOT NULL DEFAULT nextval('public.global_states_id_seq') PRIMARY KEY,
           name text UNIQUE, data text, CONSTRAINT refused CHECK (name <> 'dev'))",
    ));
    folder.write("main.tf", &format!("{}{main}", spot.block));
    folder
        .run("init -force-copy -input=false")
        .exits(1)
        .says("refused");
    let count = "SELECT count(*) FROM terraform_remote_state.states";
    assert_eq!(server.psql(database, count), "0");
    let rows = "SELECT count(*) FROM terraform_remote_state.terrane_journal";
    assert_eq!(server.psql(database, rows), "0");
    drop(server.psql(
        database,
        "ALTER TABLE terraform_remote_state.states DROP CONSTRAINT refused",
    ));
    folder.run("init -force-copy -input=false").ok();
    assert_eq!(state(&folder), before);
    folder.run("plan -detailed-exitcode").ok();
}

/// What holds a state of its own keeps its history, and that is said.
#[test]
fn a_history_stays_where_the_target_has_one_of_its_own() {
    let folder = with_history(&Spot::new(Kind::Embedded, 0).unwrap());
    let spot = Spot::new(Kind::Local, 1).unwrap();
    folder.write("main.tf", &format!("{}{}", spot.block, resource("z")));
    folder.run("init -force-copy").ok();
    folder.write("main.tf", &resource("w"));
    folder.run("init -reconfigure").ok();
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", &format!("{}{}", spot.block, resource("w")));
    folder
        .run("init -force-copy")
        .ok()
        .says("3 earlier versions stay there")
        .says("what the target held has a history of its own");
    folder.run("plan -detailed-exitcode").ok();
}

/// `state fsck`, `backup`, `restore`, `prune` and `history` on states in one file.
#[test]
fn states_in_one_file_are_looked_after() {
    for kind in [Kind::Local, Kind::S3] {
        let Some(spot) = Spot::new(kind, 0) else {
            continue;
        };
        let folder = with_history(&spot);
        let before = state(&folder);
        folder.run("state fsck").ok().says("the state is sound");
        folder.run("state backup b").ok().says("Saved the state");
        // A bit of the journal goes wrong.
        let journal = match kind {
            Kind::Local => folder.path().join("place-0/.s.tfstate.terrane/journal"),
            _ => {
                let state = folder.path().join(".terrane/state");
                let desk = std::fs::read_dir(state).unwrap().next().unwrap().unwrap();
                desk.path().join("default/journal")
            }
        };
        let mut bytes = std::fs::read(&journal).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&journal, bytes).unwrap();
        folder.run("state fsck").exits(1).says("a bit is wrong");
        folder
            .run("state fsck -repair")
            .ok()
            .says("repaired: mended");
        assert_eq!(state(&folder), before);
        folder
            .run("state prune -keep=1 -save")
            .ok()
            .says("Forgot 2 versions");
        assert_eq!(
            folder
                .run("state history")
                .ok()
                .out
                .matches("apply")
                .count(),
            1
        );
        folder.run("state fsck").ok().says("the state is sound");
        // All of it comes back into another place.
        let other = Spot::new(kind, 1).unwrap();
        folder.write("main.tf", &format!("{}{}", other.block, resource("z")));
        folder.run("init -reconfigure").ok();
        folder
            .run("state restore b")
            .ok()
            .says("3 versions came with it");
        folder
            .run("state show -version=3 terraform_data.a")
            .ok()
            .says("\"x\"");
        folder.run("plan -detailed-exitcode").ok();
        folder.run("state fsck").ok().says("the state is sound");
    }
}

/// On another machine there is no history of a state behind HTTP, and that is said.
#[test]
fn what_a_store_can_not_do_is_said() {
    let spot = Spot::new(Kind::Http, 0).unwrap();
    let folder = with_history(&spot);
    let other = Folder::new(&[("main.tf", &folder.read("main.tf"))]);
    other.run("init").ok();
    other.run("plan -detailed-exitcode").ok();
    other
        .run("state fsck")
        .ok()
        .says("there is no history here")
        .says("the state is sound");
    other
        .run("state history")
        .ok()
        .says("There is a state, and no history of it here");
    other
        .run("state prune -keep=1")
        .exits(1)
        .says("keeps the present state only");
    other.run("state backup b").ok().says("1 record");
    folder.run("state backup b").ok();
}

/// On another machine the history is what a bucket with versioning keeps.
#[test]
fn a_bucket_with_versions_has_the_history_for_other_machines() {
    let Some(spot) = Spot::new(Kind::S3, 0) else {
        return;
    };
    let moto = spot.moto.as_ref().unwrap();
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let target = format!("/{}?versioning", moto.bucket);
    assert_eq!(moto.request("PUT", &target, &[], enabled).0, 200);
    let folder = with_history(&spot);
    let other = Folder::new(&[("main.tf", &folder.read("main.tf"))]);
    other.run("init").ok();
    let (ours, theirs) = (
        folder.run("state history").ok(),
        other.run("state history").ok(),
    );
    assert_eq!(theirs.out, ours.out);
    assert_eq!(theirs.out.matches("apply").count(), 3);
    let versions = other.run("state history -json").ok().json();
    let first = versions["versions"].as_array().unwrap().first().unwrap();
    let serial = first["last_serial"].as_u64().unwrap();
    other
        .run(&format!("state show -version={serial} terraform_data.a"))
        .ok()
        .says("\"x\"");
    other
        .run(&format!("apply -auto-approve -to={serial}"))
        .ok()
        .says("1 changed");
    assert_eq!(other.run("output -raw o").ok().out, "x");
    // It is seen in the first folder, as a run like its own.
    let after = folder.run("state history").ok();
    assert_eq!(after.out.matches("apply").count(), 4, "{}", after.out);
    assert_eq!(other.run("state history").ok().out, after.out);
}

/// Arguments that are required and set nowhere are asked for.
#[test]
fn missing_arguments_of_a_backend_are_asked_for() {
    // One that may also be in the environment is not asked for, as with the peers.
    let http = "terraform {\n  backend \"http\" {}\n}\n";
    Folder::new(&[("main.tf", http)])
        .run("init")
        .exits(1)
        .says("TF_HTTP_ADDRESS must be set");
    let Some(spot) = Spot::new(Kind::S3, 0) else {
        return;
    };
    let bucket = spot.moto.as_ref().unwrap().bucket.clone();
    let given = |line: &&str| !line.contains(" bucket ") && !line.contains(" key ");
    let block: Vec<&str> = spot.block.lines().filter(given).collect();
    let text = format!("{}\n{}", block.join("\n"), resource("x"));
    let folder = Folder::new(&[("main.tf", &text)]);
    folder.run("init -input=false").exits(1);
    folder.run_with(&["init"], &[], "").exits(1);
    let ran = folder
        .run_with(&["init"], &[], &format!("{bucket}\nfrom/the/answer\n"))
        .ok();
    for name in ["bucket", "key"] {
        assert!(ran.out.contains(name) || ran.err.contains(name), "{ran:?}");
    }
    folder.run("apply -auto-approve").ok();
    assert!(spot.moto.unwrap().object("from/the/answer").is_some());
    // What was answered is remembered.
    folder.run("init -input=false").ok();
    folder.run("plan -detailed-exitcode").ok();
}

/// `-config` names where the `backend` block is; what `init` has chosen stays that of the working directory. As Terraform 1.11.4 does.
#[test]
fn an_import_goes_to_the_backend_of_its_configuration() {
    let block = |path: &str| {
        format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n")
    };
    let folder = Folder::new(&[
        ("main.tf", &block("top.tfstate")),
        (
            "sub/main.tf",
            &format!("{}{}", block("sub.tfstate"), resource("x")),
        ),
    ]);
    folder.run("init").ok();
    let import = "import -config=sub terraform_data.a some-id";
    folder
        .run(import)
        .exits(1)
        .says("sub/main.tf")
        .says("has changed");
    assert!(!folder.has("top.tfstate") && !folder.has("terrane.state"));
    folder.write(
        "sub/main.tf",
        &format!("{}{}", block("top.tfstate"), resource("x")),
    );
    folder.run(import).ok();
    assert!(folder.read("top.tfstate").contains("some-id"));
    // Without a block there is no backend, whatever is in the working directory.
    let folder = Folder::new(&[
        ("main.tf", &block("t.tfstate")),
        ("sub/main.tf", &resource("x")),
    ]);
    folder.run(import).ok();
    assert!(folder.has("terrane.state") && !folder.has("t.tfstate"));
}

/// `terraform_remote_state` reads every kind of store, each as its `backend` block means it; and of a neighbour without a backend the embedded one.
#[test]
fn the_outputs_of_a_state_are_read_wherever_it_is() {
    let mut kinds = vec![Kind::Embedded, Kind::Local, Kind::Http, Kind::Pg, Kind::Pg];
    if Moto::start().is_some() {
        kinds.push(Kind::S3);
    }
    for (number, kind) in kinds.into_iter().enumerate() {
        let mut spot = Spot::new(kind, number).unwrap();
        if number == 4 {
            spot.block = spot
                .block
                .replace("conn_str", "layout   = \"rows\"\n    conn_str");
        }
        let folder = Folder::new(&[("main.tf", &format!("{}{}", spot.block, resource("x")))]);
        folder.run("init").ok();
        folder.run("apply -auto-approve").ok();
        let place = folder.path().display();
        let (backend, arguments) = match spot.block.split_once("backend \"") {
            None => (
                "local",
                format!("    path = \"{place}/terraform.tfstate\"\n"),
            ),
            Some((_, rest)) => {
                let (backend, rest) = rest.split_once("\" {\n").unwrap();
                let arguments = rest.strip_suffix("  }\n}\n").unwrap();
                (
                    backend,
                    arguments.replace("\"place-", &format!("\"{place}/place-")),
                )
            }
        };
        let reader = format!(
            "data \"terraform_remote_state\" \"r\" {{\n  backend = \"{backend}\"\n  config = {{\n{arguments}  }}\n}}\noutput \"got\" {{\n  value = data.terraform_remote_state.r.outputs.o\n}}\n"
        );
        let reader = Folder::new(&[("main.tf", &reader)]);
        reader.run("apply -auto-approve").ok();
        assert_eq!(reader.run("output -raw got").ok().out, "x", "{kind:?}");
    }
}

/// Of a lock that stays when its holder dies it is said that it does, and how to take it away.
#[test]
fn a_lock_that_stays_is_told_with_the_way_out() {
    let spot = Spot::new(Kind::Http, 0).unwrap();
    let folder = Folder::new(&[("main.tf", &format!("{}{}", spot.block, resource("x")))]);
    folder.run("init").ok();
    let server = spot.http.unwrap();
    let lock = r#"{"ID":"6d1c1f5e-31ba","Operation":"OperationTypeApply","Who":"ana@elsewhere"}"#;
    server.with(|inner| inner.lock = Some(lock.as_bytes().to_vec()));
    folder
        .run("apply -auto-approve")
        .exits(1)
        .says("ana@elsewhere")
        .says("does not end by itself")
        .says("`terrane force-unlock 6d1c1f5e-31ba`");
    folder
        .run("apply -auto-approve -lock-timeout=1s")
        .exits(1)
        .says("Waiting for the state")
        .says("the id of the lock is 6d1c1f5e-31ba");
    folder.run("force-unlock -force 6d1c1f5e-31ba").ok();
    folder.run("apply -auto-approve").ok();
}

/// What went wrong in the apply is told also where the state could not be written after it.
#[test]
fn a_state_that_can_not_be_written_does_not_hide_what_failed_before() {
    let spot = Spot::new(Kind::Http, 0).unwrap();
    let server = spot.http.as_ref().unwrap();
    let resource = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"echo the-reason >&2; exit 3\"\n  }\n}\n";
    let folder = Folder::new(&[("main.tf", &format!("{}{resource}", spot.block))]);
    folder.run("init -input=false").ok();
    server.with(|inner| inner.refuses_states = true);
    folder
        .run("apply -auto-approve")
        .exits(1)
        .says("local-exec")
        .says("Nothing is lost");
    server.with(|inner| inner.refuses_states = false);
    folder.run("state list").ok().says("terraform_data.a");
}
