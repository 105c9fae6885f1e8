//! A module registry on this machine: folders of this test, each in one version.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Serves `NAMESPACE/NAME/SYSTEM` from the folder `NAME` of `modules`, in this version; gives its port. Its thread ends with the process.
pub(crate) fn start(modules: &Path, version: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let modules = modules.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let modules = modules.clone();
            std::thread::spawn(move || drop(serve(stream, &modules, version, port)));
        }
    });
    port
}

fn serve(stream: TcpStream, modules: &Path, version: &str, port: u16) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (status, header, body) = match parts.as_slice() {
        ["v1", _, _, _, "versions"] => {
            let body = format!(r#"{{"modules":[{{"versions":[{{"version":"{version}"}}]}}]}}"#);
            ("200 OK", String::new(), body.into_bytes())
        }
        ["v1", _, name, _, _, "download"] => {
            let at = format!("X-Terraform-Get: http://127.0.0.1:{port}/package/{name}.tar.gz\r\n");
            ("204 No Content", at, Vec::new())
        }
        ["package", name] => {
            let folder = modules.join(name.trim_end_matches(".tar.gz"));
            ("200 OK", String::new(), package(&folder)?)
        }
        _ => ("404 Not Found", String::new(), Vec::new()),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn package(folder: &PathBuf) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    archive.append_dir_all(".", folder)?;
    archive.into_inner()?.finish()
}
