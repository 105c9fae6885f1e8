run "shadowed" {
  assert {
    condition     = var.n == "never"
    error_message = "never executed"
  }
}
