//! Provisioners that work on another machine, through the binary.

#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../../../providers/ssh/tests/server/mod.rs"]
mod server;

use crate::folder::Folder;
use server::{Options, Server};

fn configuration(server: &Server, provisioners: &str) -> String {
    let (home, port) = (server.home().display(), server.port);
    format!(
        r#"
        variable "password" {{
          sensitive = true
          default   = "pw"
        }}
        resource "terraform_data" "host" {{
          input = "web"
          connection {{
            host        = "127.0.0.1"
            port        = {port}
            user        = "nobody"
            password    = var.password
            script_path = "{home}/script_%RAND%.sh"
            timeout     = "2s"
            agent       = false
          }}
          {}
        }}
        "#,
        provisioners.replace("HOME", &home.to_string())
    )
}

fn start() -> Server {
    Server::start(Options {
        password: Some("pw".into()),
        ..Options::default()
    })
}

#[test]
fn a_host_is_set_up_and_torn_down() {
    let server = start();
    let folder = Folder::new(&[
        ("site/index.html", "<p>"),
        (
            "main.tf",
            &configuration(
                &server,
                r#"
                provisioner "file" {
                  source      = "site"
                  destination = "HOME"
                  connection { user = "me" }
                }
                provisioner "remote-exec" {
                  inline = ["cat HOME/site/index.html", "echo ${self.output} > HOME/name"]
                  connection { user = "me" }
                }
                provisioner "remote-exec" {
                  when   = destroy
                  inline = ["rm HOME/name"]
                  connection {
                    user     = "me"
                    password = "pw"
                  }
                }
                "#,
            )
            // Blocks of destroying may refer to nothing but the object itself.
            .replace("= var.password", "= \"pw\""),
        ),
    ]);
    let ran = folder.run("apply -auto-approve").ok();
    // The connection of the provisioner is laid over that of the resource.
    assert!(ran.out.contains("(remote-exec):   User: me"), "{}", ran.out);
    assert!(ran.out.contains("(remote-exec): <p>"), "{}", ran.out);
    let name = server.home().join("name");
    assert_eq!(std::fs::read_to_string(&name).unwrap(), "web\n");
    folder.run("destroy -auto-approve").ok();
    assert!(!name.exists());
}

/// A password is usually a secret: that does not make the output one.
#[test]
fn secrets_of_the_connection_do_not_hide_the_output() {
    let server = start();
    let provisioners = r#"
        provisioner "remote-exec" {
          inline = ["echo shown"]
          connection { user = "me" }
        }
        provisioner "remote-exec" {
          inline = ["echo ${var.password} canary"]
          connection { user = "me" }
        }
    "#;
    let folder = Folder::new(&[("main.tf", &configuration(&server, provisioners))]);
    let ran = folder.run("apply -auto-approve").ok();
    assert!(ran.out.contains("(remote-exec): shown"), "{}", ran.out);
    assert!(ran.out.contains("output suppressed"), "{}", ran.out);
    assert!(!ran.out.contains("canary"), "{}", ran.out);
}

#[test]
fn a_failure_taints_unless_it_may_go_on() {
    let server = start();
    let provisioners = r#"
        provisioner "remote-exec" {
          on_failure = continue
          inline     = ["exit 5"]
          connection { user = "me" }
        }
        provisioner "remote-exec" {
          inline = ["true"]
        }
    "#;
    let folder = Folder::new(&[("main.tf", &configuration(&server, provisioners))]);
    let ran = folder.run("apply -auto-approve").exits(1);
    let ran = ran.says("process exited with status 5");
    // Nobody is not let in.
    ran.says("nobody@127.0.0.1").says("did not accept");
    folder
        .run("plan")
        .ok()
        .says("terraform_data.host is tainted");
}
