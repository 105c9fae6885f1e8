//! Provisioners against the server that most machines run, where it is installed (Debian: `openssh-server`); else each test says so and passes.

use super::folder::Folder;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server for the user of the tests, with keys of its own; ends with this value.
struct Server {
    child: Child,
    dir: tempfile::TempDir,
    port: u16,
    user: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn good(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl Server {
    #[expect(clippy::print_stderr, reason = "what is left out is said")]
    fn start() -> Option<Self> {
        let program = Path::new("/usr/sbin/sshd");
        let user = Command::new("id").arg("-un").output().ok()?;
        let user = String::from_utf8_lossy(&user.stdout).trim().to_owned();
        if !program.is_file()
            || !["ssh-keygen", "ssh-agent", "ssh-add"]
                .iter()
                .all(|name| on_path(name))
        {
            eprintln!("LEFT OUT: there is no OpenSSH server here, so none was talked to");
            return None;
        }
        // As root it gives up its rights in this folder, which its service makes otherwise.
        if user == "root" {
            drop(std::fs::create_dir_all("/run/sshd"));
        }
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        for name in ["host", "user", "certified", "ca", "stranger"] {
            assert!(good(
                "ssh-keygen",
                &["-q", "-t", "ed25519", "-N", "", "-f", &at(name)]
            ));
        }
        assert!(good(
            "ssh-keygen",
            &["-q", "-t", "rsa", "-N", "", "-f", &at("rsa")]
        ));
        let sign = [
            "-q",
            "-s",
            &at("ca"),
            "-I",
            "test",
            "-n",
            &user,
            &at("certified.pub"),
        ];
        assert!(good("ssh-keygen", &sign));
        let keys = ["user.pub", "rsa.pub"].map(|name| std::fs::read_to_string(at(name)).unwrap());
        std::fs::write(at("authorized"), keys.concat()).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = port.local_addr().unwrap().port();
        let mut config = format!("Port {port}\nListenAddress 127.0.0.1\nPermitRootLogin yes\n");
        config.push_str("UsePAM no\nStrictModes no\nPasswordAuthentication no\nPidFile none\n");
        for (word, name) in [
            ("HostKey", "host"),
            ("AuthorizedKeysFile", "authorized"),
            ("TrustedUserCAKeys", "ca.pub"),
        ] {
            writeln!(config, "{word} {}", at(name)).unwrap();
        }
        std::fs::write(at("config"), config).unwrap();
        let child = Command::new(program)
            .args(["-D", "-f", &at("config"), "-E", &at("log")])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self {
            child,
            dir,
            port,
            user,
        })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap()
    }

    /// A resource with this in its connection, and these provisioners.
    fn resource(&self, connection: &str, provisioners: &str) -> String {
        // The timeout is also the time that the server has to begin.
        format!(
            "resource \"terraform_data\" \"a\" {{\n  connection {{\n    host = \"127.0.0.1\"\n    port = {}\n    user = {:?}\n    timeout = \"60s\"\n{connection}  }}\n{provisioners}}}\n",
            self.port, self.user
        )
    }

    fn key(&self, name: &str) -> String {
        let path = self.at(name);
        format!(
            "    agent = false\n    private_key = file({:?})\n",
            path.display()
        )
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

const HELLO: &str =
    "  provisioner \"remote-exec\" {\n    inline = [\"echo in as $(id -un)\"]\n  }\n";

#[test]
fn it_lets_in_by_key_certificate_agent_and_bastion() {
    let Some(server) = Server::start() else {
        return;
    };
    let host_key = server.text("host.pub");
    let host_key = host_key.trim();
    let certificate = format!(
        "{}    certificate = file({:?})\n",
        server.key("certified"),
        server.at("certified-cert.pub").display()
    );
    let bastion = format!(
        "{}    host_key = {host_key:?}\n    bastion_host = \"127.0.0.1\"\n    bastion_port = {}\n    bastion_host_key = {host_key:?}\n",
        server.key("user"),
        server.port
    );
    for connection in [server.key("user"), server.key("rsa"), certificate, bastion] {
        let folder = Folder::new(&[("main.tf", &server.resource(&connection, HELLO))]);
        folder
            .run("apply -auto-approve")
            .ok()
            .says(&format!("in as {}", server.user));
    }
    let folder = Folder::new(&[("main.tf", &server.resource("", HELLO))]);
    let socket = server.at("agent").display().to_string();
    let mut agent = Command::new("ssh-agent")
        .args(["-D", "-a", &socket])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let key = server.at("user").display().to_string();
    while !Command::new("ssh-add")
        .args(["-q", &key])
        .env("SSH_AUTH_SOCK", &socket)
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
    {
        assert!(agent.try_wait().unwrap().is_none(), "the agent is gone");
        std::thread::yield_now();
    }
    let ran = folder.run_with(
        &["apply", "-auto-approve"],
        &[("SSH_AUTH_SOCK", &socket)],
        "",
    );
    drop(agent.kill());
    drop(agent.wait());
    ran.ok().says(&format!("in as {}", server.user));
}

#[test]
fn strangers_on_either_side_are_refused() {
    let Some(server) = Server::start() else {
        return;
    };
    let stranger = server.text("stranger.pub");
    let wrong_host = format!(
        "{}    host_key = {:?}\n",
        server.key("user"),
        stranger.trim()
    );
    for (connection, message) in [
        (wrong_host, "another host key than the one to expect"),
        (
            server.key("stranger"),
            "did not accept any way to authenticate",
        ),
    ] {
        let text = server.resource(&connection, HELLO);
        // The server begins while the first of several tries is made; none of them may be let in.
        let folder = Folder::new(&[("main.tf", &text.replace("60s", "5s"))]);
        folder.run("apply -auto-approve").exits(1).says(message);
    }
}

#[test]
fn files_and_folders_arrive_as_with_the_peers() {
    let Some(server) = Server::start() else {
        return;
    };
    let folder = Folder::new(&[
        ("one", "1"),
        ("tree/two", "2"),
        ("tree/deep/er/three", "3"),
        (
            "s.sh",
            "#!/bin/sh\necho \"from a script with $(cat \"$HOME_OF_TEST/one\")\"\n",
        ),
    ]);
    let there = server.at("there");
    std::fs::create_dir(&there).unwrap();
    let there = there.display();
    let mut work = String::new();
    for (source, destination) in [
        ("one", format!("{there}/one")),
        ("one", format!("{there}/")),
        ("tree", format!("{there}/new")),
        ("tree", format!("{there}/")),
        ("tree/", format!("{there}")),
    ] {
        writeln!(
            work,
            "  provisioner \"file\" {{\n    source = {source:?}\n    destination = {destination:?}\n  }}"
        )
        .unwrap();
    }
    writeln!(
        work,
        "  provisioner \"file\" {{\n    content = \"of text\"\n    destination = \"{there}/it's $HOME\"\n  }}\n  provisioner \"remote-exec\" {{\n    inline = [\"export HOME_OF_TEST={there}\", \"sh {there}/script; exit $?\"]\n  }}"
    )
    .unwrap();
    let work = format!(
        "  provisioner \"file\" {{\n    source = \"s.sh\"\n    destination = \"{there}/script\"\n  }}\n{work}"
    );
    folder.write("main.tf", &server.resource(&server.key("user"), &work));
    folder
        .run("apply -auto-approve")
        .ok()
        .says("from a script with 1");
    for (path, text) in [
        ("one", "1"),
        // A file that is sent to a folder bears the name of the folder.
        ("there", "1"),
        ("new/two", "2"),
        ("new/deep/er/three", "3"),
        ("tree/two", "2"),
        ("tree/deep/er/three", "3"),
        ("two", "2"),
        ("deep/er/three", "3"),
        ("it's $HOME", "of text"),
    ] {
        assert_eq!(server.text(&format!("there/{path}")), text, "{path}");
    }
}

#[test]
fn a_script_that_fails_fails_the_resource() {
    let Some(server) = Server::start() else {
        return;
    };
    let work = "  provisioner \"remote-exec\" {\n    inline = [\"echo before\", \"exit 7\"]\n  }\n";
    let folder = Folder::new(&[("main.tf", &server.resource(&server.key("user"), work))]);
    folder
        .run("apply -auto-approve")
        .exits(1)
        .says("process exited with status 7");
    folder
        .run("plan")
        .ok()
        .says("is tainted, so it must be replaced");
}
