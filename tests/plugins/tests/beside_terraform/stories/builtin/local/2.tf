resource "local_file" "f" {
  filename = "out/file.txt"
  content  = "goodbye"
}
