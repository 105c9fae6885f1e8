//! Packages of providers in places that many want at once, or that have no room.

use crate::folder::{Folder, binary};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// As large as a program that takes a while to be unpacked.
const SIZE: usize = 6 << 20;

fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}_{arch}")
}

/// Puts the archive of a provider into a mirror, and settings that name it beside it.
fn mirror(folder: &Folder) {
    let dir = folder
        .path()
        .join("mirror/registry.opentofu.org/acme/cloud");
    std::fs::create_dir_all(&dir).unwrap();
    let name = format!("terraform-provider-cloud_1.0.0_{}.zip", platform());
    let mut archive = zip::ZipWriter::new(std::fs::File::create(dir.join(name)).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive
        .start_file("terraform-provider-cloud_v1.0.0", options)
        .unwrap();
    archive.write_all(&vec![b'x'; SIZE]).unwrap();
    archive.finish().unwrap();
    let path = folder.path().join("mirror");
    let settings = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        path.to_str().unwrap()
    );
    folder.write("settings.tfrc", &settings);
}

fn project(at: &Path) {
    std::fs::create_dir_all(at).unwrap();
    let text = "terraform {\n  required_providers {\n    cloud = {\n      source = \"acme/cloud\"\n    }\n  }\n}\n";
    std::fs::write(at.join("main.tf"), text).unwrap();
}

fn init(at: &Path, folder: &Folder) -> Command {
    let mut command = Command::new(binary());
    command
        .args(["init", "-no-color"])
        .current_dir(at)
        .env_clear()
        .env("HOME", at)
        .env("TF_CLI_CONFIG_FILE", folder.path().join("settings.tfrc"));
    command
}

#[test]
fn ten_processes_share_a_cache() {
    let folder = Folder::new(&[("cache/README", "packages of providers\n")]);
    mirror(&folder);
    let cache = folder.path().join("cache");
    let projects: Vec<_> = (0..10)
        .map(|number| folder.path().join(format!("project{number}")))
        .collect();
    let started: Vec<_> = projects
        .iter()
        .map(|at| {
            project(at);
            init(at, &folder)
                .env("TF_PLUGIN_CACHE_DIR", &cache)
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
    }
    let package = format!("registry.opentofu.org/acme/cloud/1.0.0/{}", platform());
    let program = "terraform-provider-cloud_v1.0.0";
    let kept = cache.join(&package).join(program);
    assert_eq!(std::fs::metadata(&kept).unwrap().len(), SIZE as u64);
    for at in &projects {
        let used = at.join(".terraform/providers").join(&package).join(program);
        assert_eq!(
            used.canonicalize().unwrap(),
            kept.canonicalize().unwrap(),
            "there is one package, and all use it"
        );
    }
    let scratch = cache.join(".terrane/scratch");
    let left = std::fs::read_dir(scratch).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing is left behind");
}

/// What can't be written whole is told, and leaves nothing. (A bound on the size of files stands for a disk that is full.)
#[cfg(unix)]
#[test]
fn a_package_for_which_there_is_no_room() {
    let folder = Folder::new(&[]);
    mirror(&folder);
    let at = folder.path().join("project");
    project(&at);
    let plain = init(&at, &folder);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(binary())
        .args(plain.get_args())
        .current_dir(&at)
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("can't be written"), "{told}");
    assert!(
        !at.join(".terraform/providers/registry.opentofu.org")
            .exists()
    );
    assert!(!at.join(".terraform.lock.hcl").exists());
    let scratch = std::fs::read_dir(at.join(".terraform/.terrane"));
    let left = scratch.map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing is left behind");
    // With room, it goes on as if nothing had been.
    assert!(init(&at, &folder).output().unwrap().status.success());
}
