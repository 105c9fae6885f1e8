run "p" {
  command = plan
}
