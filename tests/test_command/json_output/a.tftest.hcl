run "plan" {
  command = plan
}
run "apply" {
  assert {
    condition     = output.name == "x"
    error_message = "wrong"
  }
}
run "error" {
  variables {
    name = var.none
  }
}
run "skipped" {}
