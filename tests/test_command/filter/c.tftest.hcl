run "c" {}
