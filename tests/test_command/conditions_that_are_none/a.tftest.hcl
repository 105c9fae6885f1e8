run "a" {
  assert {
    condition     = var.name == "default" ? "foo" : "bar"
    error_message = "x"
  }
  assert {
    condition     = var.name == "default" ? null : true
    error_message = "x"
  }
  assert {
    condition     = var.name == "x"
    error_message = sensitive("secret")
  }
  assert {
    condition     = sensitive(var.name) == "x"
    error_message = "not told"
  }
}
