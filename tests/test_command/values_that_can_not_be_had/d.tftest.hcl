variables {
  name = var.none
}
run "a" {}
