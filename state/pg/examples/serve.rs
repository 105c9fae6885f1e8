//! A server to play with, until the input ends or the program is stopped: `cargo run -p xtask -- services pg`.

use std::io::{Read as _, Write as _};
use terrane_store_pg::testing::Server;

fn main() -> std::process::ExitCode {
    let mut out = std::io::stdout();
    match Server::start(&["fsync=off"]) {
        Ok(server) => {
            let conn_str = server.conn_str("postgres");
            drop(writeln!(
                out,
                "PostgreSQL runs until Enter is pressed; it does not wait for the disk, and forgets everything. In another shell:\n\nexport PG_CONN_STR='{conn_str}'"
            ));
            drop(out.flush());
            drop(std::io::stdin().read(&mut [0]));
            std::process::ExitCode::SUCCESS
        }
        Err(problem) => {
            drop(writeln!(std::io::stderr(), "{problem}"));
            std::process::ExitCode::FAILURE
        }
    }
}
