run "q" {}
