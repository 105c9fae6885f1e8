run "root" {
  assert {
    condition     = output.name == "given" && output.list == tolist(["root"])
    error_message = "wrong"
  }
}
