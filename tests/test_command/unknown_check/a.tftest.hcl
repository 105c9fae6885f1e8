run "apply" {}
