//! Says where a `protoc` is: the library's messages are compiled by one.

fn main() {
    let path = protoc_bin_vendored::protoc_bin_path().expect("there is one for this machine");
    print!("{}", path.display());
}
