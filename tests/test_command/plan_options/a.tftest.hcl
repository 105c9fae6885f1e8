run "all" {}

run "replaced" {
  plan_options {
    replace = [terraform_data.a]
  }
  assert {
    condition     = terraform_data.a.id != run.all.a
    error_message = "same"
  }
}

run "only_refreshed" {
  command = plan
  plan_options {
    mode = refresh-only
  }
  assert {
    condition     = terraform_data.a.id == run.replaced.a
    error_message = "not the same"
  }
}

run "bad" {
  plan_options {
    target  = [nonsense]
    replace = [module.m]
  }
}
