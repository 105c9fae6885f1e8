variables {
  unused = var.none
}
run "a" {
  command = plan
  variables {
    name = run.b.name
  }
}
