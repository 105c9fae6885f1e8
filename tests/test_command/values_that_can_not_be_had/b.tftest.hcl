run "p" {
  command = plan
}
run "q" {
  variables {
    name = run.p.name
  }
}
